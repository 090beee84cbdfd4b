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

/** Longest chain of links that is followed; the kernel's own limit. */
const MAX_LINKS = 40;

/**
 * Follows the links of a path, component by component. `target` tells where a link at a path leads, and undefined for
 * anything else, also for what is not there.
 */
export async function followLinks(
  path: string,
  target: (path: string) => Promise<string | undefined> | string | undefined,
  followLast = true,
): Promise<string> {
  let links = 0;
  let done: string[] = [];
  const split = (text: string): string[] => text.split('/').filter((part) => part !== '' && part !== '.');
  const todo = split(path).reverse();
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '..') {
      done.pop();
      continue;
    }
    const here = `/${[...done, part].join('/')}`;
    const leads = todo.length === 0 && !followLast ? undefined : await target(here);
    if (leads === undefined) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw new Error(`too many levels of symbolic links: ${path}`);
    if (leads.startsWith('/')) done = [];
    todo.push(...split(leads).reverse());
  }
  return `/${done.join('/')}`;
}
