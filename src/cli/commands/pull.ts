// `pull`: brings the services' images from their registries.
import { UsageError } from '../../errors.ts';
import type { CommandRun } from '../declaration.ts';
import type { pullFlags } from '../declarations/image.ts';
import { perform } from '../perform.ts';
import { loadTarget } from '../project.ts';
import { planPull } from './image-plans.ts';
import { selectedServices } from './selected-services.ts';

const POLICIES = ['missing', 'always', 'if_not_present', 'never', 'build'];

export const run: CommandRun<typeof pullFlags> = async (context, flags, args) => {
  for (const name of ['parallel', 'no-parallel'] as const)
    if (flags[name] !== undefined) context.warn(`option "--${name}" is deprecated and will be ignored`);
  if (flags.policy !== undefined && !POLICIES.includes(flags.policy))
    throw new UsageError(`invalid --policy option "${flags.policy}"`, { hint: 'use "missing" or "always"' });
  const { project, services: named } = await loadTarget(context, args);
  const services = selectedServices(project, named, flags['include-deps']);
  await perform(context, {
    project,
    title: 'Pulling',
    exclusive: false,
    plan: (observation) =>
      planPull(project, observation, {
        services,
        policy: flags.policy,
        ignoreBuildable: flags['ignore-buildable'],
        ignoreFailures: flags['ignore-pull-failures'],
        quiet: flags.quiet,
      }),
    onResult: (plan, outcomes) => {
      const toBuild = plan.steps.flatMap((step) =>
        step.action === 'pull-image' && outcomes.get(step.id)?.status === 'failed'
          ? step.services.filter((name) => project.services[name]?.build !== undefined)
          : [],
      );
      if (toBuild.length > 0)
        context.warn(
          `Some service image(s) must be built from source by running:\n    windlass build ${toBuild.join(' ')}`,
        );
    },
  });
  return 0;
};
