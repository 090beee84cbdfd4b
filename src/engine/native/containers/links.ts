// What a container on the default network, which has no resolver, is told of those it is linked to: lines of /etc/hosts, and
// variables, `DB_PORT=tcp://172.17.0.2:5432` and the like. Both as in Docker. Pure.
import { DEFAULT_NETWORK } from '../networks/record.ts';
import { leasesOf } from './endpoints.ts';
import type { ContainerRecord } from './types.ts';

interface Link {
  readonly alias: string;
  readonly other: ContainerRecord;
  readonly address: string;
}

/** `all` are the engine's containers; those that do not run have no address and are left out. */
export function linksOf(record: ContainerRecord, all: readonly ContainerRecord[]): Link[] {
  if (!record.endpoints[DEFAULT_NETWORK]) return [];
  return (record.hostConfig.Links ?? []).flatMap((link) => {
    const [target = '', alias = target] = link.replace(/^\//, '').split(':');
    const other = all.find((candidate) => candidate.name === target || candidate.id.startsWith(target));
    const lease = other && leasesOf(other)[0]?.lease;
    return other && lease ? [{ alias: alias.replace(/^\//, ''), other, address: lease.address }] : [];
  });
}

export const linkedHosts = (links: readonly Link[]): { address: string; names: string[] }[] =>
  links.map(({ alias, other, address }) => ({
    address,
    names: [...new Set([alias, other.config.Hostname ?? '', other.name])],
  }));

/** Of the linked one's ports those that it exposes, and its own variables but for the two that every image sets. */
export function linkVariables(record: ContainerRecord, links: readonly Link[]): string[] {
  return links.flatMap(({ alias, other, address }) => {
    const prefix = alias.toUpperCase().replaceAll('-', '_');
    const ports = Object.keys(other.config.ExposedPorts ?? {})
      .map(portOf)
      .sort((a, b) => a.port - b.port || a.protocol.localeCompare(b.protocol));
    const [first] = ports;
    const url = ({ port, protocol }: Port): string => `${protocol}://${address}:${port}`;
    return [
      ...(first ? [`${prefix}_PORT=${url(first)}`] : []),
      ...ports.flatMap((port) => {
        const name = `${prefix}_PORT_${port.port}_${port.protocol.toUpperCase()}`;
        return [
          `${name}=${url(port)}`,
          `${name}_ADDR=${address}`,
          `${name}_PORT=${port.port}`,
          `${name}_PROTO=${port.protocol}`,
        ];
      }),
      `${prefix}_NAME=/${record.name}/${alias}`,
      ...(other.config.Env ?? [])
        .filter((entry) => entry.includes('=') && !/^(?:HOME|PATH)=/.test(entry))
        .map((entry) => `${prefix}_ENV_${entry}`),
    ];
  });
}

interface Port {
  readonly port: number;
  readonly protocol: string;
}

function portOf(text: string): Port {
  const [port = '', protocol = 'tcp'] = text.split('/');
  return { port: Number(port), protocol };
}
