// A record's attachments to networks, looked at in the ways that its life needs. Pure.
import type { Member } from '../networks/members.ts';
import type { ContainerRecord, Endpoint, Lease, PublishedPort } from './types.ts';

/** The attachments that have an address now. */
export const leasesOf = (record: ContainerRecord): { endpoint: Endpoint; lease: Lease }[] =>
  Object.values(record.endpoints).flatMap((endpoint) => (endpoint.lease ? [{ endpoint, lease: endpoint.lease }] : []));

/** Where its cgroup is, below the root of every hierarchy. */
export const cgroupOf = (record: ContainerRecord): string =>
  `${record.hostConfig.CgroupParent || '/windlass'}/${record.id}`;

/** As it is when it does not run. */
export const withoutLeases = (endpoints: ContainerRecord['endpoints']): Record<string, Endpoint> =>
  Object.fromEntries(Object.entries(endpoints).map(([name, { lease: _, ...endpoint }]) => [name, endpoint]));

/** A container of the network "none" leaves it when it joins a real one. */
export const withoutNone = (endpoints: ContainerRecord['endpoints']): Record<string, Endpoint> =>
  Object.fromEntries(Object.entries(endpoints).filter(([name]) => name !== 'none'));

/** What the networks need to know of a running container. */
export function memberOf(record: ContainerRecord): Member {
  const leases = leasesOf(record);
  const address = leases[0]?.lease.address;
  const published =
    address === undefined
      ? []
      : record.ports.filter((port) => !port.hostIp.includes(':')).map((port: PublishedPort) => ({ ...port, address }));
  return { record, leases, published };
}
