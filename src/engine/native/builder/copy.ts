// COPY and ADD of files: things from a tree → entries of a layer.
import { posix } from 'node:path';
import type { IgnoreRules } from '../../../ignore-rules.ts';
import { badRequest } from '../server/api-error.ts';
import type { ModeChange } from './chown.ts';
import { isExcluded, isKeptAttribute, type Picked } from './copy-sources.ts';
import type { LayerWriter, Owner } from './files/layer-writer.ts';
import type { SourceTree, TreeEntry } from './files/source-tree.ts';

export interface CopyTarget {
  readonly writer: LayerWriter;
  /** Absolute; a slash at its end says that it is a folder. */
  readonly destination: string;
  /** Undefined keeps the owners that the files have. */
  readonly owner: Owner | undefined;
  readonly mode: ModeChange | undefined;
}

/** The destination as an absolute path; what says "folder" at its end is kept as a slash. */
export function destinationOf(workingDirectory: string, destination: string): string {
  const isFolder = /(?:^|\/)\.{0,2}$/.test(destination);
  const path = posix.resolve('/', workingDirectory, destination);
  return isFolder && path !== '/' ? `${path}/` : path;
}

/** Refuses to copy several things to one name. */
export function checkDestination(instruction: string, count: number, destination: string): void {
  if (count > 1 && !destination.endsWith('/'))
    throw badRequest(
      `When using ${instruction} with more than one source file, the destination must be a directory and end with a /`,
    );
}

/** Copies one thing. */
export async function copyPicked(
  tree: SourceTree,
  picked: Picked,
  target: CopyTarget,
  excluded: IgnoreRules | undefined,
): Promise<void> {
  const { writer, owner } = target;
  const base = await basePath(picked, target);
  const dereference = excluded !== undefined;
  for await (const entry of tree.entries(picked.path, { withoutLinks: dereference })) {
    if (isExcluded(excluded, picked, entry)) continue;
    if (entry.path === '' && entry.type === 'directory') {
      await topFolder(base, entry, target);
      continue;
    }
    const path = entry.path === '' ? base : posix.join(base, entry.path);
    const header = adapted(entry, target);
    const linkPath = entry.type === 'link' ? posix.join(base, entry.linkPath).slice(1) : entry.linkPath;
    await writer.add(path, { ...header, linkPath }, entry.body(), owner ?? { uid: 0, gid: 0 });
  }
}

/** Where a thing goes: a folder's content into the destination, a file to it, or into it where it is a folder. */
async function basePath(picked: Picked, { writer, destination }: CopyTarget): Promise<string> {
  const clean = destination === '/' ? '/' : destination.replace(/\/$/, '');
  if (picked.parents !== '') return writer.resolve(posix.join(clean, picked.parents, picked.name));
  const resolved = await writer.resolve(clean);
  if (picked.isFolder) return resolved;
  const intoFolder = destination.endsWith('/') || (await writer.kindOf(resolved)) === 'directory';
  return intoFolder ? posix.join(resolved, picked.name) : resolved;
}

/** A folder that is there already stays as it is; a new one takes after the source. */
async function topFolder(base: string, entry: TreeEntry, target: CopyTarget): Promise<void> {
  const { writer, owner } = target;
  const there = await writer.kindOf(base);
  if (there === 'directory') return writer.makeFolder(base);
  if (there !== undefined) throw badRequest(`cannot copy to non-directory: ${base}`);
  await writer.add(base, adapted(entry, target), undefined, owner ?? { uid: 0, gid: 0 });
}

function adapted(entry: TreeEntry, { owner, mode }: CopyTarget): Omit<TreeEntry, 'body'> {
  const { body: _, contentDigest: __, ...header } = entry;
  const changed = mode && entry.type !== 'symlink' ? mode(entry.mode, entry.type === 'directory') : entry.mode;
  const xattrs = new Map([...entry.xattrs].filter(([name]) => isKeptAttribute(name)));
  return { ...header, ...(owner ?? {}), mode: changed, xattrs };
}
