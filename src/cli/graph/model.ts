// The picture of a project as data: services in layers, what they wait for, and what they share.
import { byBytes } from '../../go-json.ts';
import type { Port, Project, Service } from '../../model.ts';
import { builtImageName } from '../../names.ts';

/** How a service fares; `absent`: it has no container. */
export type Health = 'healthy' | 'running' | 'starting' | 'unhealthy' | 'completed' | 'failed' | 'stopped' | 'absent';

export interface ServiceNode {
  readonly name: string;
  readonly image: string;
  /** `127.0.0.1:8080→80/tcp` */
  readonly ports: readonly string[];
  readonly networks: readonly string[];
  /** Named volumes, by key. */
  readonly volumes: readonly string[];
  readonly dependsOn: readonly Dependency[];
  /** 0: depends on nothing. Above everything it depends on. */
  readonly layer: number;
  /** Undefined unless somebody looked. */
  readonly health?: Health;
}

export interface Dependency {
  readonly service: string;
  /** `started`, `healthy`, `completed`. */
  readonly until: string;
  readonly required: boolean;
}

export interface StackGraph {
  readonly project: string;
  /** In order of their layers, then of their names. */
  readonly services: readonly ServiceNode[];
  /** Those that a service uses, sorted. */
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

/** The graph of the enabled services. A project that was loaded has no cycles. */
export function stackGraph(project: Project, health: Readonly<Record<string, Health>> = {}): StackGraph {
  const layers = new Map<string, number>();
  const layerOf = (name: string): number => {
    const known = layers.get(name);
    if (known !== undefined) return known;
    const below = edgesOf(project, project.services[name]).map(({ service }) => layerOf(service) + 1);
    const layer = Math.max(0, ...below);
    layers.set(name, layer);
    return layer;
  };
  const services = Object.values(project.services)
    .map((service) => nodeOf(project, service, layerOf(service.name), health[service.name]))
    .sort((a, b) => a.layer - b.layer || byBytes(a.name, b.name));
  const used = (pick: (node: ServiceNode) => readonly string[]) => [...new Set(services.flatMap(pick))].sort(byBytes);
  return {
    project: project.name,
    services,
    networks: used(({ networks }) => networks),
    volumes: used(({ volumes }) => volumes),
  };
}

function nodeOf(project: Project, service: Service, layer: number, health: Health | undefined): ServiceNode {
  const volumes = (service.volumes ?? []).flatMap(({ type, source }) => (type === 'volume' && source ? [source] : []));
  return {
    name: service.name,
    image:
      service.provider === undefined
        ? (service.image ?? builtImageName(project.name, service.name))
        : `provider ${service.provider.type}`,
    ports: (service.ports ?? []).map(portText),
    networks: Object.keys(service.networks ?? {}).sort(byBytes),
    volumes: [...new Set(volumes)].sort(byBytes),
    dependsOn: edgesOf(project, service),
    layer,
    ...(health === undefined ? {} : { health }),
  };
}

const edgesOf = (project: Project, service: Service | undefined): Dependency[] =>
  Object.entries(service?.depends_on ?? {})
    .filter(([name]) => project.services[name] !== undefined)
    .sort(([a], [b]) => byBytes(a, b))
    .map(([name, { condition, required }]) => ({
      service: name,
      until: condition.replace(/^service_/, '').replace(/_successfully$/, ''),
      required: required !== false,
    }));

const portText = ({ host_ip: ip, published, target, protocol }: Port): string =>
  `${[ip, published || 'any'].filter(Boolean).join(':')}→${target}/${protocol ?? 'tcp'}`;
