// Replicas of one service: how many, which stay, which are replaced, which are removed (compose-reference §2.10).
import type { ObservedContainer } from '../engine/engine.ts';
import { WindlassError } from '../errors.ts';
import { STATUS } from '../events.ts';
import type { Project, Service } from '../model.ts';
import { containerName } from '../names.ts';
import { addStop, addStopAndRemove, containerProgressId, refTo } from './container-steps.ts';
import { describe, differencesOf, type Surroundings } from './divergence.ts';
import { linksOf } from './links.ts';
import type { Observation } from './observation.ts';
import type { RecreatePolicy, UpOptions } from './options.ts';
import { peersOf } from './peers.ts';
import type { ContainerRef, Difference, StepId } from './plan.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { ImageSteps } from './reconcile-images.ts';
import type { ResourceSteps } from './reconcile-networks.ts';
import { addCreate, addReplacement, type Blueprint, carriedVolumes, type ReplacementOrder } from './replacement.ts';
import { isUp, type Replica, type Sorted } from './replicas.ts';
import { dependenciesOf, imageOf, scaleOf } from './services.ts';

/** What is known and planned before services are looked at, and what the services before this one came to. */
export interface ServiceContext {
  readonly plan: PlanBuilder;
  readonly project: Project;
  readonly observation: Observation;
  readonly options: UpOptions;
  readonly sorted: Sorted;
  readonly images: ImageSteps;
  readonly networks: ResourceSteps;
  readonly volumes: ResourceSteps;
  /** Steps that run providers, by service. */
  readonly providers: ReadonlyMap<string, StepId>;
  readonly orphansGone: readonly StepId[];
  /** Removals of replacements that never took over, by service. */
  readonly leftoversGone: ReadonlyMap<string, readonly StepId[]>;
  readonly results: Map<string, ServiceResult>;
}

/** A container to be started, once the steps named are done. */
export interface Pending {
  readonly ref: ContainerRef;
  readonly dependsOn: readonly StepId[];
  readonly cause: string;
}

export interface ServiceResult {
  /** The containers that will be there, in order of their numbers. */
  readonly containers: readonly ContainerRef[];
  /** Those that stay as they are. */
  readonly kept: readonly ObservedContainer[];
  readonly pending: readonly Pending[];
  /** Frozen ones to be woken. */
  readonly paused: readonly ObservedContainer[];
  /** Stops of containers that are replaced or restarted: dependents stop before. */
  readonly stops: readonly StepId[];
  /** Removals of surplus containers: their ports are free afterwards. */
  readonly removals: readonly StepId[];
  readonly order: ReplacementOrder | undefined;
  /** `replaced` or `restarted`; dependents with `restart: true` follow. */
  readonly disturbance: 'replaced' | 'restarted' | undefined;
}

export function reconcileService(context: ServiceContext, service: Service): ServiceResult {
  const { plan, options, sorted } = context;
  const peers = peerRefs(context, service);
  const around = surroundings(context, peers);
  const policy = policyFor(service, options);
  const judged = (sorted.replicas.get(service.name) ?? []).map((replica) => ({
    replica,
    differences: differencesOf(service, replica.container, policy, around),
  }));
  const wanted = scaleOf(service);
  // The up to date come first, low numbers before high ones: what is beyond the wanted number goes.
  const ranked = [...judged.filter(isUpToDate), ...judged.filter((one) => !isUpToDate(one))];
  const blueprint = blueprintFor(context, service, peers);
  const removals = ranked.slice(wanted).map(({ replica }) => removeSurplus(context, service, replica));
  const replacing = ranked.slice(0, wanted).filter((one) => !isUpToDate(one));
  const keeping = ranked.slice(0, wanted).filter(isUpToDate);
  const order =
    replacing.length === 0
      ? undefined
      : replacementOrder(
          context,
          service,
          replacing.map(({ replica }) => replica),
        );
  const disturber = disturbingDependency(context, service);

  const replaced = replacing.map(({ replica, differences }) => {
    const name = nameOf(context, service, replica.number);
    const cause = describe(differences);
    verdict(plan, service, name, 'recreate', cause, differences);
    const made = addReplacement(plan, blueprint, replica, {
      name,
      cause,
      order: order ?? 'side',
      timeoutSeconds: options.timeoutSeconds,
      carriedVolumes: options.renewAnonymousVolumes ? [] : carriedVolumes(service, replica.container),
    });
    return { ...made, number: replica.number, cause };
  });
  const kept = keeping.map(({ replica }) => keep(context, service, replica, disturber));
  const highest = Math.max(0, ...judged.map(({ replica }) => replica.number));
  const created = Array.from({ length: Math.max(0, wanted - judged.length) }, (_, index) => {
    const number = highest + 1 + index;
    const name = nameOf(context, service, number);
    const cause = judged.length === 0 ? 'missing' : `scale ${judged.length} → ${wanted}`;
    verdict(plan, service, name, 'create', cause, []);
    return { ...addCreate(plan, blueprint, name, number, cause), number, cause };
  });

  const stops = [...replaced.flatMap((one) => one.stops.slice(0, 1)), ...kept.flatMap((one) => one.stops.slice(0, 1))];
  for (const dependency of restartingDependencies(context, service))
    for (const stop of dependency.stops) plan.require(stop, lastStops(replaced, kept));
  const byNumber = [...replaced, ...kept, ...created].sort((a, b) => a.number - b.number);
  return {
    containers: byNumber.map(({ ref }) => ref),
    kept: keeping.map(({ replica }) => replica.container),
    pending: [
      ...kept.flatMap(({ pending }) => pending),
      ...[...replaced, ...created].map(({ ref, ready, cause }) => ({ ref, dependsOn: [ready], cause })),
    ],
    paused: keeping.map(({ replica }) => replica.container).filter(({ state }) => state === 'paused'),
    stops,
    removals,
    order,
    disturbance: replaced.length > 0 ? 'replaced' : kept.some((one) => one.stops.length > 0) ? 'restarted' : undefined,
  };
}

type Judged = { readonly replica: Replica; readonly differences: readonly Difference[] };
const isUpToDate = ({ differences }: Judged): boolean => differences.length === 0;

const lastStops = (...groups: readonly (readonly { readonly stops: readonly StepId[] }[])[]): StepId[] =>
  groups.flat().flatMap(({ stops }) => stops.slice(-1));

const policyFor = (service: Service, options: UpOptions): RecreatePolicy =>
  options.services.length === 0 || options.services.includes(service.name)
    ? options.recreate
    : options.recreateDependencies;

const nameOf = ({ project, options }: ServiceContext, service: Service, number: number): string =>
  service.container_name ?? containerName(project.name, service.name, number, options.separator);

function verdict(
  plan: PlanBuilder,
  service: Service,
  name: string,
  decision: 'create' | 'recreate' | 'remove' | 'keep' | 'update',
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

function removeSurplus({ plan, options }: ServiceContext, service: Service, replica: Replica): StepId {
  const { container } = replica;
  const cause = `scale down to ${scaleOf(service)}`;
  verdict(plan, service, container.name, 'remove', cause, []);
  return addStopAndRemove(plan, { container, service, cause, timeoutSeconds: options.timeoutSeconds, volumes: false })
    .removed;
}

interface Kept {
  readonly ref: ContainerRef;
  readonly number: number;
  readonly stops: readonly StepId[];
  readonly pending: readonly Pending[];
}

/** A container that stays: it may lack its name, be down, or have to follow a dependency. */
function keep(context: ServiceContext, service: Service, replica: Replica, disturber: string | undefined): Kept {
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

/** What the containers of a service are created with. */
export function blueprintFor(
  context: ServiceContext,
  service: Service,
  peers: Blueprint['peers'] = peerRefs(context, service),
): Blueprint {
  const { images, networks, volumes, project, options, providers } = context;
  const mounts = service.volumes ?? [];
  const steps = (found: ReadonlyMap<string, StepId>, keys: readonly string[]): StepId[] =>
    keys.flatMap((key) => found.get(key) ?? []);
  return {
    service,
    peers,
    links: (number) => linksOf(context, service, number),
    contentHash: context.observation.contentHashes[service.name],
    dependsOn: [
      ...(context.leftoversGone.get(service.name) ?? []),
      ...(images.get(imageOf(project, service, options.separator)) ?? []),
      ...mounts.flatMap(({ type, source }) => (type === 'image' ? (images.get(source ?? '') ?? []) : [])),
      ...steps(networks.created, Object.keys(service.networks ?? {}).sort()),
      ...steps(
        volumes.created,
        mounts.flatMap(({ type, source }) => (type === 'volume' && source ? [source] : [])),
      ),
      ...Object.values(peers).flatMap((ref) => ('createdBy' in ref ? [ref.createdBy] : [])),
      ...steps(
        providers,
        dependenciesOf(project, service).map(([name]) => name),
      ),
    ],
    // A fixed name may still be taken by an orphan.
    after: service.container_name === undefined ? [] : context.orphansGone,
  };
}

/** The first container of every service this one refers to: planned by this plan, or there already. */
function peerRefs({ results, sorted }: ServiceContext, service: Service): Record<string, ContainerRef> {
  const refs: Record<string, ContainerRef> = {};
  for (const peer of peersOf(service)) {
    const [existing] = sorted.replicas.get(peer) ?? [];
    const ref = results.get(peer)?.containers[0] ?? (existing === undefined ? undefined : refTo(existing.container));
    if (ref === undefined)
      throw new WindlassError(
        'PLAN_NO_PEER',
        `service "${service.name}" shares namespaces or volumes with service "${peer}", which has no container`,
        { hint: `let "${peer}" have at least one replica` },
      );
    refs[peer] = ref;
  }
  return refs;
}

const surroundings = (context: ServiceContext, peers: Readonly<Record<string, ContainerRef>>): Surroundings => ({
  project: context.project,
  observation: context.observation,
  replacedNetworks: new Set(context.networks.removed.keys()),
  replacedVolumes: new Set(context.volumes.removed.keys()),
  peerIds: Object.fromEntries(Object.entries(peers).map(([name, ref]) => [name, 'id' in ref ? ref.id : undefined])),
});

/** Who shares a namespace with a container that goes early has to go as early. */
function replacementOrder(context: ServiceContext, service: Service, old: readonly Replica[]): ReplacementOrder {
  const { networks, volumes, results, project } = context;
  const gone = (keys: Iterable<string>, named: Readonly<Record<string, { readonly name: string }>>): Set<string> =>
    new Set([...keys].map((key) => named[key]?.name ?? key));
  const goneVolumes = gone(volumes.removed.keys(), project.volumes);
  const goneNetworks = gone(networks.removed.keys(), project.networks);
  const peers = peersOf(service).map((peer) => results.get(peer)?.order);
  const holdsVolume =
    (service.volumes ?? []).some(({ source }) => source !== undefined && volumes.removed.has(source)) ||
    old.some(({ container }) => container.mounts.some(({ name }) => goneVolumes.has(name)));
  if (holdsVolume || peers.includes('remove-first')) return 'remove-first';
  const holdsNetwork =
    Object.keys(service.networks ?? {}).some((key) => networks.removed.has(key)) ||
    old.some(({ container }) => Object.keys(container.networks).some((name) => goneNetworks.has(name)));
  return holdsNetwork || peers.includes('stop-first') ? 'stop-first' : 'side';
}

const restartingDependencies = ({ project, results }: ServiceContext, service: Service): ServiceResult[] =>
  dependenciesOf(project, service)
    .filter(([, edge]) => edge.restart === true)
    .flatMap(([name]) => results.get(name) ?? []);

/** Why the containers of a service that stay have to be restarted, if they have to. */
function disturbingDependency({ project, results }: ServiceContext, service: Service): string | undefined {
  for (const [name, edge] of dependenciesOf(project, service)) {
    const disturbance = edge.restart === true ? results.get(name)?.disturbance : undefined;
    if (disturbance !== undefined) return `dependency ${name} is ${disturbance}`;
  }
  return undefined;
}
