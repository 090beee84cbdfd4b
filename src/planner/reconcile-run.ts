// `run`: the one-off container itself. Its dependencies are brought up before, by planUp; it is started by whoever attaches
// to it, so that no line of its output is missed.
import { WindlassError } from '../errors.ts';
import type { Project, Service } from '../model.ts';
import { refTo } from './container-steps.ts';
import { desiredProject } from './desired.ts';
import { copiedFiles } from './file-objects.ts';
import { linksOf } from './links.ts';
import type { Observation } from './observation.ts';
import { type UpOptions, upOptions } from './options.ts';
import { peersOf } from './peers.ts';
import type { ContainerRef, OneOff, Plan, StepId } from './plan.ts';
import { PlanBuilder } from './plan-builder.ts';
import { reconcileImages } from './reconcile-images.ts';
import { reconcileNetworks } from './reconcile-networks.ts';
import { gateWords } from './reconcile-start.ts';
import { reconcileVolumes } from './reconcile-volumes.ts';
import { isUp, managed, type Sorted, sortContainers } from './replicas.ts';
import { dependenciesOf, imageOf, scaleOf } from './services.ts';

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
 * Images, networks and volumes of the service, the conditions it waits for, and the container, created and not started.
 * @throws WindlassError when that cannot be had; nothing has changed then.
 */
export function planRun(given: Project, observation: Observation, run: RunOptions): Plan {
  const { service: name, noDeps, oneOff, ...rest } = run;
  const options = upOptions({ ...rest, services: [name], noDeps: true, start: false, orphans: 'ignore' });
  const project = desiredProject(given, options);
  const service = project.services[name];
  if (service === undefined) throw new Error(`no service "${name}" in the project that runs it`);
  const sorted = sortContainers(observation.observed.containers);
  const plan = new PlanBuilder(project.name, 'run');
  const images = reconcileImages(plan, project, observation, options);
  const networks = reconcileNetworks(plan, project, observation);
  const volumes = reconcileVolumes(plan, project, observation, options);
  refuseReplacing(project, observation, [...networks.removed.keys()]);
  const gates = noDeps
    ? { required: [], optional: [] }
    : addGates(plan, given, given.services[name] ?? service, sorted);
  const mounts = service.volumes ?? [];
  const contentHash = observation.contentHashes[name];
  const resource = `container ${run.name}`;
  const created = plan.add({
    action: 'create-container',
    id: `create container ${run.name}`,
    resource,
    cause: 'asked for',
    group: name,
    dependsOn: [
      ...(images.get(imageOf(project, service, options.separator)) ?? []),
      ...mounts.flatMap(({ type, source }) => (type === 'image' ? (images.get(source ?? '') ?? []) : [])),
      ...Object.keys(service.networks ?? {}).flatMap((key) => networks.created.get(key) ?? []),
      ...mounts.flatMap(({ type, source }) => (type === 'volume' ? (volumes.created.get(source ?? '') ?? []) : [])),
      ...gates.required,
    ],
    after: gates.optional,
    service: name,
    name: run.name,
    carriedVolumes: [],
    peers: peerRefs(service, sorted),
    links: linksOf({ project, results: new Map(), sorted, options }, service, 1),
    ...(contentHash === undefined ? {} : { contentHash }),
    oneOff,
  });
  if (copiedFiles(project, service).length > 0)
    plan.add({
      action: 'copy-files',
      id: `copy files into container ${run.name}`,
      resource,
      cause: 'asked for',
      group: name,
      dependsOn: [created],
      container: { name: run.name, createdBy: created },
      service: name,
    });
  return plan.build();
}

/** `run` stops nobody: a network whose definition changed is replaced only when nothing uses it. */
function refuseReplacing(project: Project, { observed }: Observation, keys: readonly string[]): void {
  for (const key of keys) {
    const network = project.networks[key]?.name ?? key;
    const user = managed(observed.containers).find((one) => isUp(one) && one.networks[network] !== undefined);
    if (user === undefined) continue;
    throw new WindlassError(
      'PLAN_IN_USE',
      `the definition of network "${network}" changed, but container "${user.name}" still uses it`,
      { hint: 'run "windlass up -d" first' },
    );
  }
}

interface Gates {
  readonly required: readonly StepId[];
  readonly optional: readonly StepId[];
}

/** What has to be healthy or completed before the container may run. */
function addGates(plan: PlanBuilder, project: Project, service: Service, { replicas }: Sorted): Gates {
  const required: StepId[] = [];
  const optional: StepId[] = [];
  for (const [name, { condition, required: isRequired }] of dependenciesOf(project, service)) {
    const dependency = project.services[name];
    if (dependency === undefined || dependency.provider !== undefined || condition === 'service_started') continue;
    if (scaleOf(dependency) === 0) continue;
    const id = plan.add({
      action: 'wait-condition',
      id: `wait until ${name} is ${gateWords[condition]}`,
      resource: `service ${name}`,
      cause: `${service.name} needs it`,
      group: name,
      service: name,
      condition,
      containers: (replicas.get(name) ?? []).map(({ container }) => refTo(container)),
      purpose: 'dependency',
      ...(isRequired ? {} : { bestEffort: 'anything' }),
    });
    (isRequired ? required : optional).push(id);
  }
  return { required, optional };
}

/** The first container of every service whose namespaces or volumes are shared. */
function peerRefs(service: Service, { replicas }: Sorted): Record<string, ContainerRef> {
  const refs: Record<string, ContainerRef> = {};
  for (const peer of peersOf(service)) {
    const [first] = replicas.get(peer) ?? [];
    if (first === undefined)
      throw new WindlassError(
        'PLAN_NO_PEER',
        `service "${service.name}" shares namespaces or volumes with service "${peer}", which has no container`,
        { hint: `start it first: "windlass up -d ${peer}"` },
      );
    refs[peer] = refTo(first.container);
  }
  return refs;
}
