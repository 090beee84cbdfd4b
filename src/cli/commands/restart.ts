// `restart`: stops and starts containers as they are; changes in the files take no effect.
import type { CommandRun } from '../declaration.ts';
import type { restartFlags } from '../declarations/core.ts';
import { perform } from '../perform.ts';
import { loadOrRebuildTarget } from '../project.ts';
import { expandServices, serviceNames } from '../service-arguments.ts';

export const run: CommandRun<typeof restartFlags> = async (context, flags, args) => {
  // The whole project, whatever is named: services that depend on the named ones may have to follow them.
  const { project: all } = await loadOrRebuildTarget(context, []);
  const services = expandServices(serviceNames(all), args);
  const { planRestart } = await import('../../planner/reconcile.ts');
  const { enableServices } = await import('../../planner/services.ts');
  const project = enableServices(all, services);
  await perform(context, {
    project,
    title: 'Restarting',
    plan: (observation) =>
      planRestart(project, observation, { services, timeoutSeconds: flags.timeout, noDeps: flags['no-deps'] }),
  });
  return 0;
};
