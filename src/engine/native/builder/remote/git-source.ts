// What an address of a git repository says: which commit, which folder, and what comes along. Pure.
import { type GitReference, parseGitReference } from '../../../../git-reference.ts';
import { badRequest } from '../../server/api-error.ts';

export interface GitSource extends GitReference {
  /** Digits that the commit has to begin with. */
  readonly checksum: string | undefined;
  /** The folder `.git` comes along; undefined where nothing was said. */
  readonly keepGitFolder: boolean | undefined;
  readonly submodules: boolean;
}

/** What may stand behind a question mark, as in `https://host/r.git?branch=main&subdir=app`. */
const KEYS = new Set(['ref', 'branch', 'tag', 'commit', 'checksum', 'subdir', 'keep-git-dir', 'submodules']);

/** Reads `https://host/r.git#ref:folder` and its like; undefined where it leads to no repository. @throws ApiError */
export function parseGitSource(text: string): GitSource | undefined {
  const [, place = '', query, fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(text) ?? [];
  const options = new URLSearchParams(query ?? '');
  const read = place + referenceOf(options, fragment);
  let reference: GitReference | undefined;
  try {
    reference = parseGitReference(read);
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
  if (!reference) return undefined;
  for (const key of options.keys())
    if (!KEYS.has(key)) throw badRequest(`unexpected query "${key}" in the address of a git repository`);
  const switched = (name: string): boolean | undefined => {
    const value = options.get(name);
    return value === null ? undefined : !/^(?:0|f|false)$/i.test(value);
  };
  return {
    ...reference,
    checksum: options.get('checksum') ?? options.get('commit') ?? undefined,
    keepGitFolder: switched('keep-git-dir'),
    submodules: switched('submodules') ?? true,
  };
}

/** The fragment that means the same as the query. */
function referenceOf(options: URLSearchParams, fragment: string): string {
  const [ref, branch, tag, commit, folder] = ['ref', 'branch', 'tag', 'commit', 'subdir'].map((key) =>
    options.get(key),
  );
  const named = ref ?? (branch ? `refs/heads/${branch}` : tag ? `refs/tags/${tag}` : commit);
  if (!named && !folder) return fragment;
  if (fragment !== '') throw badRequest('a git repository is named with a fragment or with a query, not with both');
  return `#${named ?? ''}${folder ? `:${folder}` : ''}`;
}

/** Whether a source of ADD is a repository. `github.com/…` alone is a path like any other there. */
export const isRepository = (source: string): boolean =>
  !source.startsWith('github.com/') && !/[<>\s]/.test(source) && parseGitSource(source) !== undefined;
