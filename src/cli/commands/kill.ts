// `kill`: sends a signal to the running containers, all at once.
import type { CommandRun } from '../declaration.ts';
import type { killFlags } from '../declarations/core.ts';
import { perform } from '../perform.ts';
import { loadOrRebuildTarget } from '../project.ts';
import { removeOrphans } from './shared-options.ts';

export const run: CommandRun<typeof killFlags> = async (context, flags, args) => {
  const { project, services } = await loadOrRebuildTarget(context, args);
  const { planKill } = await import('../../planner/reconcile.ts');
  let steps = 0;
  await perform(context, {
    project,
    title: 'Killing',
    exclusive: false,
    plan: (observation) =>
      planKill(project, observation, {
        services,
        signal: flags.signal,
        removeOrphans: removeOrphans(context, flags['remove-orphans']),
      }),
    onPlan: (plan) => {
      steps += plan.steps.length;
    },
  });
  if (steps === 0 && context.globals.progress !== 'quiet') context.io.stderr.write('no container to kill\n');
  return 0;
};
