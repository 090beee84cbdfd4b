// Where fetched Compose files are kept: the same folder and the same layout as docker compose, since the paths in them become
// bind mounts of containers, and a project changes hands only if these stay the same.
import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { reasonOf, WindlassError } from '../errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `$XDG_CACHE_HOME/docker-compose`, else the one in the user's own cache folder. */
export function cacheDirectory(env: Env): string {
  if (env.XDG_CACHE_HOME !== undefined) return join(env.XDG_CACHE_HOME, 'docker-compose');
  const home = env.HOME || homedir();
  return process.platform === 'darwin'
    ? join(home, 'Library/Caches/docker-compose')
    : join(home, '.cache/docker-compose');
}

/**
 * The folder `name` of the cache; made by `fill`, in another place first, so that what is there is always whole. `isWhole` looks at
 * a folder that is there already: docker compose may have left half a one.
 */
export async function cached(
  directory: string,
  name: string,
  isWhole: (folder: string) => Promise<boolean>,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(directory, name);
  if (await isWhole(folder)) return folder;
  const draft = join(directory, `.${name.slice(0, 12)}-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(draft, { recursive: true, mode: 0o700 });
    await fill(draft);
    await putInPlace(draft, folder, isWhole);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new WindlassError('REMOTE_CACHE', `cannot write to the cache "${directory}": ${reasonOf(error)}`, {
      hint: 'set XDG_CACHE_HOME to a folder that can be written to',
      cause: error,
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

async function putInPlace(draft: string, folder: string, isWhole: (folder: string) => Promise<boolean>): Promise<void> {
  try {
    await rename(draft, folder);
  } catch (error) {
    // Somebody else was faster, or half a folder is in the way.
    if (await isWhole(folder)) return;
    if (!(await stat(folder).catch(() => undefined))) throw error;
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  }
}

const isSystemError = (error: unknown): boolean =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
