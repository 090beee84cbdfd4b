// Being told by the system of changes in one folder. One inotify watch a folder on Linux, none for its files.
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { HostError } from '../errors.ts';
import type { FolderWatch, OpenWatch } from './host-tree.ts';

/** Watches of the running system; errors after the beginning go to `onError`. Throws HostError where the system has no watch left. */
export const systemWatch =
  (onError: (error: unknown) => void): OpenWatch =>
  (folder, onEvent): FolderWatch | undefined => {
    let watcher: FSWatcher;
    try {
      watcher = watch(folder, { persistent: false }, (_, name) => onEvent(name ?? undefined));
    } catch (error) {
      // Gone again, or closed to us; its parent tells when that changes.
      if (isCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) return undefined;
      throw limitError(error, folder);
    }
    watcher.on('error', (error) => (isCode(error, 'ENOENT', 'EPERM') ? undefined : onError(limitError(error, folder))));
    return watcher;
  };

/** For polling: nobody tells. */
export const noWatch: OpenWatch = () => undefined;

const isCode = (error: unknown, ...codes: string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');

const LIMITS: Readonly<Record<string, { readonly file: string; readonly what: string; readonly enough: number }>> = {
  ENOSPC: { file: 'max_user_watches', what: 'watches', enough: 524_288 },
  EMFILE: { file: 'max_user_instances', what: 'watching programs', enough: 1024 },
};

/** Says which of the kernel's limits is reached, and how to raise it. */
export function limitError(error: unknown, folder: string, read: (path: string) => string = readText): unknown {
  const limit = LIMITS[(error as NodeJS.ErrnoException).code ?? ''];
  if (limit === undefined) return error;
  const now = Number(read(`/proc/sys/fs/inotify/${limit.file}`)) || 0;
  const enough = Math.max(limit.enough, 2 * now);
  return new HostError(`cannot watch "${folder}": the limit of ${now || 'inotify'} ${limit.what} is reached`, {
    cause: error,
    hint:
      `raise it with "sudo sysctl fs.inotify.${limit.file}=${enough}" (in /etc/sysctl.d to keep it), ` +
      `leave folders out with "ignore" or .dockerignore, or look at the files every second with "--poll"`,
  });
}

/** What Linux has where nothing else is set. */
const USUAL_QUEUE = 16_384;

/**
 * After how many events the kernel's queue may have overflowed: Node.js does not pass on that it has (IN_Q_OVERFLOW), but it cannot
 * have after far fewer events than the queue holds.
 */
export function eventsBeforeCheck(read: (path: string) => string = readText): number {
  const queue = Number(read('/proc/sys/fs/inotify/max_queued_events')) || USUAL_QUEUE;
  return Math.max(1, Math.floor(queue / 8));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return ''; // another system than Linux
  }
}
