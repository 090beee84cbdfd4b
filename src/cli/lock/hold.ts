// A project held to its lock: `up --locked`, or COMPOSE_LOCKED=1.
import type { Project } from '../../model.ts';
import { applyLock } from '../../shipping/lock/apply-lock.ts';
import { LOCK_FILE, LockError, type LockFile } from '../../shipping/lock/lock-file.ts';
import type { LoadOptions } from '../../spec/load.ts';
import type { CommandContext } from '../context.ts';
import { lockPath, requireLock } from './lock-store.ts';
import { readBuilds } from './read-builds.ts';

export interface Hold {
  /** Fetches remote files as they are locked. */
  readonly remote: NonNullable<LoadOptions['remote']>;
  /** The loaded project with its images pinned. */
  apply(project: Project): Promise<Project>;
}

/** Reads the lock of the project at hand. Throws LockError where there is none. */
export function holdToLock(context: CommandContext): Hold {
  const lock = requireLock(lockPath(context));
  return {
    remote: { fetch: (reference) => context.remote.fetch(lockedInclude(lock, reference)) },
    apply: async (project) => applyLock(project, lock, await readBuilds(project)),
  };
}

/** Where a lock pins a remote file. Throws LockError for one that it does not cover. */
export function lockedInclude({ includes }: LockFile, reference: string): string {
  const pinned = includes[reference];
  // What a pinned file includes in its turn may be pinned already.
  if (pinned !== undefined || Object.values(includes).includes(reference)) return pinned ?? reference;
  throw new LockError(`${LOCK_FILE} does not cover the project:\n  file ${reference}`, {
    hint: 'bring it up to date with "windlass lock"',
  });
}
