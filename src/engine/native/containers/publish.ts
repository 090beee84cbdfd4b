// The ports a container publishes: what was asked for, and what of the host is taken for it.
import { isIP } from 'node:net';
import type { NetworkService } from '../networks/service.ts';
import { badRequest } from '../server/api-error.ts';
import { publishingLease } from './endpoints.ts';
import type { ContainerRecord, PublishedPort } from './types.ts';

interface WantedPort {
  readonly containerPort: number;
  readonly protocol: PublishedPort['protocol'];
  /** Empty: every address of the host, of both families. */
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
      hostIp: hostAddress(host.HostIp ?? ''),
      ...parseHostPort(host.HostPort ?? ''),
    })),
  );
  if (all) {
    const bound = new Set(Object.keys(bindings ?? {}));
    for (const port of Object.keys(record.config.ExposedPorts ?? {}))
      if (!bound.has(port)) wanted.push({ ...parsePort(port), hostIp: '', from: 0, to: 0 });
  }
  return wanted.sort((a, b) => a.containerPort - b.containerPort);
}

/** `[::1]` and `::1` are the same; a name of a host is no address. */
function hostAddress(text: string): string {
  const address = text.replace(/^\[(.*)\]$/, '$1');
  if (address !== '' && isIP(address) === 0) throw badRequest(`invalid IP address: "${text}"`);
  return address;
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
  if (!match || from < 1 || to > 65535 || to < from) throw badRequest(`invalid port specification: "${text}"`);
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
  const lease = publishingLease(record);
  if (!lease) return [];
  const binding = networks.hostBinding(record, lease);
  const wanted = known
    ? known.map((port) => ({ ...port, from: port.hostPort, to: port.hostPort }))
    : wantedPorts(record).map((port) => ({ ...port, hostIp: port.hostIp || binding }));
  const opened: PublishedPort[] = [];
  const take = async (port: WantedPort, hostIp: string): Promise<number> => {
    const { containerPort, protocol, from, to } = port;
    const target = { address: lease.address, address6: lease.address6, port: containerPort };
    const hostPort = await networks.ports.reserve(protocol, hostIp, from, to, target);
    opened.push({ containerPort, protocol, hostIp, hostPort });
    return hostPort;
  };
  try {
    for (const port of wanted) {
      const hostPort = await take(port, port.hostIp || '0.0.0.0');
      // Both families with one number; where the host has no IPv6, or somebody else that port, IPv4 is what was promised.
      if (port.hostIp === '') await take({ ...port, from: hostPort, to: hostPort }, '::').catch(() => undefined);
    }
  } catch (error) {
    if (!known) for (const port of opened) networks.ports.release(port.protocol, port.hostIp, port.hostPort);
    throw error;
  }
  return opened;
}
