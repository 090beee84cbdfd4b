// `down`: stops and removes containers in reverse order of dependency, then networks, images and volumes (§2.11).

import { isOneOff, serviceOf } from '../engine/project-container.ts';
import { STATUS } from '../events.ts';
import type { Project, Service } from '../model.ts';
import { LABEL } from '../names.ts';
import { addStopAndRemove } from './container-steps.ts';
import type { Observation } from './observation.ts';
import { type DownOptions, downOptions } from './options.ts';
import type { Plan, StepId } from './plan.ts';
import { PlanBuilder } from './plan-builder.ts';
import { addRunProvider } from './provider-steps.ts';
import { addRemoveNetwork } from './reconcile-networks.ts';
import { addRemoveVolume } from './reconcile-volumes.ts';
import { managed, orphansOf } from './replicas.ts';
import { imageOf, sortedNames, unknownService } from './services.ts';
import { inStopOrder } from './stop-order.ts';

export function planDown(project: Project, observation: Observation, given: Partial<DownOptions>): Plan {
  const options = downOptions(given);
  const plan = new PlanBuilder(project.name, 'down');
  const chosen = chosenServices(project, options);
  const gone = [
    ...removeContainers(plan, project, observation, options, chosen),
    ...removeOrphans(plan, project, observation, options),
  ];
  removeNetworks(plan, project, observation, chosen, gone);
  if (options.images !== 'none') removeImages(plan, project, observation, options, chosen, gone);
  if (options.volumes) removeVolumes(plan, project, observation, chosen, gone);
  return plan.build();
}

function chosenServices(project: Project, { services }: DownOptions): ReadonlySet<string> {
  for (const name of services) if (project.services[name] === undefined) throw unknownService(project, name);
  return new Set(services.length === 0 ? Object.keys(project.services) : services);
}

function removeContainers(
  plan: PlanBuilder,
  project: Project,
  observation: Observation,
  options: DownOptions,
  chosen: ReadonlySet<string>,
): StepId[] {
  const gone: StepId[] = [];
  const containers = managed(observation.observed.containers).filter((one) => options.removeOrphans || !isOneOff(one));
  inStopOrder(project, (service, after) => {
    if (!chosen.has(service.name)) return [];
    if (service.provider !== undefined) return [addRunProvider(plan, service, 'down', { cause: 'down', after })];
    const own = containers.filter((container) => serviceOf(container) === service.name);
    const steps = own.map((container) => {
      plan.verdict({
        resource: `container ${container.name}`,
        decision: 'remove',
        reason: 'asked for',
        differences: [],
        service: service.name,
      });
      return addStopAndRemove(plan, {
        container,
        service,
        cause: 'down',
        after,
        timeoutSeconds: options.timeoutSeconds,
        volumes: options.volumes,
      });
    });
    gone.push(...steps.map(({ removed }) => removed));
    return steps.map(({ stopped }) => stopped);
  });
  return gone;
}

function removeOrphans(
  plan: PlanBuilder,
  project: Project,
  { observed }: Observation,
  { removeOrphans, timeoutSeconds }: DownOptions,
): StepId[] {
  if (!removeOrphans) return [];
  return orphansOf(project, observed.containers)
    .filter(({ name }) => !plan.has(`remove container ${name}`))
    .map((container) => {
      plan.verdict({
        resource: `container ${container.name}`,
        decision: 'remove',
        reason: 'orphan: its service is in no file',
        differences: [],
        service: serviceOf(container),
      });
      const cause = `orphan of service ${serviceOf(container)}`;
      return addStopAndRemove(plan, { container, service: undefined, cause, timeoutSeconds, volumes: false }).removed;
    });
}

/** Networks of the project that the chosen services are on; all of them when all services go. */
function removeNetworks(
  plan: PlanBuilder,
  project: Project,
  observation: Observation,
  chosen: ReadonlySet<string>,
  gone: readonly StepId[],
): void {
  const used = usedBy(project, chosen, (service) => Object.keys(service.networks ?? {}));
  for (const key of sortedNames(project.networks)) {
    const network = project.networks[key];
    if (network === undefined || network.external === true || !used(key)) continue;
    const existing = observation.networks[network.name];
    if (existing?.labels[LABEL.project] !== project.name || existing.labels[LABEL.network] !== key) continue;
    plan.verdict({ resource: `network ${network.name}`, decision: 'remove', reason: 'asked for', differences: [] });
    addRemoveNetwork(plan, existing, 'down', gone, true);
  }
}

function removeVolumes(
  plan: PlanBuilder,
  project: Project,
  observation: Observation,
  chosen: ReadonlySet<string>,
  gone: readonly StepId[],
): void {
  const used = usedBy(project, chosen, (service) => (service.volumes ?? []).flatMap(({ source }) => source ?? []));
  for (const key of sortedNames(project.volumes)) {
    const volume = project.volumes[key];
    if (volume === undefined || volume.external === true || !used(key)) continue;
    if (observation.volumes[volume.name] === undefined) continue;
    plan.verdict({ resource: `volume ${volume.name}`, decision: 'remove', reason: 'asked for', differences: [] });
    addRemoveVolume(plan, volume.name, 'down --volumes', gone, true);
  }
}

/** Everything counts as used when every service was chosen, so that what nobody uses any more goes too. */
function usedBy(
  project: Project,
  chosen: ReadonlySet<string>,
  keysOf: (service: Service) => readonly string[],
): (key: string) => boolean {
  if (chosen.size === Object.keys(project.services).length) return () => true;
  const keys = new Set(
    [...chosen].flatMap((name) => keysOf(project.services[name] ?? { name, command: null, entrypoint: null })),
  );
  return (key) => keys.has(key);
}

/** `all`: every image of the services. `local`: those built for the project. */
function removeImages(
  plan: PlanBuilder,
  project: Project,
  { images }: Observation,
  options: DownOptions,
  chosen: ReadonlySet<string>,
  gone: readonly StepId[],
): void {
  const names = new Set<string>();
  for (const name of [...chosen].sort()) {
    const service = project.services[name];
    if (service === undefined || service.provider !== undefined) continue;
    const image = imageOf(project, service);
    const found = images[image];
    if (found === undefined) continue;
    const isLocal = service.image === undefined || found.labels[LABEL.project] === project.name;
    if (options.images === 'all' || isLocal) names.add(withTag(image));
  }
  for (const image of [...names].sort()) {
    plan.verdict({
      resource: `image ${image}`,
      decision: 'remove',
      reason: `--rmi ${options.images}`,
      differences: [],
    });
    plan.add({
      action: 'remove-image',
      id: `remove image ${image}`,
      resource: `image ${image}`,
      cause: `--rmi ${options.images}`,
      after: gone,
      image,
      bestEffort: 'in-use',
      progress: { id: `Image ${image}`, working: STATUS.removing, done: STATUS.removed },
    });
  }
}

/** `nginx` → `nginx:latest`; a reference with a tag or digest stays. */
const withTag = (image: string): string => (/[:@][^/]*$/.test(image) ? image : `${image}:latest`);
