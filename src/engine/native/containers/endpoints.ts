// A record's attachments to networks, looked at in the ways that its life needs. Pure.
import type { Member } from '../networks/members.ts';
import { gatewayOf } from '../networks/plug.ts';
import { DEFAULT_NETWORK, type NetworkRecord } from '../networks/record.ts';
import type { ContainerRecord, Endpoint, Lease, PublishedPort } from './types.ts';

/** The attachments that have an address now. */
export const leasesOf = (record: ContainerRecord): { endpoint: Endpoint; lease: Lease }[] =>
  Object.values(record.endpoints).flatMap((endpoint) => (endpoint.lease ? [{ endpoint, lease: endpoint.lease }] : []));

/** Where its cgroup is, below the root of every hierarchy. */
export const cgroupOf = (record: ContainerRecord): string =>
  `${record.hostConfig.CgroupParent || '/windlass'}/${record.id}`;

/**
 * The aliases a container has on a network: those that were asked for and, where names are resolved, its short id and its own
 * host name, as in Docker.
 */
export function aliasesOn(
  network: Pick<NetworkRecord, 'name' | 'driver'>,
  given: readonly string[] | null | undefined,
  { id, name, hostname }: { readonly id: string; readonly name: string; readonly hostname: string },
): { Aliases?: string[] } {
  const resolved = network.name !== DEFAULT_NETWORK && ['bridge', 'macvlan', 'ipvlan'].includes(network.driver);
  if (!resolved) return given ? { Aliases: [...given] } : {};
  const own = hostname === '' || hostname === name ? [] : [hostname];
  return { Aliases: [...new Set([...(given ?? []), id.slice(0, 12), ...own])] };
}

/** Whether its user chose the address. */
export const isFixed = ({ settings }: Endpoint): boolean =>
  Boolean(settings.IPAMConfig?.IPv4Address || settings.IPAMConfig?.IPv6Address);

/** As it is when it does not run. */
export const withoutLeases = (endpoints: ContainerRecord['endpoints']): Record<string, Endpoint> =>
  Object.fromEntries(Object.entries(endpoints).map(([name, { lease: _, ...endpoint }]) => [name, endpoint]));

/** A container of the network "none" leaves it when it joins a real one. */
export const withoutNone = (endpoints: ContainerRecord['endpoints']): Record<string, Endpoint> =>
  Object.fromEntries(Object.entries(endpoints).filter(([name]) => name !== 'none'));

/** IPv4 and IPv6 addresses, in the order of the attachments. */
export const addressesOf = (leases: readonly Lease[]): string[] =>
  leases.flatMap(({ address, address6 }) => (address6 === undefined ? [address] : [address, address6]));

/** The attachment that published ports lead to; networks without a bridge have no way for them. */
export const publishingLease = (record: ContainerRecord): Lease | undefined =>
  gatewayOf(leasesOf(record).filter(({ lease }) => lease.hostInterface !== ''))?.lease;

/** What the networks need to know of a running container. */
export function memberOf(record: ContainerRecord): Member {
  const lease = publishingLease(record);
  const published = record.ports.flatMap((port: PublishedPort) => {
    const address = port.hostIp.includes(':') ? lease?.address6 : lease?.address;
    return address === undefined ? [] : [{ ...port, address }];
  });
  return { record, leases: leasesOf(record), published };
}
