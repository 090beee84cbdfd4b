// `update`: moves what is locked to what the registries have now, for some services or for all.
import { compareLocks, describeChanges } from '../../shipping/lock/compare-locks.ts';
import { LOCK_FILE } from '../../shipping/lock/lock-file.ts';
import type { CommandRun } from '../declaration.ts';
import type { updateFlags } from '../declarations/lock.ts';
import { lockPath, requireLock, writeLock } from '../lock/lock-store.ts';
import { makeLock } from '../lock/make-lock.ts';
import { lockedFiles } from '../lock/remote-files.ts';
import { expandServices, serviceNames } from '../service-arguments.ts';

export const run: CommandRun<typeof updateFlags> = async (context, _flags, args) => {
  context.hold(false);
  const all = args.length === 0;
  const path = lockPath(context);
  const before = requireLock(path);
  // A remote file may define any service: it moves when all do.
  const files = lockedFiles(context, all ? {} : before.includes);
  const project = await context.loadProject({ profiles: ['*'], remote: files });
  const chosen = expandServices(serviceNames(project), args);
  const users = new Set(chosen.flatMap((name) => [name, `build of ${name}`]));
  const moves = ({ usedBy }: { readonly usedBy: readonly string[] }): boolean =>
    all || usedBy.some((user) => users.has(user));
  const lock = await makeLock(context, project, { before, files, moves });
  const changes = compareLocks(before, lock);
  if (!context.globals.dryRun) await writeLock(path, lock);
  context.io.stdout.write(describeChanges(changes));
  if (changes.length === 0)
    context.note(`${LOCK_FILE} ${all ? '' : `as to ${chosen.join(', ')} `}is as the registries have it already`);
  return 0;
};
