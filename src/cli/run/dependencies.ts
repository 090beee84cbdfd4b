// What `run` starts before its container, and with --rm-deps removes after it.
import type { ObservedContainer } from '../../engine/engine.ts';
import { isOneOff, isUp, serviceOf } from '../../engine/project-container.ts';
import type { Project } from '../../model.ts';
import type { UpOptions } from '../../planner/options.ts';
import type { CommandContext } from '../context.ts';
import { perform } from '../perform.ts';

/** The services that `service` needs, directly or not, sorted. */
export async function dependencyNames(project: Project, service: string): Promise<string[]> {
  const { selectServices } = await import('../../planner/services.ts');
  const { services } = selectServices(project, { services: [service], with: 'dependencies' });
  return Object.keys(services)
    .filter((name) => name !== service)
    .sort();
}

/** Those of the services of which nothing runs. */
export const notRunning = (services: readonly string[], containers: readonly ObservedContainer[]): string[] =>
  services.filter((name) => !containers.some((one) => serviceOf(one) === name && !isOneOff(one) && isUp(one)));

/** Brings the dependencies up; with none of them, only looks after orphans. */
export async function startDependencies(
  context: CommandContext,
  project: Project,
  services: readonly string[],
  options: Partial<UpOptions> & { readonly quiet: boolean },
): Promise<void> {
  const { quiet, ...rest } = options;
  const [{ planUp, upOptions }, { keepServices }] = await Promise.all([
    import('../../planner/reconcile.ts'),
    import('../../planner/services.ts'),
  ]);
  const kept = keepServices(project, (name) => services.includes(name));
  const needed = services.length > 0 ? kept : { ...kept, networks: {}, volumes: {} };
  await perform(context, {
    project: needed,
    quiet,
    plan: (observation, round) => planUp(needed, observation, upOptions({ ...rest, ...round, services })),
  });
}

/** Removes services that `run` started, with their anonymous volumes; what is shared with others stays. */
export async function removeDependencies(
  context: CommandContext,
  project: Project,
  services: readonly string[],
  quiet: boolean,
): Promise<void> {
  if (services.length === 0) return;
  const [{ planDown }, { downOptions }] = await Promise.all([
    import('../../planner/reconcile.ts'),
    import('../../planner/options.ts'),
  ]);
  await perform(context, {
    project,
    quiet,
    // The user's Ctrl-C has ended the command already; tidying up is what was asked for.
    signal: new AbortController().signal,
    plan: (observation) => planDown(project, observation, downOptions({ services })),
  });
}
