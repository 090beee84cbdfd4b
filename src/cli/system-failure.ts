// What the system refuses while files are read and written, wherever that was: this machine's affair, and no bug of windlass.
import { HostError, reasonOf } from '../errors.ts';

const ANOTHER_PLACE = 'give yourself the right to it, or name another place';
const IN_THE_WAY = 'a file is where a folder is needed: move it away, or name another place';
const ROOM = 'make room there, or name another place';
const FEWER_FILES = 'raise the limit of open files: ulimit -n';

/** Codes that a flawless program has to live with, and what to do. */
const HINTS: Readonly<Record<string, string>> = {
  EACCES: ANOTHER_PLACE,
  EPERM: ANOTHER_PLACE,
  EROFS: 'name another place',
  EEXIST: IN_THE_WAY,
  ENOTDIR: IN_THE_WAY,
  ENOSPC: ROOM,
  EDQUOT: ROOM,
  EFBIG: ROOM,
  EIO: 'look into the system log: the disk may be failing',
  EMFILE: FEWER_FILES,
  ENFILE: FEWER_FILES,
  ENAMETOOLONG: 'name a shorter path',
  ELOOP: 'look at the symbolic links of that path: they lead in a circle',
};

/** The failure as a message for people; undefined for an error that is none of the system's. */
export function systemFailure(error: unknown): HostError | undefined {
  const { code, syscall, path } = (error ?? {}) as NodeJS.ErrnoException;
  const hint = code === undefined ? undefined : HINTS[code];
  if (hint === undefined || typeof syscall !== 'string') return undefined;
  const what = typeof path === 'string' ? `cannot ${syscall} "${path}"` : `cannot ${syscall}`;
  return new HostError(`${what}: ${reasonOf(error)}`, { cause: error, hint });
}
