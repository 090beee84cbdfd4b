// `restart`: stops and starts containers as they are; changes in the files take no effect.
import type { CommandRun } from '../declaration.ts';
import type { restartFlags } from '../declarations/core.ts';
import { perform } from '../perform.ts';
import { loadOrRebuildTarget } from '../project.ts';

export const run: CommandRun<typeof restartFlags> = async (context, flags, args) => {
  const { project, services } = await loadOrRebuildTarget(context, args);
  const { planRestart } = await import('../../planner/reconcile.ts');
  await perform(context, {
    project,
    title: 'Restarting',
    plan: (observation) =>
      planRestart(project, observation, { services, timeoutSeconds: flags.timeout, noDeps: flags['no-deps'] }),
  });
  return 0;
};
