// `lock`: writes compose.lock.yaml, keeping what is locked already.
import { compareLocks, describeChanges } from '../../shipping/lock/compare-locks.ts';
import { LOCK_FILE, LockError } from '../../shipping/lock/lock-file.ts';
import type { CommandRun } from '../declaration.ts';
import type { lockFlags } from '../declarations/lock.ts';
import { lockPath, readLock, writeLock } from '../lock/lock-store.ts';
import { makeLock } from '../lock/make-lock.ts';
import { lockedFiles } from '../lock/remote-files.ts';

export const run: CommandRun<typeof lockFlags> = async (context, flags) => {
  context.hold(false);
  const path = lockPath(context);
  const before = readLock(path);
  const files = lockedFiles(context, before?.includes ?? {});
  const project = await context.loadProject({ profiles: ['*'], remote: files });
  const lock = await makeLock(context, project, { before, files, moves: () => false });
  const changes = compareLocks(before, lock);
  if (flags.check) {
    if (changes.length === 0 && before !== undefined) return 0;
    throw new LockError(`${LOCK_FILE} is not up to date:\n${describeChanges(changes)}`.trimEnd(), {
      hint: 'bring it up to date with "windlass lock"',
    });
  }
  if (!context.globals.dryRun) await writeLock(path, lock);
  context.io.stdout.write(describeChanges(changes));
  if (changes.length === 0) context.note(`${LOCK_FILE} covers the project already`);
  return 0;
};
