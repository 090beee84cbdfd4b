// `run`: the one-off container of a service. Its dependencies are brought up before, by `up`; here they are only waited for.

import { isUp } from '../engine/project-container.ts';
import { WindlassError } from '../errors.ts';
import type { Project } from '../model.ts';
import { blueprintFor } from './blueprint.ts';
import { copyFilesInto, refTo } from './container-steps.ts';
import { desiredProject } from './desired.ts';
import type { Observation } from './observation.ts';
import { type UpOptions, upOptions } from './options.ts';
import type { OneOff, Plan } from './plan.ts';
import { PlanBuilder } from './plan-builder.ts';
import { reconcileImages } from './reconcile-images.ts';
import { reconcileNetworks } from './reconcile-networks.ts';
import { addGates } from './reconcile-start.ts';
import { reconcileVolumes } from './reconcile-volumes.ts';
import { managed, type Replica, sortContainers } from './replicas.ts';
import type { ServiceContext, ServiceResult } from './service-context.ts';
import { dependenciesOf, keepServices } from './services.ts';

export interface RunOptions
  extends Partial<
    Pick<UpOptions, 'pull' | 'build' | 'quietPull' | 'imagesReady' | 'providerVariables' | 'separator' | 'now'>
  > {
  /** The service as the one-off is to be made from it stands in the project under this name. */
  readonly service: string;
  /** Name of the container. */
  readonly name: string;
  readonly oneOff: OneOff;
  /** Does not wait for what the service depends on. */
  readonly noDeps: boolean;
}

/**
 * Images, networks and volumes of the service, the conditions it waits for, and the container, created and not started:
 * whoever asked for it attaches before.
 * @throws WindlassError when that cannot be had; nothing has changed then.
 */
export function planRun(given: Project, observation: Observation, request: RunOptions): Plan {
  const { service: name, oneOff } = request;
  const options = upOptions({ ...request, services: [name] });
  const project = desiredProject(given, options);
  const service = project.services[name];
  if (service === undefined) throw new Error(`desired projects have the services asked for: ${name}`);
  const plan = new PlanBuilder(project.name, 'run');
  const sorted = sortContainers(observation.observed.containers);
  const alone = keepServices(project, (other) => other === name);
  const context: ServiceContext = {
    plan,
    project,
    observation,
    options,
    sorted,
    images: reconcileImages(plan, { ...alone, services: { [name]: service } }, observation, options),
    networks: reconcileNetworks(plan, project, observation),
    volumes: reconcileVolumes(plan, project, observation, { ...options, recreateVolumes: [] }),
    providers: new Map(),
    orphansGone: [],
    leftoversGone: new Map(),
    results: new Map(
      dependenciesOf(project, service).map(([other]) => [other, asItIs(sorted.replicas.get(other) ?? [])]),
    ),
  };
  refuseReplacing(context);
  const gates = addGates(context, service, new Map());
  const blueprint = blueprintFor(context, service);
  const resource = `container ${request.name}`;
  plan.verdict({ resource, decision: 'create', reason: 'asked for', differences: [], service: name });
  const id = plan.add({
    action: 'create-container',
    id: `create ${resource}`,
    resource,
    cause: 'run',
    group: name,
    dependsOn: [...blueprint.dependsOn, ...gates.required],
    after: gates.optional,
    service: name,
    name: request.name,
    carriedVolumes: [],
    peers: blueprint.peers,
    links: blueprint.links(1),
    ...(blueprint.contentHash === undefined ? {} : { contentHash: blueprint.contentHash }),
    oneOff,
    // No progress: what a one-off prints is its output, as with docker compose.
  });
  copyFilesInto(plan, project, { container: { name: request.name, createdBy: id }, service, cause: 'run' });
  return plan.build();
}

/** `run` stops nobody: a network whose definition changed is replaced only when nothing uses it. */
function refuseReplacing({ project, networks, observation }: ServiceContext): void {
  for (const key of networks.removed.keys()) {
    const network = project.networks[key]?.name ?? key;
    const user = managed(observation.observed.containers).find(
      (one) => isUp(one) && one.networks[network] !== undefined,
    );
    if (user === undefined) continue;
    throw new WindlassError(
      'PLAN_IN_USE',
      `the definition of network "${network}" changed, but container "${user.name}" still uses it`,
      { hint: 'run "windlass up -d" first' },
    );
  }
}

/** A service of which nothing is planned. */
export const asItIs = (replicas: readonly Replica[]): ServiceResult => ({
  containers: replicas.map(({ container }) => refTo(container)),
  kept: replicas.map(({ container }) => container),
  pending: [],
  paused: [],
  stops: [],
  removals: [],
  order: undefined,
  disturbance: undefined,
});
