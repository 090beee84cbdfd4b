// The ports a container publishes: what was asked for, and what of the host is taken for it.
import type { NetworkService } from '../networks/service.ts';
import { badRequest } from '../server/api-error.ts';
import type { ContainerRecord, PublishedPort } from './types.ts';

interface WantedPort {
  readonly containerPort: number;
  readonly protocol: PublishedPort['protocol'];
  readonly hostIp: string;
  /** 0 = any. */
  readonly from: number;
  readonly to: number;
}

/** Port bindings and, with `PublishAllPorts`, every exposed port, in the order of their numbers. Pure. */
export function wantedPorts(record: ContainerRecord): WantedPort[] {
  const { PortBindings: bindings = {}, PublishAllPorts: all } = record.hostConfig;
  const wanted = Object.entries(bindings ?? {}).flatMap(([port, hosts]) =>
    (hosts ?? []).map((host) => ({
      ...parsePort(port),
      hostIp: host.HostIp || '0.0.0.0',
      ...parseHostPort(host.HostPort ?? ''),
    })),
  );
  if (all) {
    const bound = new Set(Object.keys(bindings ?? {}));
    for (const port of Object.keys(record.config.ExposedPorts ?? {}))
      if (!bound.has(port)) wanted.push({ ...parsePort(port), hostIp: '0.0.0.0', from: 0, to: 0 });
  }
  return wanted.sort((a, b) => a.containerPort - b.containerPort);
}

/** `80/tcp`; without a protocol it is TCP. */
export function parsePort(text: string): { containerPort: number; protocol: PublishedPort['protocol'] } {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const containerPort = Number(match?.[1] ?? 0);
  if (!match || containerPort < 1 || containerPort > 65535) throw badRequest(`invalid port specification: "${text}"`);
  return { containerPort, protocol: (match[2] ?? 'tcp').toLowerCase() as PublishedPort['protocol'] };
}

/** Empty, `8080`, or `8000-8010`. */
function parseHostPort(text: string): { from: number; to: number } {
  if (text === '' || text === '0') return { from: 0, to: 0 };
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const from = Number(match?.[1] ?? 0);
  const to = Number(match?.[2] ?? from);
  if (!match || from < 1 || to > 65535 || to < from) throw badRequest(`invalid port range: "${text}"`);
  return { from, to };
}

/**
 * Takes the host's ports for a container that has its addresses; all or none. `known` are the ports of a container that
 * runs already, to be taken again by a new engine.
 */
export async function openPorts(
  networks: NetworkService,
  record: ContainerRecord,
  known?: readonly PublishedPort[],
): Promise<PublishedPort[]> {
  const address = Object.values(record.endpoints).find((endpoint) => endpoint.lease)?.lease?.address;
  if (address === undefined) return [];
  const opened: PublishedPort[] = [];
  const wanted = known
    ? known.map((port) => ({ ...port, from: port.hostPort, to: port.hostPort }))
    : wantedPorts(record);
  try {
    for (const { containerPort, protocol, hostIp, from, to } of wanted) {
      const hostPort = await networks.ports.reserve(protocol, hostIp, from, to, { address, port: containerPort });
      opened.push({ containerPort, protocol, hostIp, hostPort });
    }
  } catch (error) {
    if (!known) for (const port of opened) networks.ports.release(port.protocol, port.hostIp, port.hostPort);
    throw error;
  }
  return opened;
}
