// Replicas of one service: how many, which stay, which are replaced, which are removed (compose-reference §2.10).

import { isUp } from '../engine/project-container.ts';
import type { Service } from '../model.ts';
import { containerName } from '../names.ts';
import { type Blueprint, blueprintFor, peerRefs } from './blueprint.ts';
import { addStopAndRemove } from './container-steps.ts';
import { describe, differencesOf, type Surroundings } from './divergence.ts';
import { ignoredSettings } from './file-objects.ts';
import { keep, verdict } from './keeping.ts';
import type { RecreatePolicy, UpOptions } from './options.ts';
import { peersOf } from './peers.ts';
import type { ContainerRef, Difference, StepId } from './plan.ts';
import {
  addCreate,
  addReplacement,
  carriedVolumes,
  type Prepared,
  type Replaced,
  type ReplacementOrder,
} from './replacement.ts';
import type { Replica } from './replicas.ts';
import type { ServiceContext, ServiceResult } from './service-context.ts';
import { dependenciesOf, scaleOf } from './services.ts';

/** A container to be started that this plan makes. */
type Made<P extends Prepared> = P & { readonly number: number; readonly cause: string };

export function reconcileService(context: ServiceContext, service: Service): ServiceResult {
  const { plan } = context;
  const peers = peerRefs(context, service);
  const blueprint = blueprintFor(context, service, peers);
  const judged = judge(context, service, peers);
  const wanted = scaleOf(service);
  // The up to date come first, low numbers before high ones: what is beyond the wanted number goes.
  const ranked = [...judged.filter(isUpToDate), ...judged.filter((one) => !isUpToDate(one))];
  const removals = ranked.slice(wanted).map(({ replica }) => removeSurplus(context, service, replica));
  const replacing = ranked.slice(0, wanted).filter((one) => !isUpToDate(one));
  const keeping = ranked.slice(0, wanted).filter(isUpToDate);
  const order = replacementOrder(context, service, replacing);
  const replaced = replacing.map((one) => replace(context, blueprint, one, order));
  const disturber = disturbingDependency(context, service);
  const kept = keeping.map(({ replica }) => keep(context, service, replica, disturber));
  const created = createMissing(context, blueprint, judged);

  const made = [...replaced, ...created];
  if (made.length > 0) for (const warning of ignoredSettings(context.project, service)) plan.warn(warning);
  const stopping = [...replaced, ...kept];
  for (const { stops } of restartingDependencies(context, service))
    for (const stop of stops)
      plan.require(
        stop,
        stopping.flatMap((one) => one.stops.slice(-1)),
      );
  return {
    containers: inOrderOfNumbers([...made, ...kept]),
    kept: keeping.map(({ replica }) => replica.container),
    pending: [
      ...kept.flatMap(({ pending }) => pending),
      ...made.map(({ ref, ready, cause }) => ({ ref, dependsOn: [ready], cause })),
    ],
    paused: keeping.map(({ replica }) => replica.container).filter(({ state }) => state === 'paused'),
    stops: stopping.flatMap(({ stops }) => stops.slice(0, 1)),
    removals,
    order: made.length > 0 ? order : undefined,
    disturbance:
      replaced.length > 0 ? 'replaced' : kept.some(({ stops }) => stops.length > 0) ? 'restarted' : undefined,
  };
}

interface Judged {
  readonly replica: Replica;
  readonly differences: readonly Difference[];
}
const isUpToDate = ({ differences }: Judged): boolean => differences.length === 0;

/** Every replica there is, with what is wrong with it, in order of their numbers. */
function judge(context: ServiceContext, service: Service, peers: Blueprint['peers']): Judged[] {
  const around = surroundings(context, peers);
  const policy = policyFor(service, context.options);
  return (context.sorted.replicas.get(service.name) ?? []).map((replica) => ({
    replica,
    differences: orInterrupted(differencesOf(service, replica.container, policy, around), replica, policy),
  }));
}

/**
 * A container that runs beside a replacement that never took over may be on its way down: the engine carries a stop out
 * though the command that asked for it was killed. Replacing it again ends well in either case.
 */
function orInterrupted(
  differences: readonly Difference[],
  { interrupted, container }: Replica,
  policy: RecreatePolicy,
): readonly Difference[] {
  const unsure = interrupted && isUp(container) && differences.length === 0 && policy !== 'never';
  return unsure ? ['interrupted'] : differences;
}

const surroundings = (context: ServiceContext, peers: Readonly<Record<string, ContainerRef>>): Surroundings => ({
  project: context.project,
  observation: context.observation,
  replacedNetworks: new Set(context.networks.removed.keys()),
  replacedVolumes: new Set(context.volumes.removed.keys()),
  peerIds: Object.fromEntries(Object.entries(peers).map(([name, ref]) => [name, 'id' in ref ? ref.id : undefined])),
});

const policyFor = (service: Service, options: UpOptions): RecreatePolicy =>
  options.services.length === 0 || options.services.includes(service.name)
    ? options.recreate
    : options.recreateDependencies;

const nameOf = ({ project, options }: ServiceContext, service: Service, number: number): string =>
  service.container_name ?? containerName(project.name, service.name, number, options.separator);

const inOrderOfNumbers = (all: readonly { readonly ref: ContainerRef; readonly number: number }[]): ContainerRef[] =>
  [...all].sort((a, b) => a.number - b.number).map(({ ref }) => ref);

function replace(
  context: ServiceContext,
  blueprint: Blueprint,
  { replica, differences }: Judged,
  order: ReplacementOrder,
): Made<Replaced> {
  const { plan, options } = context;
  const { service } = blueprint;
  const { number } = replica;
  const name = nameOf(context, service, number);
  const cause = describe(differences);
  verdict(plan, service, name, 'recreate', cause, differences);
  const replaced = addReplacement(plan, blueprint, replica, {
    name,
    cause,
    order,
    timeoutSeconds: options.timeoutSeconds,
    carriedVolumes: options.renewAnonymousVolumes ? [] : carriedVolumes(service, replica.container),
  });
  return { ...replaced, number, cause };
}

/** Replicas that are wanted beyond those there are, numbered above the highest. */
function createMissing(context: ServiceContext, blueprint: Blueprint, there: readonly Judged[]): Made<Prepared>[] {
  const { service } = blueprint;
  const wanted = scaleOf(service);
  const highest = Math.max(0, ...there.map(({ replica }) => replica.number));
  const cause = there.length === 0 ? 'missing' : `scale ${there.length} → ${wanted}`;
  return Array.from({ length: Math.max(0, wanted - there.length) }, (_, index) => {
    const number = highest + 1 + index;
    const name = nameOf(context, service, number);
    verdict(context.plan, service, name, 'create', cause, []);
    return { ...addCreate(context.plan, blueprint, name, number, cause), number, cause };
  });
}

function removeSurplus({ plan, options }: ServiceContext, service: Service, replica: Replica): StepId {
  const { container } = replica;
  const cause = `scale down to ${scaleOf(service)}`;
  verdict(plan, service, container.name, 'remove', cause, []);
  return addStopAndRemove(plan, { container, service, cause, timeoutSeconds: options.timeoutSeconds, volumes: false })
    .removed;
}

/** Who shares a namespace with a container that goes early has to go as early. */
function replacementOrder(context: ServiceContext, service: Service, replacing: readonly Judged[]): ReplacementOrder {
  const { networks, volumes, results, project } = context;
  const gone = (keys: Iterable<string>, named: Readonly<Record<string, { readonly name: string }>>): Set<string> =>
    new Set([...keys].map((key) => named[key]?.name ?? key));
  const goneVolumes = gone(volumes.removed.keys(), project.volumes);
  const goneNetworks = gone(networks.removed.keys(), project.networks);
  const peers = peersOf(service).map((peer) => results.get(peer)?.order);
  const holdsVolume =
    (service.volumes ?? []).some(({ source }) => source !== undefined && volumes.removed.has(source)) ||
    replacing.some(({ replica: { container } }) => container.mounts.some(({ name }) => goneVolumes.has(name)));
  if (holdsVolume || peers.includes('remove-first')) return 'remove-first';
  const holdsNetwork =
    Object.keys(service.networks ?? {}).some((key) => networks.removed.has(key)) ||
    replacing.some(({ replica: { container } }) =>
      Object.keys(container.networks).some((name) => goneNetworks.has(name)),
    );
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
