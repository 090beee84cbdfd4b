// Commands that change no definition: stop, start, restart, kill, pause, unpause, rm.
import type { ObservedContainer } from '../engine/engine.ts';
import { isOneOff, isUp, serviceOf } from '../engine/project-container.ts';
import { WindlassError } from '../errors.ts';
import { STATUS } from '../events.ts';
import type { Project, Service } from '../model.ts';
import { addStop, addStopAndRemove, containerProgressId, refTo } from './container-steps.ts';
import type { Observation } from './observation.ts';
import {
  type KillOptions,
  type PauseOptions,
  type RemoveOptions,
  type StartOptions,
  type StopOptions,
  upOptions,
} from './options.ts';
import type { Plan } from './plan.ts';
import { type DraftStep, PlanBuilder } from './plan-builder.ts';
import { addRunProvider } from './provider-steps.ts';
import { asItIs } from './reconcile-run.ts';
import { reconcileStarts } from './reconcile-start.ts';
import { managed, sortContainers } from './replicas.ts';
import type { ServiceContext } from './service-context.ts';
import { inDependencyOrder, scaleOf, selectServices, unknownService } from './services.ts';
import { inStopOrder } from './stop-order.ts';

export { planRestart } from './reconcile-restart.ts';

/** Whether a service was meant: named, or none was. */
const chooser = (project: Project, names: readonly string[]): ((name: string) => boolean) => {
  for (const name of names) if (project.services[name] === undefined) throw unknownService(project, name);
  return names.length === 0 ? (name) => project.services[name] !== undefined : (name) => names.includes(name);
};

const replicasOf = (observation: Observation, chosen: (service: string) => boolean): ObservedContainer[] =>
  managed(observation.observed.containers).filter((one) => !isOneOff(one) && chosen(serviceOf(one)));

/** Stops the named services, dependents before dependencies. */
export function planStop(project: Project, observation: Observation, options: StopOptions): Plan {
  const plan = new PlanBuilder(project.name, 'stop');
  const isChosen = chooser(project, options.services);
  const chosen = replicasOf(observation, isChosen);
  const running = chosen.filter(isUp);
  for (const container of chosen.filter(({ state }) => state === 'exited'))
    plan.verdict({
      resource: `container ${container.name}`,
      decision: 'keep',
      reason: 'stopped already',
      differences: [],
      service: serviceOf(container),
      progress: { id: containerProgressId(container.name), done: STATUS.stopped },
    });
  inStopOrder(project, (service, after) => {
    if (service.provider !== undefined)
      return isChosen(service.name) ? [addRunProvider(plan, service, 'stop', { cause: 'stop', after })] : [];
    return running
      .filter((container) => serviceOf(container) === service.name)
      .flatMap((container) => {
        const request = { container, service, cause: 'stop', after, timeoutSeconds: options.timeoutSeconds };
        return addStop(plan, request).slice(-1);
      });
  });
  return plan.build();
}

/** Starts what exists of the named services and of their dependencies, behind the same gates as `up`. */
export function planStart(given: Project, observation: Observation, options: StartOptions): Plan {
  const project = selectServices(given, { services: options.services, with: 'dependencies' });
  const plan = new PlanBuilder(project.name, 'start');
  const sorted = sortContainers(observation.observed.containers);
  const none = { created: new Map(), removed: new Map() };
  const context: ServiceContext = {
    plan,
    project,
    observation,
    options: upOptions({ wait: options.wait ?? false, waitTimeoutSeconds: options.waitTimeoutSeconds }),
    sorted,
    images: new Map(),
    networks: none,
    volumes: none,
    providers: new Map(),
    orphansGone: [],
    leftoversGone: new Map(),
    results: new Map(),
  };
  for (const service of inDependencyOrder(project)) {
    if (service.provider !== undefined) continue;
    const replicas = sorted.replicas.get(service.name) ?? [];
    if (replicas.length === 0 && scaleOf(service) > 0) throw nothingToStart(service);
    context.results.set(service.name, {
      ...asItIs(replicas),
      pending: replicas
        .filter(({ container }) => !isUp(container))
        .map(({ container }) => ({ ref: refTo(container), dependsOn: [], cause: 'not running' })),
    });
  }
  reconcileStarts(context, () => []);
  return plan.build();
}

const nothingToStart = (service: Service): WindlassError =>
  new WindlassError('PLAN_NO_CONTAINER', `service "${service.name}" has no container to start`, {
    hint: `create it with "windlass up -d ${service.name}"`,
  });

/** Sends a signal to every running container at once. */
export function planKill(project: Project, observation: Observation, options: KillOptions): Plan {
  const chosen = chooser(project, options.services);
  const withOrphans = options.removeOrphans === true && options.services.length === 0;
  const isOrphan = (service: string): boolean =>
    project.services[service] === undefined && project.disabledServices[service] === undefined;
  const targets = managed(observation.observed.containers).filter(
    (one) => isUp(one) && (chosen(serviceOf(one)) || (withOrphans && isOrphan(serviceOf(one)))),
  );
  return side(project, 'kill', targets, (container) => ({
    action: 'kill-container',
    signal: options.signal,
    progress: { id: containerProgressId(container.name), working: STATUS.killing, done: STATUS.killed },
  }));
}

export function planPause(project: Project, observation: Observation, options: PauseOptions): Plan {
  const targets = replicasOf(observation, chooser(project, options.services)).filter(
    ({ state }) => state === 'running',
  );
  return side(project, 'pause', targets, (container) => ({
    action: 'pause-container',
    progress: { id: containerProgressId(container.name), done: 'Paused' },
  }));
}

export function planUnpause(project: Project, observation: Observation, options: PauseOptions): Plan {
  const targets = replicasOf(observation, chooser(project, options.services)).filter(({ state }) => state === 'paused');
  return side(project, 'unpause', targets, (container) => ({
    action: 'unpause-container',
    progress: { id: containerProgressId(container.name), done: 'Unpaused' },
  }));
}

/** Removes stopped containers; with `stop`, running ones after stopping them. */
export function planRemove(project: Project, observation: Observation, options: RemoveOptions): Plan {
  const plan = new PlanBuilder(project.name, 'rm');
  for (const container of replicasOf(observation, chooser(project, options.services)))
    if (options.stop || !isUp(container))
      addStopAndRemove(plan, {
        container,
        service: project.services[serviceOf(container)],
        cause: 'rm',
        timeoutSeconds: options.timeoutSeconds,
        volumes: options.volumes,
        force: options.force,
      });
  return plan.build();
}

type Simple = Extract<DraftStep, { action: 'kill-container' | 'pause-container' | 'unpause-container' }>;
type Own<S> = S extends Simple ? Omit<S, 'id' | 'resource' | 'cause' | 'container'> : never;

/** One independent step per container. */
function side(
  project: Project,
  operation: 'kill' | 'pause' | 'unpause',
  containers: readonly ObservedContainer[],
  own: (container: ObservedContainer) => Own<Simple>,
): Plan {
  const plan = new PlanBuilder(project.name, operation);
  for (const container of containers)
    plan.add({
      ...own(container),
      id: `${operation} container ${container.name}`,
      resource: `container ${container.name}`,
      cause: operation,
      group: serviceOf(container),
      container: refTo(container),
    });
  return plan.build();
}
