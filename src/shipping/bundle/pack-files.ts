// The project's files as one archive: sorted, without times and owners, modes reduced to "may be executed or not", as in git.
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { plainHeader, type TarSource } from '../../archive/tar-writer.ts';
import { reasonOf } from '../../errors.ts';
import type { IgnoreRules } from '../../ignore-rules.ts';
import { BundleError } from './bundle-error.ts';
import type { PackedContext } from './context-rules.ts';
import { byBytes } from './manifest.ts';
import { isWithin } from './place-files.ts';

export interface FilesToPack {
  readonly root: string;
  /** Absolute; those that are not there are passed over. */
  readonly take: readonly string[];
  readonly leave: readonly string[];
  /** Files made up on the way: absolute path → text. */
  readonly texts: ReadonlyMap<string, string>;
  /** Build contexts, of which only what a build is sent goes in. */
  readonly contexts?: readonly PackedContext[];
  readonly onSkipped: (path: string, why: string) => void;
}

/** The entries of the archive, parents first. Throws BundleError where a file cannot be read or a link leads out. */
export async function filesToPack(files: FilesToPack): Promise<TarSource[]> {
  const entries = new Map<string, TarSource>();
  const leave = new Set(files.leave);
  const put = (path: string, make: (name: string) => TarSource): void => {
    const name = relative(files.root, path);
    if (name === '' || entries.has(name)) return;
    putParents(entries, name);
    entries.set(name, make(name));
  };
  const visit = async (path: string, top: string, rules?: IgnoreRules): Promise<void> => {
    if (leave.has(path)) return;
    const ignored = rules !== undefined && path !== top && rules.ignores(relative(top, path));
    // What the configuration names may be a link itself: its target is meant.
    const found = await (path === top ? stat(path) : lstat(path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && path === top) return undefined;
      throw unreadable(path, error);
    });
    if (found === undefined) return;
    if (ignored && !(found.isDirectory() && !rules.prunes(relative(top, path)))) return;
    if (found.isDirectory()) {
      // A folder that is left out may hold something that is not: its parents come with it.
      if (!ignored)
        put(path, (name) => ({ header: plainHeader({ path: `${name}/`, type: 'directory', mode: 0o755 }) }));
      const names = await readdir(path).catch((error: unknown) => {
        throw unreadable(path, error);
      });
      for (const name of names.sort(byBytes)) await visit(join(path, name), top, rules);
    } else if (found.isFile()) {
      const mode = (found.mode & 0o100) === 0 ? 0o644 : 0o755;
      put(path, (name) => ({
        header: plainHeader({ path: name, mode, size: found.size }),
        content: () => createReadStream(path),
      }));
    } else if (found.isSymbolicLink()) {
      const target = await readlink(path);
      if (target.startsWith('/') || !isWithin(files.root, resolve(dirname(path), target)))
        throw new BundleError(`"${path}" is a link out of the project's files ("${target}")`, {
          hint: 'replace it by a copy of what it leads to, or by a relative link within the project',
        });
      put(path, (name) => ({ header: plainHeader({ path: name, type: 'symlink', mode: 0o777, linkPath: target }) }));
    } else files.onSkipped(path, 'neither file, folder nor link');
  };
  for (const path of files.take) await visit(path, path);
  for (const { folder, rules } of files.contexts ?? []) await visit(folder, folder, rules);
  for (const [path, text] of files.texts)
    put(path, (name) => ({
      header: plainHeader({ path: name, size: Buffer.byteLength(text) }),
      content: () => [Buffer.from(text)],
    }));
  return [...entries].sort(([a], [b]) => byBytes(a, b)).map(([, entry]) => entry);
}

function putParents(entries: Map<string, TarSource>, name: string): void {
  const parts = name.split('/').slice(0, -1);
  for (let count = 1; count <= parts.length; count++) {
    const parent = parts.slice(0, count).join('/');
    if (!entries.has(parent))
      entries.set(parent, { header: plainHeader({ path: `${parent}/`, type: 'directory', mode: 0o755 }) });
  }
}

const unreadable = (path: string, cause: unknown): BundleError =>
  new BundleError(`cannot read "${path}": ${reasonOf(cause)}`, {
    cause,
    hint: 'make it readable, or take it out of the configuration',
  });
