// The remote Compose files of a project while its lock is made: those that are locked as they are locked, others as they are now.
import { relative } from 'node:path';
import { parseGitReference } from '../../git-reference.ts';
import { familiarName, parseReference } from '../../registry/reference.ts';
import { cacheDirectory } from '../../remote/cache.ts';
import type { LockFile } from '../../shipping/lock/lock-file.ts';
import type { CommandContext } from '../context.ts';

const OCI_PREFIX = 'oci://';

export interface LockedFiles {
  /** For the loader. */
  fetch(reference: string): Promise<string>;
  /** What the loader has asked for, each with the commit or digest that it got. */
  includes(): Promise<Record<string, string>>;
}

/** With an empty `locked` all are asked for anew. */
export function lockedFiles(context: CommandContext, locked: LockFile['includes']): LockedFiles {
  const asked = new Map<string, Promise<string>>();
  return {
    fetch(reference) {
      const copy = context.remote.fetch(locked[reference] ?? reference);
      asked.set(reference, copy);
      return copy;
    },
    async includes() {
      const found: Record<string, string> = {};
      for (const [reference, copy] of asked) found[reference] = pinned(context, reference, await copy);
      return found;
    },
  };
}

/** What a remote file that is locked is now. */
export const currentFile = async (context: CommandContext, reference: string): Promise<string> =>
  pinned(context, reference, await context.remote.fetch(reference));

/** The reference with its commit or digest. Copies are kept below that which they are of. */
function pinned({ env }: CommandContext, reference: string, copy: string): string {
  const [version = ''] = relative(cacheDirectory(env), copy).split('/');
  const oci = artifactOf(reference);
  if (oci !== undefined) return `${OCI_PREFIX}${familiarName(oci)}@sha256:${version}`;
  const git = parseGitReference(reference);
  return git === undefined ? reference : `${git.address}#${version}${git.path === '' ? '' : `:${git.path}`}`;
}

/** The registry's reference of `oci://…`; undefined for a repository of git. */
export const artifactOf = (reference: string): ReturnType<typeof parseReference> =>
  reference.startsWith(OCI_PREFIX) ? parseReference(reference.slice(OCI_PREFIX.length)) : undefined;
