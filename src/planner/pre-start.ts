// `pre_start`: which hooks have to run before a container starts. A hook that has succeeded for what the service is now is not run
// again: a container that was ever started is the proof, since every change makes a new one. Pure.
import type { Service } from '../model.ts';
import type { StepId } from './plan.ts';
import type { Pending, ServiceContext, ServiceResult } from './service-context.ts';

/** The images that hooks of a service run in, besides its own. */
export const preStartImages = ({ pre_start = [] }: Service): string[] => [
  ...new Set(pre_start.flatMap(({ image }) => image ?? [])),
];

/** The positions of the hooks to run before this container starts, in order. */
export function preStartHooks(
  context: ServiceContext,
  service: Service,
  { containers, kept }: ServiceResult,
  { ref }: Pending,
): number[] {
  const hooks = service.pre_start ?? [];
  if (hooks.length === 0 || !isNew(context, ref)) return [];
  // Those of the service as a whole run before its first container, and wherever one is left from an earlier `up`, they have run.
  const isFirst = containers[0]?.name === ref.name && !kept.some(({ state }) => state !== 'created');
  return hooks.flatMap(({ per_replica = false }, index) => (per_replica || isFirst ? [index] : []));
}

/** Of steps that run hooks. */
export const preStartStep = (container: string, index: number): StepId =>
  `run pre_start hook ${index + 1} for container ${container}`;

/** The last step that runs a hook for the service as a whole: every container's start waits for it. */
export function sharedPreStart(context: ServiceContext, service: Service, result: ServiceResult): StepId | undefined {
  const first = result.pending.find(({ ref }) => ref.name === result.containers[0]?.name);
  if (first === undefined) return undefined;
  const shared = preStartHooks(context, service, result, first).filter(
    (index) => service.pre_start?.[index]?.per_replica !== true,
  );
  const last = shared.at(-1);
  return last === undefined ? undefined : preStartStep(first.ref.name, last);
}

/** Whether a container has never been started. */
function isNew({ observation }: ServiceContext, ref: Pending['ref']): boolean {
  if ('createdBy' in ref) return true;
  return observation.observed.containers.some(({ id, state }) => id === ref.id && state === 'created');
}
