// `unpause`: lets frozen containers go on.
import type { CommandRun } from '../declaration.ts';
import type { noFlags } from '../declarations/core.ts';
import { perform } from '../perform.ts';
import { loadOrRebuildTarget } from '../project.ts';

export const run: CommandRun<typeof noFlags> = async (context, _flags, args) => {
  const { project, services } = await loadOrRebuildTarget(context, args);
  const { planUnpause } = await import('../../planner/reconcile.ts');
  await perform(context, {
    project,
    exclusive: false,
    plan: (observation) => planUnpause(project, observation, { services }),
  });
  return 0;
};
