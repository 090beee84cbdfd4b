// A tar stream → files of this machine. The archive is not trusted: nothing is written outside the target directory, neither
// by names with `..` nor through links that the archive itself made.
import { createWriteStream } from 'node:fs';
import { chmod, link, lstat, lutimes, mkdir, realpath, rm, symlink, utimes } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readTar } from '../../archive/tar-reader.ts';
import { WindlassError } from '../../errors.ts';
import { makeFolder } from '../../make-folder.ts';
import { type Placement, renameEntry } from './placement.ts';

export interface UnpackRequest {
  readonly archive: Readable;
  readonly placement: Placement;
  readonly signal: AbortSignal;
  /** Called with names that cannot be made here: devices, pipes. */
  readonly onSkipped: (name: string) => void;
}

/** Owners are not kept: files belong to whoever runs windlass. Modes and times are. */
export async function unpackTree({ archive, placement, signal, onSkipped }: UnpackRequest): Promise<void> {
  const root = await realpath(placement.directory);
  /** Times of directories, set last: writing into them changes them. */
  const directories: { path: string; time: Date }[] = [];
  for await (const entry of readTar(addAbortSignal(signal, archive))) {
    const name = renameEntry(entry.path, placement);
    if (name === undefined) continue;
    const path = await safePath(root, name);
    const time = new Date(entry.mtime * 1000);
    if (entry.type === 'directory') {
      await makeDirectory(path, entry.mode);
      directories.push({ path, time });
    } else if (entry.type === 'symlink') {
      await replace(path);
      await symlink(entry.linkPath, path);
      await lutimes(path, time, time);
    } else if (entry.type === 'link') {
      const target = renameEntry(entry.linkPath, placement);
      if (target === undefined) throw outside(entry.linkPath);
      await replace(path);
      await link(await safePath(root, target), path);
    } else if (entry.type === 'file') {
      await replace(path);
      await pipeline(entry.body(), createWriteStream(path, { mode: 0o600 }), { signal });
      await chmod(path, entry.mode);
      await utimes(path, time, time);
    } else onSkipped(entry.path);
  }
  for (const { path, time } of directories.reverse()) await utimes(path, time, time);
}

const outside = (name: string): WindlassError =>
  new WindlassError('COPY_UNSAFE', `refusing to unpack "${name}": it would be written outside the destination`);

/** The path of an entry, whose parent really lies below the root, links followed. */
async function safePath(root: string, name: string): Promise<string> {
  const path = resolve(root, `.${sep}${name}`);
  if (!isBelow(root, path)) throw outside(name);
  if (path === root) return path;
  return join(await safeFolder(root, dirname(path), name), basename(path));
}

/** The folder at a path, made where it is missing, one step at a time: no step leads out, so nothing is made outside. */
async function safeFolder(root: string, path: string, name: string): Promise<string> {
  if (path === root) return root;
  const own = join(await safeFolder(root, dirname(path), name), basename(path));
  await mkdir(own).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const real = await realpath(own);
  if (!isBelow(root, real)) throw outside(name);
  return real;
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`));
}

/** Makes room for a file or a link; a directory that is there is not removed for it. */
async function replace(path: string): Promise<void> {
  const existing = await lstat(path).catch(() => undefined);
  if (existing?.isDirectory()) throw new WindlassError('COPY', `cannot overwrite directory "${path}" with a file`);
  if (existing !== undefined) await rm(path);
}

async function makeDirectory(path: string, mode: number): Promise<void> {
  const existing = await lstat(path).catch(() => undefined);
  if (existing !== undefined && !existing.isDirectory()) {
    if (!existing.isSymbolicLink())
      throw new WindlassError('COPY', `cannot overwrite non-directory "${path}" with a directory`);
    await rm(path);
  }
  await makeFolder(path);
  await chmod(path, mode);
}
