// `rm`: removes stopped containers, after asking.
import type { CommandRun } from '../declaration.ts';
import type { rmFlags } from '../declarations/core.ts';
import { perform } from '../perform.ts';
import { loadOrRebuildTarget } from '../project.ts';
import { confirm } from '../terminal/confirm.ts';

export const run: CommandRun<typeof rmFlags> = async (context, flags, args) => {
  const { project, services } = await loadOrRebuildTarget(context, args);
  const { planRemove, planStop } = await import('../../planner/reconcile.ts');
  if (flags.stop)
    await perform(context, {
      project,
      title: 'Stopping',
      plan: (observation) => planStop(project, observation, { services }),
    });

  const options = { services, force: flags.force, stop: flags.stop, volumes: flags.volumes };
  const names = await namesToRemove(context, project, options);
  if (names.length === 0) {
    context.io.stderr.write('No stopped containers\n');
    return 0;
  }
  const question = `Going to remove ${names.join(', ')}`;
  if (flags.force) context.io.stdout.write(`${question}\n`);
  else if (!(await confirm(context, question))) return 0;
  await perform(context, {
    project,
    title: 'Removing',
    plan: (observation) => planRemove(project, observation, options),
  });
  return 0;
};

async function namesToRemove(
  context: Parameters<typeof run>[0],
  project: Parameters<typeof perform>[1]['project'],
  options: { services: readonly string[]; force: boolean; stop: boolean; volumes: boolean },
): Promise<string[]> {
  const [{ planRemove }, { observeProject }] = await Promise.all([
    import('../../planner/reconcile.ts'),
    import('../../planner/observe.ts'),
  ]);
  const engine = await context.engine(project.name);
  const plan = planRemove(project, await observeProject(engine, project, context.signal), options);
  return plan.steps.flatMap((step) => (step.action === 'remove-container' ? [step.container.name] : []));
}
