// A folder with its parents. Node's own `mkdir` with `recursive` never comes back where a file system answers "no such file" to
// the making of any folder, as /proc does: it takes that for a missing parent, for ever (nodejs/node#31481). Paths that a user or
// a client names go through here.
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';

export type FolderFiles = Pick<typeof fs, 'mkdir' | 'stat'>;

/**
 * Makes a folder and the parents it lacks; one that is there is no failure.
 * @param path absolute
 * @throws what the file system says where it cannot be made
 */
export async function makeFolder(path: string, mode = 0o777, files: FolderFiles = fs): Promise<void> {
  const missing = await attempt(path, mode, files);
  if (missing === undefined) return;
  const parent = dirname(path);
  if (parent === path) throw missing;
  // With its parent there, either somebody has just made it, or the file system wants no folders.
  if (!(await isThere(parent, files))) await makeFolder(parent, mode, files);
  const still = await attempt(path, mode, files);
  if (still !== undefined) throw still;
}

/** The error when something on the way is missing; undefined when the folder is there now. */
async function attempt(path: string, mode: number, files: FolderFiles): Promise<Error | undefined> {
  try {
    await files.mkdir(path, { mode });
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await files.stat(path)).isDirectory()) return undefined;
    if (code === 'ENOENT') return error as Error;
    throw error;
  }
}

const isThere = (path: string, files: FolderFiles): Promise<boolean> =>
  files.stat(path).then(
    () => true,
    () => false,
  );
