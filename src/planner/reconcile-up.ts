// `up`, `create`, `scale`, and the dependencies of `run`: what has to change so that the engine holds what the project says.

import { isUp, serviceOf } from '../engine/project-container.ts';
import { WindlassError } from '../errors.ts';
import type { Project } from '../model.ts';
import { refTo } from './container-steps.ts';
import { desiredProject } from './desired.ts';
import { freedPorts } from './freed-ports.ts';
import type { Observation } from './observation.ts';
import type { UpOptions } from './options.ts';
import type { Plan, StepId } from './plan.ts';
import { PlanBuilder } from './plan-builder.ts';
import { addRunProvider } from './provider-steps.ts';
import { type ImageSteps, reconcileImages } from './reconcile-images.ts';
import { type ResourceSteps, reconcileNetworks } from './reconcile-networks.ts';
import { reconcileOrphans } from './reconcile-orphans.ts';
import { reconcileService } from './reconcile-services.ts';
import { reconcileStarts } from './reconcile-start.ts';
import { reconcileVolumes } from './reconcile-volumes.ts';
import { managed, type Sorted, sortContainers } from './replicas.ts';
import type { ServiceContext } from './service-context.ts';
import { dependentsOf, imageOf, inDependencyOrder, sortedNames } from './services.ts';

/**
 * @throws WindlassError when the project cannot be brought up: an external network or volume is missing, an image cannot be
 *   had, a service asks for what is not supported. Nothing has changed then.
 */
export function planUp(given: Project, observation: Observation, options: UpOptions): Plan {
  const project = desiredProject(given, options);
  const sorted = sortContainers(observation.observed.containers);
  const first = new PlanBuilder(project.name, options.start ? 'up' : 'create');
  const images = reconcileImages(first, project, observation, options);
  const providers = addProviders(first, project, options);
  if (needsSecondLook(project, sorted, images, providers)) return first.build(true);

  const plan = first;
  const networks = reconcileNetworks(plan, project, observation);
  const volumes = reconcileVolumes(plan, project, observation, options);
  const orphansGone = reconcileOrphans(plan, project, observation, options);
  const leftoversGone = removeLeftovers(plan, project, sorted);
  const context: ServiceContext = {
    plan,
    project,
    observation,
    options,
    sorted,
    images,
    networks,
    volumes,
    providers,
    orphansGone,
    leftoversGone,
    results: new Map(),
  };
  for (const service of inDependencyOrder(project))
    if (service.provider === undefined) context.results.set(service.name, reconcileService(context, service));
  detachUsers(plan, project, observation, networks, volumes);
  if (options.start) reconcileStarts(context, freedPorts(plan, observation.observed.containers));
  return plan.build();
}

/** Providers are asked each time: only they know whether anything has to be done. */
function addProviders(plan: PlanBuilder, project: Project, options: UpOptions): ReadonlyMap<string, StepId> {
  const steps = new Map<string, StepId>();
  for (const service of inDependencyOrder(project)) {
    if (service.provider === undefined || options.providerVariables[service.name] !== undefined) continue;
    const id = addRunProvider(plan, service, 'up', {
      cause: `provided by ${service.provider.type}`,
      dependsOn: sortedNames(service.depends_on ?? {}).flatMap((name) => steps.get(name) ?? []),
    });
    steps.set(service.name, id);
  }
  return steps;
}

/** Whether a container exists whose verdict depends on an image or on variables that are not there yet. */
function needsSecondLook(
  project: Project,
  sorted: Sorted,
  images: ImageSteps,
  providers: ReadonlyMap<string, StepId>,
): boolean {
  const hasReplicas = (name: string): boolean => (sorted.replicas.get(name) ?? []).length > 0;
  return (
    Object.values(project.services).some(
      (service) => images.has(imageOf(project, service)) && hasReplicas(service.name),
    ) || [...providers.keys()].some((name) => dependentsOf(project, name).some(hasReplicas))
  );
}

/** Removes replacements that never took over; by service, the steps after which their names are free. */
function removeLeftovers(
  plan: PlanBuilder,
  project: Project,
  { leftovers }: Sorted,
): ReadonlyMap<string, readonly StepId[]> {
  const gone = new Map<string, readonly StepId[]>();
  const cause = 'left by an interrupted recreate';
  for (const container of leftovers) {
    const service = serviceOf(container);
    if (project.services[service] === undefined) continue;
    const resource = `container ${container.name}`;
    plan.verdict({ resource, decision: 'remove', reason: cause, differences: ['leftover'], service });
    const step = plan.add({
      action: 'remove-container',
      id: `remove ${resource}`,
      resource,
      cause,
      group: service,
      container: refTo(container),
      force: true,
      volumes: false,
    });
    gone.set(service, [...(gone.get(service) ?? []), step]);
  }
  return gone;
}

/** A network or volume that is replaced has to be let go by everybody before; by those outside this command it is not. */
function detachUsers(
  plan: PlanBuilder,
  project: Project,
  { observed }: Observation,
  networks: ResourceSteps,
  volumes: ResourceSteps,
): void {
  const containers = managed(observed.containers);
  for (const [key, removal] of networks.removed) {
    const name = project.networks[key]?.name ?? key;
    const users = containers.filter((container) => isUp(container) && container.networks[name] !== undefined);
    plan.require(
      removal,
      users.map((user) => stepOrRefuse(plan, `stop container ${user.name}`, `network "${name}"`, user.name)),
    );
  }
  for (const [key, removal] of volumes.removed) {
    const name = project.volumes[key]?.name ?? key;
    const users = containers.filter(({ mounts }) => mounts.some((mount) => mount.name === name));
    plan.require(
      removal,
      users.map((user) => stepOrRefuse(plan, `remove container ${user.name}`, `volume "${name}"`, user.name)),
    );
  }
}

function stepOrRefuse(plan: PlanBuilder, id: StepId, resource: string, user: string): StepId {
  if (plan.has(id)) return id;
  throw new WindlassError(
    'PLAN_IN_USE',
    `the definition of ${resource} changed, but container "${user}" still uses it`,
    {
      hint: `stop and remove "${user}" first, or include its service in this command`,
    },
  );
}
