// Where files are copied from: the build context, a stage, an image. Paths are absolute within the tree; symbolic links are
// followed as if the tree were the whole file system.
import type { TarEntry } from '../../../../archive/tar-reader.ts';

/** An entry of a tree. `path` is relative to what was asked for; empty for that itself. */
export interface TreeEntry extends TarEntry {
  /** Digest of a file's content, where it is known without reading it. */
  readonly contentDigest?: string;
}

export interface Found {
  /** Where it is, links followed. */
  readonly path: string;
  readonly type: TarEntry['type'];
}

export interface EntriesOptions {
  /** Hard links come as files of their own: for callers that leave entries out. */
  readonly withoutLinks?: boolean;
}

export interface SourceTree {
  /** What is at a path, its last link followed too. Undefined where there is nothing. */
  find(path: string): Promise<Found | undefined>;
  /** Names in a folder, sorted. */
  list(path: string): Promise<readonly string[]>;
  /** What is at a found path, then all below it, folders before their content. Bodies are read at once or not at all. */
  entries(path: string, options?: EntriesOptions): AsyncIterable<TreeEntry>;
}

/** Parts of a path; `.` and empty ones are gone, `..` stops at the top. */
export function pathParts(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}
