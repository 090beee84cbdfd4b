// What differs between two locks, in words. Pure.
import type { LockFile } from './lock-file.ts';

export interface LockChange {
  readonly what: 'image' | 'include';
  readonly name: string;
  /** Digest, commit or pinned reference; undefined where there was none, or is none any more. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Sorted by kind and name. */
export function compareLocks(before: LockFile | undefined, after: LockFile): LockChange[] {
  const digests = (lock: LockFile | undefined): Record<string, string> =>
    Object.fromEntries(Object.entries(lock?.images ?? {}).map(([name, { digest }]) => [name, digest]));
  return [
    ...changes('image', digests(before), digests(after)),
    ...changes('include', before?.includes ?? {}, after.includes),
  ];
}

function changes(
  what: LockChange['what'],
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): LockChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ what, name, from: before[name], to: after[name] }));
}

/** `busybox:1.36  sha256:0123… → sha256:4567…`, a line each. */
export const describeChanges = (all: readonly LockChange[]): string =>
  all.map(({ name, from, to }) => `${name}  ${shorten(from, 'new')} → ${shorten(to, 'gone')}\n`).join('');

const shorten = (pinned: string | undefined, none: string): string =>
  pinned === undefined ? none : shortVersion(versionOf(pinned));

/** The digest or the commit that a reference is pinned to, or the whole text where there is none. */
export const versionOf = (pinned: string): string =>
  /sha256:[0-9a-f]{64}|(?<=#)[0-9a-f]{40}(?![0-9a-f])/.exec(pinned)?.[0] ?? pinned;

/** As people compare them: the first 12 digits. */
export const shortVersion = (version: string): string =>
  version.replace(/^(sha256:)?([0-9a-f]{12})[0-9a-f]{28,}$/, '$1$2');
