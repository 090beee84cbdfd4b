// /etc/subuid and /etc/subgid: which ids of the host have been given to whom, for the insides of user namespaces. Pure.
import type { IdRange } from './id-mapping.ts';

interface Grant {
  readonly owner: string;
  readonly first: number;
  readonly size: number;
}

/** As useradd(8) begins, and as many as an image expects: up to nobody, 65534. */
const FIRST = 100_000;
export const RANGE_SIZE = 65_536;

/** Lines that are no grants are passed over, as by newuidmap(1). */
const grants = (text: string): Grant[] =>
  text.split('\n').flatMap((line): Grant[] => {
    const [, owner = '', first = '', size = ''] = /^([^#:]+):(\d+):(\d+)\s*$/.exec(line) ?? [];
    return owner === '' || Number(size) === 0 ? [] : [{ owner, first: Number(first), size: Number(size) }];
  });

/**
 * What a user has been given, put together to one row that begins at 0 inside; empty where that is nothing. Grants to the user's
 * number count before those to the name, as in Docker.
 */
export function rangesOf(text: string, user: { readonly name: string; readonly uid: number }): IdRange[] {
  const all = grants(text);
  const byNumber = all.filter(({ owner }) => owner === String(user.uid));
  const own = byNumber.length > 0 ? byNumber : all.filter(({ owner }) => owner === user.name);
  let inside = 0;
  return own
    .sort((a, b) => a.first - b.first)
    .map(({ first, size }) => {
      const range = { inside, host: first, size };
      inside += size;
      return range;
    });
}

/** The first id of a range that nobody has been given yet. */
export const freeRange = (text: string): number =>
  Math.max(FIRST, ...grants(text).map(({ first, size }) => first + size));
