// Takes a project down as part of another command: `wait --down-project`, `run --rm-deps`.
import type { DownOptions } from '../planner/options.ts';
import type { CommandContext } from './context.ts';
import { perform } from './perform.ts';
import { loadOrRebuildTarget } from './project.ts';

/** Stops and removes the project, or the services that the options name. Volumes and images stay unless asked for. */
export async function takeDown(context: CommandContext, options: Partial<DownOptions>): Promise<void> {
  const [{ project }, { planDown }, { downOptions }] = await Promise.all([
    loadOrRebuildTarget(context, options.services ?? []),
    import('../planner/reconcile.ts'),
    import('../planner/options.ts'),
  ]);
  await perform(context, {
    project,
    plan: (observation) => planDown(project, observation, downOptions(options)),
  });
}
