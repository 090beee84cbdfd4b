// A container that stays: it may lack its name, be down, or have to follow a dependency that is replaced.

import { isUp } from '../engine/project-container.ts';
import { STATUS } from '../events.ts';
import type { Service } from '../model.ts';
import { addStop, containerProgressId, refTo } from './container-steps.ts';
import type { ContainerRef, Decision, Difference, StepId } from './plan.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { Replica } from './replicas.ts';
import type { Pending, ServiceContext } from './service-context.ts';

export interface Kept {
  readonly ref: ContainerRef;
  readonly number: number;
  readonly stops: readonly StepId[];
  readonly pending: readonly Pending[];
}

/** `disturber` says which dependency is replaced or restarted, if one is that it has to follow. */
export function keep(context: ServiceContext, service: Service, replica: Replica, disturber: string | undefined): Kept {
  const { plan, options } = context;
  const { container, number, name } = replica;
  const ref: ContainerRef = { name, id: container.id };
  const renamed = name === container.name ? [] : [addRename(plan, service, replica)];
  const common = { ref, number };
  if (disturber !== undefined && isUp(container)) {
    verdict(plan, service, name, 'update', `restarted: ${disturber}`, ['dependency']);
    const stops = addStop(plan, { container, service, cause: disturber, timeoutSeconds: options.timeoutSeconds });
    return { ...common, stops, pending: [{ ref, dependsOn: [...renamed, ...stops.slice(-1)], cause: disturber }] };
  }
  if (isUp(container)) {
    const reason = container.state === 'paused' ? 'paused' : 'running';
    verdict(plan, service, name, renamed.length > 0 || reason === 'paused' ? 'update' : 'keep', reason, []);
    return { ...common, stops: [], pending: [] };
  }
  verdict(
    plan,
    service,
    name,
    options.start ? 'update' : 'keep',
    container.state === 'created' ? 'not started yet' : 'stopped',
    [],
  );
  const networks = Object.keys(service.networks ?? {}).flatMap((key) => context.networks.created.get(key) ?? []);
  return { ...common, stops: [], pending: [{ ref, dependsOn: [...renamed, ...networks], cause: 'not running' }] };
}

function addRename(plan: PlanBuilder, service: Service, { container, name }: Replica): StepId {
  return plan.add({
    action: 'rename-container',
    id: `rename container ${name}`,
    resource: `container ${name}`,
    cause: 'left by an interrupted recreate',
    group: service.name,
    container: refTo(container),
    name,
    progress: { id: containerProgressId(name), done: STATUS.recreated },
  });
}

/** A verdict on a container of a service. */
export function verdict(
  plan: PlanBuilder,
  service: Service,
  name: string,
  decision: Decision,
  reason: string,
  differences: readonly Difference[],
): void {
  plan.verdict({
    resource: `container ${name}`,
    decision,
    reason,
    differences,
    service: service.name,
    ...(decision === 'keep' && reason === 'running'
      ? { progress: { id: containerProgressId(name), done: STATUS.running } }
      : {}),
  });
}
