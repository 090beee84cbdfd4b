// Where a copy ends up, by docker's rules (the same in both directions). Pure.
import { posix } from 'node:path';
import { WindlassError } from '../../errors.ts';

export interface CopySource {
  /** As the user wrote it, made absolute: a final `/.` means "what is in it". */
  readonly path: string;
  readonly isDirectory: boolean;
  /** The name it was asked for by, when a link was followed to get here. */
  readonly askedName?: string;
}

export interface CopyTarget {
  /** As the user wrote it, made absolute: a final `/` says that it is a directory. */
  readonly path: string;
  readonly exists: boolean;
  readonly isDirectory: boolean;
}

export interface Placement {
  /** The directory to unpack into. */
  readonly directory: string;
  /** The first part of every archived name, and what it becomes. `.` stands for the directory itself. */
  readonly from: string;
  readonly to: string;
}

const meansContents = (path: string): boolean => /(^|\/)\.$/.test(path);
const assertsDirectory = (path: string): boolean => path.endsWith('/') || meansContents(path);

/** Directory and last name of a path, where `/a/b/.` is the name `.` in `/a/b`. */
export function splitEntry(path: string): { directory: string; name: string } {
  const clean = posix.normalize(path).replace(/(?<=.)\/+$/, '');
  return meansContents(path)
    ? { directory: clean, name: '.' }
    : { directory: posix.dirname(clean), name: posix.basename(clean) };
}

/** Throws WindlassError when the two do not fit. */
export function placeCopy(source: CopySource, target: CopyTarget): Placement {
  const from = splitEntry(source.path).name;
  const named = source.askedName ?? from;
  if (target.exists && target.isDirectory) return { directory: target.path, from, to: named };
  if (target.exists && source.isDirectory) throw new WindlassError('COPY', 'cannot copy directory');
  if (!target.exists && !source.isDirectory && assertsDirectory(target.path))
    throw new WindlassError('COPY', 'no such directory', {
      hint: `create "${target.path}" first, or leave out the final "/"`,
    });
  const { directory, name } = splitEntry(target.path.replace(/\/\.$/, ''));
  return { directory, from, to: name };
}

/** The new name of an archived entry; undefined for one that is not below `from`. */
export function renameEntry(name: string, { from, to }: Placement): string | undefined {
  const clean = posix.normalize(name).replace(/\/$/, '');
  if (from === '.' || from === '/') return posix.join(to, clean);
  if (clean === from) return to;
  return clean.startsWith(`${from}/`) ? posix.join(to, clean.slice(from.length + 1)) : undefined;
}
