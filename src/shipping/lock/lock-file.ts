// compose.lock.yaml: which digest each image of a project stands for, and which commit or artifact each remote file. Pure.

import { Decoder } from '../../decode-json.ts';
import { WindlassError } from '../../errors.ts';

const LOCK_VERSION = 1;
export const LOCK_FILE = 'compose.lock.yaml';

export interface LockedImage {
  /** What the tag leads to: an index of several platforms, or the manifest of one. */
  readonly digest: string;
  /** `os/architecture[/variant]` → digest of that platform's manifest. */
  readonly platforms: Readonly<Record<string, string>>;
  /** Who needs it: `web`, or `build of api` for a base. */
  readonly usedBy: readonly string[];
}

export interface LockFile {
  /** Familiar reference with its tag: `busybox:1.36`. */
  readonly images: Readonly<Record<string, LockedImage>>;
  /** Reference as written → the same pinned to a commit or digest. */
  readonly includes: Readonly<Record<string, string>>;
}

/** The lock could not be made, read, or does not cover the project. */
export class LockError extends WindlassError {
  constructor(message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super('LOCK', message, options);
  }
}

/** The file as a tree with every mapping sorted, so that the same lock is the same text. */
export function lockTree(lock: LockFile): ReadonlyMap<string, unknown> {
  const images = sorted(lock.images).map(
    ([reference, { digest, platforms, usedBy }]) =>
      [
        reference,
        new Map<string, unknown>([
          ['digest', digest],
          ['platforms', new Map(sorted(platforms))],
          ['used_by', [...usedBy].sort()],
        ]),
      ] as const,
  );
  return new Map<string, unknown>([
    ['version', LOCK_VERSION],
    ['images', new Map(images)],
    ...(Object.keys(lock.includes).length === 0 ? [] : [['includes', new Map(sorted(lock.includes))] as const]),
  ]);
}

const sorted = <T>(record: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));

/** Reads the file's tree. `name` is what messages call it. Throws LockError. */
export function decodeLock(tree: unknown, name: string): LockFile {
  const root = new Decoder(tree, name, (message) => {
    throw new LockError(message, { hint: 'make it anew with "windlass lock"' });
  });
  const version = root.get('version').integer();
  if (version !== LOCK_VERSION)
    throw new LockError(`${name} has format ${version}, and this windlass reads format ${LOCK_VERSION}`, {
      hint: 'use the version of windlass that made it, or make it anew with "windlass lock"',
    });
  return {
    images: root.get('images').mapping((image) => ({
      digest: digest(image.get('digest')),
      platforms: image.get('platforms').mapping(digest),
      usedBy: image.get('used_by').list((user) => user.text()),
    })),
    includes: root.find('includes')?.mapping((pinned) => pinned.text()) ?? {},
  };
}

const digest = (value: Decoder): string => value.matching(/^sha256:[0-9a-f]{64}$/, 'a sha256 digest');
