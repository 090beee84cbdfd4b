// `stop`: stops containers in reverse order of dependency, and keeps them.
import type { CommandRun } from '../declaration.ts';
import type { stopFlags } from '../declarations/core.ts';
import { perform } from '../perform.ts';
import { loadOrRebuildTarget } from '../project.ts';

export const run: CommandRun<typeof stopFlags> = async (context, flags, args) => {
  const { project, services } = await loadOrRebuildTarget(context, args);
  const { planStop } = await import('../../planner/reconcile.ts');
  await perform(context, {
    project,
    title: 'Stopping',
    plan: (observation) => planStop(project, observation, { services, timeoutSeconds: flags.timeout }),
  });
  return 0;
};
