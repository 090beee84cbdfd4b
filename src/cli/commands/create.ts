// `create`: makes containers, networks and volumes as `up` does, and starts nothing.
import { upOptions } from '../../planner/options.ts';
import type { CommandRun } from '../declaration.ts';
import type { createFlags } from '../declarations/core.ts';
import { perform } from '../perform.ts';
import { loadRunnable } from '../project.ts';
import { askAboutVolumes } from './ask-about-volumes.ts';
import { buildSettings, checkCreateFlags, createPlanOptions } from './up-options.ts';

export const run: CommandRun<typeof createFlags> = async (context, flags, args) => {
  checkCreateFlags(flags);
  if (flags.locked) context.hold(true);
  const target = await loadRunnable(context, args);
  await context.prepare(target.project);
  const options = createPlanOptions(context, flags, target);
  const { planUp } = await import('../../planner/reconcile.ts');
  const volumes = askAboutVolumes(context, target.project, flags.yes);
  await perform(context, {
    project: target.project,
    title: 'Creating',
    build: buildSettings(context, flags['quiet-pull']),
    before: volumes.ask,
    plan: (observation, round) =>
      planUp(target.project, observation, upOptions({ ...options, ...round, recreateVolumes: volumes.answer() })),
  });
  return 0;
};
