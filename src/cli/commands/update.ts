// `update`: moves what is locked to what the registries have now, for some services or for all.
import { compareLocks, describeChanges } from '../../shipping/lock/compare-locks.ts';
import type { CommandRun } from '../declaration.ts';
import type { updateFlags } from '../declarations/lock.ts';
import { lockPath, requireLock, writeLock } from '../lock/lock-store.ts';
import { makeLock } from '../lock/make-lock.ts';
import { expandServices, serviceNames } from '../service-arguments.ts';

export const run: CommandRun<typeof updateFlags> = async (context, _flags, args) => {
  context.hold(false);
  const project = await context.loadProject({ profiles: ['*'] });
  const chosen = expandServices(serviceNames(project), args);
  const users = new Set(chosen.flatMap((name) => [name, `build of ${name}`]));
  const path = lockPath(context);
  const before = requireLock(path);
  const lock = await makeLock(
    context,
    project,
    before,
    ({ usedBy }) => args.length === 0 || usedBy.some((user) => users.has(user)),
  );
  if (!context.globals.dryRun) await writeLock(path, lock);
  context.io.stdout.write(describeChanges(compareLocks(before, lock)));
  return 0;
};
