// `pause`: freezes the running containers of some or all services.
import type { CommandRun } from '../declaration.ts';
import type { noFlags } from '../declarations/core.ts';
import { perform } from '../perform.ts';
import { loadOrRebuildTarget } from '../project.ts';

export const run: CommandRun<typeof noFlags> = async (context, _flags, args) => {
  const { project, services } = await loadOrRebuildTarget(context, args);
  const { planPause } = await import('../../planner/reconcile.ts');
  await perform(context, {
    project,
    title: 'Pausing',
    exclusive: false,
    plan: (observation) => planPause(project, observation, { services }),
  });
  return 0;
};
