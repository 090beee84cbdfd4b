// What every container of a service is created with, and after which steps it can be.
import { WindlassError } from '../errors.ts';
import type { Service } from '../model.ts';
import { refTo } from './container-steps.ts';
import { linkedContainers, linksOf } from './links.ts';
import { peersOf } from './peers.ts';
import type { ContainerRef, StepId } from './plan.ts';
import { preStartImages } from './pre-start.ts';
import type { ServiceContext } from './service-context.ts';
import { dependenciesOf, imageOf } from './services.ts';

export interface Blueprint {
  readonly service: Service;
  readonly peers: Readonly<Record<string, ContainerRef>>;
  readonly links: (number: number) => readonly string[];
  readonly contentHash: string | undefined;
  /** Images, networks, volumes and the containers it refers to. */
  readonly dependsOn: readonly StepId[];
  readonly after: readonly StepId[];
}

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
      ...preStartImages(service).flatMap((image) => images.get(image) ?? []),
      ...steps(networks.created, Object.keys(service.networks ?? {}).sort()),
      ...steps(
        volumes.created,
        mounts.flatMap(({ type, source }) => (type === 'volume' && source ? [source] : [])),
      ),
      ...Object.values(peers).flatMap((ref) => ('createdBy' in ref ? [ref.createdBy] : [])),
      // Outside networks of its own the engine looks for linked containers at once.
      ...(service.network_mode === undefined ? [] : linkedContainers(context, service)).flatMap((ref) =>
        'createdBy' in ref ? [ref.createdBy] : [],
      ),
      ...steps(
        providers,
        dependenciesOf(project, service).map(([name]) => name),
      ),
    ],
    // A fixed name may still be taken by an orphan.
    after: service.container_name === undefined ? [] : context.orphansGone,
  };
}

/** What a service wants of another, in docker compose's words. */
function sharedWith(service: Service, peer: string): string {
  const isMeant = (mode: string | undefined): boolean => mode === `service:${peer}`;
  if (isMeant(service.network_mode)) return 'network namespace';
  if (isMeant(service.ipc)) return 'IPC namespace';
  if (isMeant(service.pid)) return 'PID namespace';
  return 'volume';
}

/** The first container of every service this one refers to: planned by this plan, or there already. */
export function peerRefs({ results, sorted }: ServiceContext, service: Service): Record<string, ContainerRef> {
  const refs: Record<string, ContainerRef> = {};
  for (const peer of peersOf(service)) {
    const [existing] = sorted.replicas.get(peer) ?? [];
    const ref = results.get(peer)?.containers[0] ?? (existing === undefined ? undefined : refTo(existing.container));
    if (ref === undefined)
      throw new WindlassError(
        'PLAN_NO_PEER',
        `service "${service.name}" cannot share ${sharedWith(service, peer)} with service ${peer}: container missing`,
        { hint: `let "${peer}" have at least one replica` },
      );
    refs[peer] = ref;
  }
  return refs;
}
