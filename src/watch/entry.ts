// What is remembered of one file, folder or link of the host, and how two looks at it are compared.
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';

export type EntryKind = 'file' | 'directory' | 'symlink' | 'other';

/** One look at a path. */
export interface Look {
  readonly kind: EntryKind;
  readonly mode: number;
  readonly size: number;
  readonly inode: number;
  /** When it was made, in milliseconds since the epoch; inode numbers are given out again. */
  readonly born: number;
  /** Milliseconds since the epoch, with what the file system gives of fractions. */
  readonly modified: number;
  readonly changed: number;
  /** False when it was looked at so soon after its last change that a further one could bear the same time. */
  readonly settled: boolean;
}

/** Kernels stamp files with the time of the last timer tick, at most 10 ms ago (CONFIG_HZ=100); clocks of network shares differ more. */
const SETTLED_AFTER_MS = 50;
/** Beyond this a file is not read to see whether a save changed anything. */
const MOST_HASHED_BYTES = 4 * 1024 * 1024;

/** Undefined when there is nothing, or nothing that may be seen. */
export function lookAt(path: string, now = Date.now()): Look | undefined {
  let stats: Stats | undefined;
  try {
    stats = lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // a folder above it is gone, or closed to us
  }
  if (stats === undefined) return undefined;
  return {
    kind: kindOf(stats),
    mode: stats.mode & 0o7777,
    size: stats.size,
    inode: stats.ino,
    born: stats.birthtimeMs,
    modified: stats.mtimeMs,
    changed: stats.ctimeMs,
    settled: Math.abs(now - stats.ctimeMs) > SETTLED_AFTER_MS,
  };
}

function kindOf(stats: Stats): EntryKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

/** Whether it is still the one that was there before, whatever has happened to it. */
export const sameThing = (a: Look, b: Look): boolean => a.kind === b.kind && a.inode === b.inode && a.born === b.born;

/** Whether nothing has happened between two looks. */
export const sameLook = (a: Look, b: Look): boolean =>
  a.settled &&
  a.mode === b.mode &&
  a.size === b.size &&
  sameThing(a, b) &&
  a.modified === b.modified &&
  a.changed === b.changed;

/**
 * What a container would get to see: equal for two states that need no sync between them. Undefined where that is not worth finding
 * out, or not possible; such a path counts as changed.
 */
export function meaningOf(path: string, look: Look): string | undefined {
  try {
    if (look.kind === 'directory') return `d${look.mode}`;
    if (look.kind === 'symlink') return `l${readlinkSync(path)}`;
    if (look.kind !== 'file' || look.size > MOST_HASHED_BYTES) return undefined;
    return `f${look.mode} ${createHash('sha256').update(readFileSync(path)).digest('base64')}`;
  } catch {
    return undefined;
  }
}
