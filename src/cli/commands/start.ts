// `start`: starts existing containers in order of dependency.
import { UsageError } from '../../errors.ts';
import type { CommandRun } from '../declaration.ts';
import type { startFlags } from '../declarations/core.ts';
import { nothingOfProject } from '../labels-project.ts';
import { perform } from '../perform.ts';
import { loadOrRebuildTarget } from '../project.ts';

export const run: CommandRun<typeof startFlags> = async (context, flags, args) => {
  if (flags['wait-timeout'] !== undefined && !flags.wait) throw new UsageError('--wait-timeout needs --wait');
  const { project, services, rebuilt } = await loadOrRebuildTarget(context, args);
  if (rebuilt && Object.keys(project.services).length === 0) throw nothingOfProject(project.name);
  const { planStart } = await import('../../planner/reconcile.ts');
  await perform(context, {
    project,
    title: 'Starting',
    plan: (observation) =>
      planStart(project, observation, { services, wait: flags.wait, waitTimeoutSeconds: flags['wait-timeout'] }),
  });
  return 0;
};
