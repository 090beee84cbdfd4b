// The step that has a service's provider do something. How it is carried out: provider.ts.
import { STATUS } from '../events.ts';
import type { Service } from '../model.ts';
import type { ProviderCommand, StepId, StepProgress } from './plan.ts';
import type { Edges, PlanBuilder } from './plan-builder.ts';

/** What is told while it goes on. Of `stop` nothing: it is known only then whether the provider can stop at all. */
const PROGRESS: Readonly<Record<ProviderCommand, Omit<StepProgress, 'id'> | undefined>> = {
  up: { working: STATUS.creating, done: STATUS.created },
  down: { working: STATUS.removing, done: STATUS.removed },
  stop: undefined,
};

export function addRunProvider(
  plan: PlanBuilder,
  service: Service,
  command: ProviderCommand,
  { cause, ...edges }: Edges & { readonly cause: string },
): StepId {
  const progress = PROGRESS[command];
  return plan.add({
    action: 'run-provider',
    id: `run provider ${service.name}`,
    resource: `service ${service.name}`,
    cause,
    group: service.name,
    ...edges,
    service: service.name,
    command,
    ...(progress === undefined ? {} : { progress: { id: service.name, ...progress } }),
  });
}
