// Files of this machine → a tar stream, with owners, modes, times and links as they are.
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { plainHeader, type TarSource, writeTar } from '../../archive/tar-writer.ts';
import { reasonOf, WindlassError } from '../../errors.ts';

export interface PackRequest {
  /** Absolute path of the file or directory to pack. */
  readonly path: string;
  /** Its name in the archive; `.` puts a directory's contents at the top. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Read from disk as it is consumed; a file that cannot be read breaks the stream, with a WindlassError. */
export const packTree = (request: PackRequest): Readable =>
  Readable.from(writeTar(entriesOf(request)), { objectMode: false });

async function* entriesOf({ path, name, signal }: PackRequest): AsyncGenerator<TarSource> {
  signal.throwIfAborted();
  const stats = await lstat(path).catch(unreadable(path));
  const mtime = Math.floor(stats.mtimeMs / 1000);
  const common = { path: name, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, mtime };
  if (stats.isDirectory()) {
    yield { header: plainHeader({ ...common, path: `${name}/`, type: 'directory' }) };
    for (const child of (await readdir(path).catch(unreadable(path))).sort())
      yield* entriesOf({ path: join(path, child), name: name === '.' ? `./${child}` : `${name}/${child}`, signal });
  } else if (stats.isSymbolicLink()) {
    const linkPath = await readlink(path).catch(unreadable(path));
    yield { header: plainHeader({ ...common, type: 'symlink', linkPath }) };
  } else if (stats.isFile())
    yield { header: plainHeader({ ...common, size: stats.size }), content: () => contentOf(path, stats.size, signal) };
  // Sockets cannot be archived, as with tar; pipes and devices are not content.
}

/** A file that grows while it is read is copied as long as it was; one that shrinks breaks the archive. */
async function* contentOf(path: string, size: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  if (size === 0) return;
  try {
    yield* createReadStream(path, { end: size - 1, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    unreadable(path)(error);
  }
}

const unreadable =
  (path: string) =>
  (cause: unknown): never => {
    throw new WindlassError('COPY', `cannot read "${path}": ${reasonOf(cause)}`, { cause });
  };
