// `lock`: writes compose.lock.yaml, keeping what is locked already.

import { compareLocks, describeChanges } from '../../shipping/lock/compare-locks.ts';
import { LockError } from '../../shipping/lock/lock-file.ts';
import type { CommandRun } from '../declaration.ts';
import type { lockFlags } from '../declarations/lock.ts';
import { lockPath, readLock, writeLock } from '../lock/lock-store.ts';
import { makeLock } from '../lock/make-lock.ts';

export const run: CommandRun<typeof lockFlags> = async (context, flags) => {
  context.hold(false);
  const project = await context.loadProject({ profiles: ['*'] });
  const path = lockPath(context);
  const before = readLock(path);
  const lock = await makeLock(context, project, before, () => false);
  const changes = compareLocks(before, lock);
  if (flags.check) {
    if (changes.length === 0 && before !== undefined) return 0;
    throw new LockError(`compose.lock.yaml is not up to date:\n${describeChanges(changes)}`.trimEnd(), {
      hint: 'bring it up to date with "windlass lock"',
    });
  }
  if (!context.globals.dryRun) await writeLock(path, lock);
  context.io.stdout.write(describeChanges(changes));
  return 0;
};
