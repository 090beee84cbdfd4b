// Which files the sources of COPY and ADD mean, and a digest of all that would be copied.
import { createHash, type Hash } from 'node:crypto';
import { type IgnoreRules, ignoreLines, ignoreRules } from '../../../ignore-rules.ts';
import { badRequest } from '../server/api-error.ts';
import { hasWildcard, partMatcher } from './copy-match.ts';
import { pathParts, type SourceTree, type TreeEntry } from './files/source-tree.ts';

/** One thing to copy. */
export interface Picked {
  /** Where it is in its tree, links followed. */
  readonly path: string;
  readonly isFolder: boolean;
  readonly isFile: boolean;
  /** Its name at the destination, where that is a folder. */
  readonly name: string;
  /** With `--parents`: the folders above it that come along. */
  readonly parents: string;
}

export interface PickOptions {
  readonly instruction: 'COPY' | 'ADD';
  readonly parents: boolean;
  /** Where the sources are looked for, for messages: `build context`. */
  readonly where: string;
}

/** The things that a source means: itself, or what its wildcards match. None is an error. */
export async function pickSources(tree: SourceTree, source: string, options: PickOptions): Promise<Picked[]> {
  const pivot = options.parents ? source.indexOf('/./') : -1;
  const above = pivot < 0 ? 0 : pathParts(source.slice(0, pivot)).length;
  const parts = pathParts(source);
  let candidates = [''];
  let wild = false;
  for (const part of parts) {
    if (!hasWildcard(part)) {
      candidates = candidates.map((path) => `${path}/${part}`);
      continue;
    }
    wild = true;
    candidates = await expandPart(tree, candidates, part, options.parents);
  }
  const picked: Picked[] = [];
  for (const candidate of candidates) {
    const found = await tree.find(candidate === '' ? '/' : candidate);
    if (!found) continue;
    const names = pathParts(candidate);
    picked.push({
      path: found.path,
      isFolder: found.type === 'directory',
      isFile: found.type === 'file',
      name: names.at(-1) ?? '',
      parents: options.parents ? names.slice(above, -1).join('/') : '',
    });
  }
  if (picked.length > 0) return picked;
  if (wild)
    throw badRequest(
      `${options.instruction} failed: no source files were specified: nothing in the ${options.where} matches "${source}"`,
    );
  throw badRequest(
    `${options.instruction} failed: file not found in ${options.where}${options.where === 'build context' ? ' or excluded by .dockerignore' : ''}: stat ${parts.join('/')}: file does not exist`,
  );
}

async function expandPart(
  tree: SourceTree,
  folders: readonly string[],
  part: string,
  anyDepth: boolean,
): Promise<string[]> {
  const matches = located(part);
  const found: string[] = [];
  for (const folder of folders) {
    const at = await tree.find(folder === '' ? '/' : folder);
    if (at?.type !== 'directory') continue;
    if (part === '**' && anyDepth) {
      found.push(...(await below(tree, folder, at.path)));
      continue;
    }
    for (const name of await tree.list(at.path)) if (matches(name)) found.push(`${folder}/${name}`);
  }
  return found;
}

/** A folder and all folders below it. */
async function below(tree: SourceTree, folder: string, path: string): Promise<string[]> {
  const found = [folder];
  for (const name of await tree.list(path)) {
    const at = await tree.find(`${path}/${name}`);
    // Not through links: they could lead round in circles.
    if (at?.type === 'directory' && at.path === `${path === '/' ? '' : path}/${name}`)
      found.push(...(await below(tree, `${folder}/${name}`, at.path)));
  }
  return found;
}

function located(part: string): (name: string) => boolean {
  try {
    return partMatcher(part);
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
}

/** Which entries `--exclude` leaves out. */
export function exclusion(patterns: readonly string[]): IgnoreRules | undefined {
  return patterns.length === 0 ? undefined : ignoreRules(ignoreLines(patterns.join('\n')));
}

/** What a thing is made of, the times left out: two that differ in nothing that counts have one digest. */
export async function contentDigest(
  tree: SourceTree,
  picked: Picked,
  facts: { readonly excluded: IgnoreRules | undefined; readonly owners: boolean },
): Promise<string> {
  const hash = createHash('sha256');
  for await (const entry of tree.entries(picked.path, { withoutLinks: facts.excluded !== undefined })) {
    if (isExcluded(facts.excluded, picked, entry)) continue;
    await addEntry(hash, entry, facts.owners);
  }
  return hash.digest('hex');
}

export const isExcluded = (rules: IgnoreRules | undefined, picked: Picked, entry: TreeEntry): boolean => {
  const path = entry.path === '' ? (picked.isFolder ? '' : picked.name) : entry.path;
  return rules !== undefined && path !== '' && rules.ignores(path);
};

async function addEntry(hash: Hash, entry: TreeEntry, owners: boolean): Promise<void> {
  const { path, type, mode, uid, gid, size, linkPath, devMajor, devMinor, xattrs } = entry;
  const attributes = [...xattrs]
    .filter(([name]) => isKeptAttribute(name))
    .map(([name, value]) => [name, value.toString('hex')]);
  // The type of a link counts as that of what it leads to, where that is in the tree.
  const content = entry.contentDigest ?? (await bodyDigest(entry));
  hash.update(
    JSON.stringify([
      path,
      type,
      mode,
      owners ? [uid, gid] : [],
      type === 'file' ? size : 0,
      linkPath,
      devMajor,
      devMinor,
      attributes,
      content,
    ]),
  );
}

export const isKeptAttribute = (name: string): boolean => name.startsWith('user.') || name === 'security.capability';

async function bodyDigest(entry: TreeEntry): Promise<string> {
  if (entry.type !== 'file') return '';
  const hash = createHash('sha256');
  for await (const piece of entry.body()) hash.update(piece);
  return hash.digest('hex');
}
