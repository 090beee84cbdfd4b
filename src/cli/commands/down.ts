// `down`: stops and removes a project's containers and networks, and on request its images and volumes.
import { UsageError } from '../../errors.ts';
import type { Project } from '../../model.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun } from '../declaration.ts';
import type { downFlags } from '../declarations/core.ts';
import { perform } from '../perform.ts';
import { loadOrRebuildTarget } from '../project.ts';
import { removeOrphans } from './shared-options.ts';

export const run: CommandRun<typeof downFlags> = async (context, flags, args) => {
  const images = flags.rmi ?? 'none';
  if (images !== 'none' && images !== 'local' && images !== 'all')
    throw new UsageError(`invalid value for --rmi: "${images}"`, { hint: 'use "local" or "all"' });
  const { project, services, rebuilt } = await loadOrRebuildTarget(context, args);
  // Services were named, and none of them is there any more, which has been told.
  const isTold = rebuilt && args.length > 0 && services.length === 0;
  const { planDown } = await import('../../planner/reconcile.ts');
  let nothing = true;
  await perform(context, {
    project,
    plan: (observation) =>
      planDown(project, observation, {
        services,
        removeOrphans: removeOrphans(context, flags['remove-orphans']),
        volumes: flags.volumes,
        images,
        timeoutSeconds: flags.timeout,
      }),
    onPlan: (plan) => {
      nothing &&= plan.steps.length === 0;
    },
  });
  if (flags.volumes && args.length === 0 && !context.globals.dryRun) await releaseBundle(context, project);
  if (nothing && !isTold) context.warn(`no resource found to remove for project "${project.name}"`);
  return 0;
};

/** Nothing of the project is left, so the files that its bundle was unpacked to have no user any more. */
async function releaseBundle(context: CommandContext, { name, workingDir }: Project): Promise<void> {
  if (!workingDir.includes('/bundles/')) return;
  const { BundleStore, bundleFolder } = await import('../../shipping/bundle/bundle-store.ts');
  const { endpoint } = await context.engine(name);
  await new BundleStore(bundleFolder(context.env)).release(workingDir, `${name} ${endpoint}`);
}
