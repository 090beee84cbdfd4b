// The short rows of steps that recur: stop with its hooks, stop and remove, start with its files and hooks.
import type { ObservedContainer } from '../engine/engine.ts';
import { isUp } from '../engine/project-container.ts';
import { STATUS } from '../events.ts';
import type { Project, Service } from '../model.ts';
import { copiedFiles } from './file-objects.ts';
import type { ContainerRef, StepId } from './plan.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { preStartStep } from './pre-start.ts';

export const refTo = ({ name, id }: ObservedContainer): ContainerRef => ({ name, id });
export const containerProgressId = (name: string): string => `Container ${name}`;

interface StopRequest {
  readonly container: ObservedContainer;
  /** Undefined for a container without a service: no hooks. */
  readonly service: Service | undefined;
  readonly cause: string;
  readonly timeoutSeconds?: number | undefined;
  readonly dependsOn?: readonly StepId[];
  readonly after?: readonly StepId[];
  /** Shown as part of something else: a recreate. */
  readonly silent?: boolean;
}

/** `pre_stop` hooks, then the stop. Returns every step's id, the stop's own last. */
export function addStop(plan: PlanBuilder, request: StopRequest): readonly StepId[] {
  const { container, service, cause, timeoutSeconds } = request;
  const hooks = container.state === 'running' ? (service?.pre_stop ?? []) : [];
  const ids: StepId[] = [];
  const edges = { dependsOn: request.dependsOn ?? [], after: request.after ?? [] };
  for (const [index] of hooks.entries())
    ids.push(
      plan.add({
        action: 'run-hook',
        id: `run pre_stop hook ${index + 1} in container ${container.name}`,
        resource: `container ${container.name}`,
        cause,
        ...edges,
        ...(index === 0 ? {} : { dependsOn: ids.slice(-1) }),
        ...group(service),
        container: refTo(container),
        service: service?.name ?? '',
        hook: 'pre_stop',
        index,
      }),
    );
  ids.push(
    plan.add({
      action: 'stop-container',
      id: `stop container ${container.name}`,
      resource: `container ${container.name}`,
      cause,
      ...edges,
      ...(ids.length === 0 ? {} : { dependsOn: ids.slice(-1) }),
      ...group(service),
      container: refTo(container),
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      ...(request.silent === true
        ? {}
        : {
            progress: {
              id: containerProgressId(container.name),
              working: STATUS.stopping,
              done: STATUS.stopped,
            },
          }),
    }),
  );
  return ids;
}

export interface Stopped {
  /** What has to wait so that the container stops later: the first of its steps. */
  readonly first: StepId;
  /** The step after which it no longer runs. */
  readonly stopped: StepId;
  /** The step after which it is gone. */
  readonly removed: StepId;
}

/** Stops a container where it runs, and removes it. */
export function addStopAndRemove(
  plan: PlanBuilder,
  request: StopRequest & { readonly volumes: boolean; readonly force?: boolean },
): Stopped {
  const { container, service, cause } = request;
  const stops = isUp(container) ? addStop(plan, request) : [];
  const removed = plan.add({
    action: 'remove-container',
    id: `remove container ${container.name}`,
    resource: `container ${container.name}`,
    cause,
    dependsOn: stops.length === 0 ? (request.dependsOn ?? []) : stops.slice(-1),
    after: stops.length === 0 ? (request.after ?? []) : [],
    ...group(service),
    container: refTo(container),
    force: request.force ?? true,
    volumes: request.volumes,
    progress: { id: containerProgressId(container.name), working: STATUS.removing, done: STATUS.removed },
  });
  return { first: stops[0] ?? removed, stopped: stops.at(-1) ?? removed, removed };
}

interface StartRequest {
  readonly container: ContainerRef;
  readonly service: Service;
  readonly cause: string;
  readonly dependsOn: readonly StepId[];
  readonly after: readonly StepId[];
  /** The `pre_start` hooks to run first, by position. */
  readonly preStart?: readonly number[];
}

/** Puts configs and secrets that are texts into a container; returns the step that does, if there are any. */
export function copyFilesInto(
  plan: PlanBuilder,
  project: Project,
  { container, service, cause }: Pick<StartRequest, 'container' | 'service' | 'cause'>,
): readonly StepId[] {
  if (copiedFiles(project, service).length === 0) return [];
  return [
    plan.add({
      action: 'copy-files',
      id: `copy files into container ${container.name}`,
      resource: `container ${container.name}`,
      cause,
      ...group(service),
      container,
      service: service.name,
      // As soon as the container is there; only its start waits for the dependencies.
      dependsOn: 'createdBy' in container ? [container.createdBy] : [],
    }),
  ];
}

/** Copied files, the start, then `post_start` hooks. Returns the id of the last, after which it counts as started. */
export function addStart(plan: PlanBuilder, project: Project, request: StartRequest): StepId {
  const { container, service, cause, after } = request;
  const common = {
    resource: `container ${container.name}`,
    cause,
    ...group(service),
    container,
    service: service.name,
  };
  const hooks = service.post_start ?? [];
  const id = containerProgressId(container.name);
  let prepared: readonly StepId[] = [...request.dependsOn, ...copyFilesInto(plan, project, request)];
  for (const index of request.preStart ?? [])
    prepared = [
      plan.add({
        action: 'run-hook',
        id: preStartStep(container.name, index),
        ...common,
        dependsOn: prepared,
        after,
        hook: 'pre_start',
        index,
      }),
    ];
  let last = plan.add({
    action: 'start-container',
    id: `start container ${container.name}`,
    ...common,
    dependsOn: prepared,
    after,
    progress: { id, working: STATUS.starting, ...(hooks.length === 0 ? { done: STATUS.started } : {}) },
  });
  for (const [index] of hooks.entries())
    last = plan.add({
      action: 'run-hook',
      id: `run post_start hook ${index + 1} in container ${container.name}`,
      ...common,
      dependsOn: [last],
      hook: 'post_start',
      index,
      ...(index === hooks.length - 1 ? { progress: { id, done: STATUS.started } } : {}),
    });
  return last;
}

const group = (service: Service | undefined): { readonly group?: string } =>
  service === undefined ? {} : { group: service.name };
