// The PORTS column: published and exposed ports in docker's words, neighbours joined to ranges.
import type { ObservedPort } from '../../engine/engine.ts';

interface Group {
  first: number;
  last: number;
}

const joinHostPort = (host: string, port: string): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

function groupText(hostIp: string, protocol: string, group: Group): string {
  const range = group.first === group.last ? String(group.first) : `${group.first}-${group.last}`;
  return `${hostIp === '' ? range : `${joinHostPort(hostIp, range)}->${range}`}/${protocol}`;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** By container port, host address, host port, protocol. */
const comparePorts = (a: ObservedPort, b: ObservedPort): number =>
  a.containerPort - b.containerPort ||
  byText(a.hostIp, b.hostIp) ||
  a.hostPort - b.hostPort ||
  byText(a.protocol, b.protocol);

/** `0.0.0.0:8080->80/tcp, 9000-9002/tcp`. Ports published under their own number are joined to ranges and come first. */
export function displayPorts(ports: readonly ObservedPort[]): string {
  const groups = new Map<string, { hostIp: string; protocol: string; group: Group }>();
  const closed: string[] = [];
  const mapped: string[] = [];
  for (const port of [...ports].sort(comparePorts)) {
    const { hostIp, containerPort, hostPort, protocol } = port;
    if (hostIp !== '' && hostPort !== containerPort) {
      mapped.push(`${joinHostPort(hostIp, String(hostPort))}->${containerPort}/${protocol}`);
      continue;
    }
    const key = `${hostIp}/${protocol}`;
    const open = groups.get(key);
    if (open !== undefined && containerPort === open.group.last + 1) open.group.last = containerPort;
    else if (open === undefined)
      groups.set(key, { hostIp, protocol, group: { first: containerPort, last: containerPort } });
    else {
      closed.push(groupText(hostIp, protocol, open.group));
      open.group = { first: containerPort, last: containerPort };
    }
  }
  const rest = [...groups.values()].map(({ hostIp, protocol, group }) => groupText(hostIp, protocol, group));
  return [...closed, ...rest, ...mapped].join(', ');
}
