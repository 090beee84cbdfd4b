// Creating containers, and replacing one by another that keeps its name, number and anonymous volumes.
import type { ObservedContainer } from '../engine/engine.ts';
import { isUp } from '../engine/project-container.ts';
import { STATUS } from '../events.ts';
import type { Service } from '../model.ts';
import { replacementName } from '../names.ts';
import type { Blueprint } from './blueprint.ts';
import { addStop, containerProgressId, refTo } from './container-steps.ts';
import type { CarriedVolume, ContainerRef, StepId } from './plan.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { Replica } from './replicas.ts';

/** A container that will be there, and the step after which it can be started. */
export interface Prepared {
  readonly ref: ContainerRef;
  readonly ready: StepId;
}

export function addCreate(
  plan: PlanBuilder,
  blueprint: Blueprint,
  name: string,
  number: number,
  cause: string,
): Prepared {
  const id: StepId = `create container ${name}`;
  plan.add({
    action: 'create-container',
    id,
    resource: `container ${name}`,
    cause,
    ...common(blueprint, number),
    dependsOn: blueprint.dependsOn,
    after: blueprint.after,
    name,
    carriedVolumes: [],
    progress: { id: containerProgressId(name), working: STATUS.creating, done: STATUS.created },
  });
  return { ref: { name, createdBy: id }, ready: id };
}

/**
 * `side`: the new one is created before the old one stops, so that the pause is short and a failure leaves the old one
 * running. `stop-first`: a network under the old one is replaced. `remove-first`: a volume is.
 */
export type ReplacementOrder = 'side' | 'stop-first' | 'remove-first';

export interface Replaced extends Prepared {
  /** Stops of the old container; empty when it was not running. */
  readonly stops: readonly StepId[];
  readonly removed: StepId;
}

export function addReplacement(
  plan: PlanBuilder,
  blueprint: Blueprint,
  replica: Replica,
  request: {
    readonly name: string;
    readonly cause: string;
    readonly order: ReplacementOrder;
    readonly timeoutSeconds: number | undefined;
    readonly carriedVolumes: readonly CarriedVolume[];
  },
): Replaced {
  const { container: old, number } = replica;
  const { name, cause, order } = request;
  const { service } = blueprint;
  const resource = `container ${name}`;
  const progressId = containerProgressId(name);
  const createId: StepId = `create container ${name}`;
  const removeId: StepId = `remove container ${old.name}`;
  const ref: ContainerRef = { name, createdBy: createId };
  const temporary = order === 'remove-first' ? name : replacementName(old.id, name);
  const stops = isUp(old)
    ? addStop(plan, {
        container: old,
        // docker compose runs no pre_stop hooks when it replaces a container.
        service: { ...service, pre_stop: [] },
        cause,
        timeoutSeconds: request.timeoutSeconds,
        silent: true,
        dependsOn: [],
      })
    : [];
  plan.add({
    action: 'create-container',
    id: createId,
    resource,
    cause,
    ...common(blueprint, number),
    dependsOn: [
      ...blueprint.dependsOn,
      ...(order === 'remove-first' ? [removeId] : order === 'stop-first' ? stops : []),
    ],
    after: blueprint.after,
    name: temporary,
    replaces: service.container_name ?? `${service.name}-${number}`,
    carriedVolumes: request.carriedVolumes,
    progress: {
      id: progressId,
      working: STATUS.recreating,
      ...(order === 'remove-first' ? { done: STATUS.recreated } : {}),
    },
  });
  if (order === 'side') for (const stop of stops) plan.require(stop, [createId]);
  plan.add({
    action: 'remove-container',
    id: removeId,
    resource: `container ${old.name}`,
    cause,
    group: service.name,
    dependsOn: [...stops.slice(-1), ...(order === 'remove-first' ? [] : [createId])],
    container: refTo(old),
    // A stopped container is removed without force, so that one that somebody started meanwhile is not lost.
    force: false,
    volumes: false,
  });
  if (order === 'remove-first') return { ref, ready: createId, stops, removed: removeId };
  const ready = plan.add({
    action: 'rename-container',
    id: `rename container ${name}`,
    resource,
    cause,
    group: service.name,
    dependsOn: [removeId],
    container: ref,
    name,
    progress: { id: progressId, done: STATUS.recreated },
  });
  return { ref, ready, stops, removed: removeId };
}

const common = (blueprint: Blueprint, number: number) => ({
  group: blueprint.service.name,
  service: blueprint.service.name,
  number,
  peers: blueprint.peers,
  links: blueprint.links(number),
  ...(blueprint.contentHash === undefined ? {} : { contentHash: blueprint.contentHash }),
});

/** The anonymous volumes of a container that its replacement takes over. */
export function carriedVolumes(service: Service, old: ObservedContainer): readonly CarriedVolume[] {
  return old.mounts
    .filter(({ type, name }) => type === 'volume' && name !== '')
    .flatMap((mount): CarriedVolume[] => {
      const declared = (service.volumes ?? []).find(({ target }) => target === mount.target);
      if (declared !== undefined && (declared.source ?? '') !== '') return [];
      return [{ target: mount.target, volume: mount.name, declaredBy: declared === undefined ? 'image' : 'service' }];
    })
    .sort((a, b) => (a.target < b.target ? -1 : 1));
}
