// What a git reference says: `https://host/repo.git#ref:folder`, `git@host:repo#ref`, `github.com/owner/repo`. Pure.
import { posix } from 'node:path';
import { WindlassError } from './errors.ts';

export interface GitReference {
  /** What git is given: a URL, or `user@host:path`. */
  readonly address: string;
  /** A branch, a tag or a commit; `HEAD` where nothing is said. */
  readonly ref: string;
  /** A folder or a file of the repository, relative; empty for its root. */
  readonly path: string;
}

const URL_WITH_SCHEME = /^(?:https?|ssh|git):\/\/[^/]+\/./;
const LIKE_SCP = /^[\w-]+@[\w.-]+:[^/].*/;

/**
 * Reads a reference; undefined where it leads to no repository. As for docker compose, a web address is a repository only if it
 * ends in `.git`, since any other may be a page.
 * @throws WindlassError where it is one, but leads out of the repository or means something to git's command line.
 */
export function parseGitReference(reference: string): GitReference | undefined {
  const hash = reference.indexOf('#');
  const place = hash < 0 ? reference : reference.slice(0, hash);
  const fragment = hash < 0 ? '' : reference.slice(hash + 1);
  const address = addressOf(place);
  if (address === undefined) return undefined;
  const colon = fragment.indexOf(':');
  const ref = (colon < 0 ? fragment : fragment.slice(0, colon)) || 'HEAD';
  if (ref.startsWith('-')) throw refuse(reference, `"${ref}" is no branch, tag or commit`);
  return { address, ref, path: inside(reference, colon < 0 ? '' : fragment.slice(colon + 1)) };
}

function addressOf(place: string): string | undefined {
  if (/^github\.com\/./.test(place)) return `https://${place}`;
  if (LIKE_SCP.test(place)) return place;
  if (!URL_WITH_SCHEME.test(place)) return undefined;
  return /^https?:/.test(place) && !place.endsWith('.git') ? undefined : place;
}

function inside(reference: string, path: string): string {
  const clean = posix.normalize(path === '' ? '.' : path);
  if (clean.startsWith('/') || clean === '..' || clean.startsWith('../'))
    throw refuse(reference, `"${path}" leads out of the repository`);
  return clean === '.' ? '' : clean.replace(/\/$/, '');
}

const refuse = (reference: string, why: string): WindlassError =>
  new WindlassError('GIT_REFERENCE', `cannot fetch "${reference}": ${why}`, {
    hint: 'write it as https://host/repository.git#ref:folder',
  });
