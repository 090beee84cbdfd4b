// Joining and leaving networks: at once when the container runs, with its next start otherwise. What follows from it (where
// everything else is reached, which address published ports lead to, the container's own names) follows at once too.
import { exists, readIfExists } from '../host.ts';
import { checkSettings } from '../networks/addresses.ts';
import { gatewayOf } from '../networks/plug.ts';
import type { NetworkRecord } from '../networks/record.ts';
import { badRequest, forbidden } from '../server/api-error.ts';
import { addressesOf, aliasesOn, leasesOf, memberOf, withoutNone } from './endpoints.ts';
import { ownLines, resolvConf } from './etc-files.ts';
import type { LifecycleParts } from './lifecycle-parts.ts';
import { isSameProcess, networkNamespaceOf } from './process.ts';
import { openPorts } from './publish.ts';
import { type ContainerRecord, type Endpoint, type EndpointSettings, isLive, type Lease } from './types.ts';

/** Throws Docker's 403 where the container cannot join or has joined already. */
export async function attach(
  parts: LifecycleParts,
  id: string,
  network: NetworkRecord,
  settings: EndpointSettings,
): Promise<void> {
  const { networks, store } = parts;
  const record = store.find(id);
  const mode = record.hostConfig.NetworkMode ?? 'default';
  if (mode === 'host' || mode.startsWith('container:'))
    throw badRequest(
      'container sharing network namespace with another container or host cannot be connected to any other network',
    );
  if (network.driver === 'host')
    throw badRequest('container cannot be disconnected from host network or connected to host network');
  if (network.driver === 'null')
    throw badRequest(
      'container cannot be connected to multiple networks with one of the networks in private (none) mode',
    );
  if (record.endpoints[network.name])
    throw forbidden(`endpoint with name ${record.name} already exists in network ${network.name}`);
  checkSettings(network, settings);
  const aliases = aliasesOn(network, settings.Aliases, {
    id,
    name: record.name,
    hostname: record.config.Hostname ?? '',
  });
  const live = await runs(parts, record);
  const before = leasesOf(record);
  const lease = live ? networks.lease(network, settings, nextIndex(before)) : undefined;
  const endpoint: Endpoint = {
    networkId: network.id,
    networkName: network.name,
    settings: { ...settings, ...aliases },
    ...(lease ? { lease } : {}),
  };
  if (lease) {
    try {
      await networks.plug(networkNamespaceOf(record), [{ endpoint, lease }], before);
    } catch (error) {
      // What was plugged in halfway would be in the way of another attempt.
      await networks.unplug([lease]).catch(() => undefined);
      networks.release(network.id, lease);
      // It has just ended: then it joins with its next start.
      if (!(await runs(parts, record))) return attach(parts, id, network, settings);
      throw error;
    }
  }
  store.update(id, (current) => ({
    ...current,
    endpoints: { ...withoutNone(current.endpoints), [network.name]: endpoint },
  }));
  if (live) await settle(parts, id, record, { come: lease });
  await store.save(id);
}

/** Throws Docker's 403 where the container is not on the network. */
export async function detach(parts: LifecycleParts, id: string, network: NetworkRecord): Promise<void> {
  const { networks, store } = parts;
  const record = store.find(id);
  const endpoint = record.endpoints[network.name];
  if (!endpoint) throw forbidden(`container ${record.id} is not connected to network ${network.name}`);
  const left = leasesOf(record).filter((one) => one.endpoint !== endpoint);
  if (endpoint.lease) {
    try {
      await networks.unplugOne(networkNamespaceOf(record), { endpoint, lease: endpoint.lease }, left);
    } catch (error) {
      // It has just ended: what was plugged in goes with its namespace.
      if (await runs(parts, record)) throw error;
    }
    networks.release(network.id, endpoint.lease);
  }
  store.update(id, (current) => {
    const { [network.name]: _, ...rest } = current.endpoints;
    return { ...current, endpoints: rest };
  });
  if (await runs(parts, record)) await settle(parts, id, record, { gone: endpoint.lease });
  await store.save(id);
}

/**
 * Whether there is a process to be plugged in: a record is live until the end of its process has been dealt with, and a process that
 * ends lets go of its namespaces first.
 */
const runs = async ({ host }: LifecycleParts, record: ContainerRecord): Promise<boolean> =>
  isLive(record.state.status) &&
  (await isSameProcess(host, record.state.pid, record.state.pidStart)) &&
  exists(host.files, networkNamespaceOf(record));

/** Interfaces are numbered; the next number is one above all there are. */
const nextIndex = (leases: readonly { readonly lease: Lease }[]): number =>
  Math.max(-1, ...leases.map(({ lease }) => Number(/\d+$/.exec(lease.interfaceName)?.[0] ?? -1))) + 1;

/** Makes the rest follow: published ports lead to the gateway's network, names are known, /etc/hosts tells the addresses. */
async function settle(
  parts: LifecycleParts,
  id: string,
  before: ContainerRecord,
  change: { readonly come?: Lease | undefined; readonly gone?: Lease | undefined },
): Promise<void> {
  const { networks, store } = parts;
  const [was, is] = [before, store.find(id)].map((record) => gatewayOf(leasesOf(record))?.lease.address);
  if (was !== is) {
    for (const port of before.ports) networks.ports.release(port.protocol, port.hostIp, port.hostPort);
    // Ports that were open keep their numbers; where there were none yet, the ones that were asked for are taken.
    const known = before.ports.length > 0 ? before.ports : undefined;
    const ports = is === undefined ? [] : await openPorts(networks, store.find(id), known);
    store.update(id, (current) => ({ ...current, ports }));
  }
  await networks.join(memberOf(store.find(id)));
  await rewriteHosts(parts, store.find(id), change);
  await rewriteResolvConf(parts, before, store.find(id));
}

/** The first network with a resolver brings it, the last one takes it away. */
async function rewriteResolvConf(
  { host, networks, paths }: LifecycleParts,
  before: ContainerRecord,
  record: ContainerRecord,
): Promise<void> {
  const [had, has] = [before, record].map((one) =>
    networks.hasResolver(leasesOf(one).map((l) => l.endpoint.networkId)),
  );
  if (had === has) return;
  const hostText = (await readIfExists(host.files, '/etc/resolv.conf')) ?? '';
  await host.files.writeFile(
    paths.container(record.id).resolvConf,
    resolvConf(hostText, record.hostConfig, has === true),
  );
}

/** Lines for addresses that came or went; what the container itself wrote there stays. The file is mounted: it keeps its inode. */
async function rewriteHosts(
  parts: LifecycleParts,
  record: ContainerRecord,
  { come, gone }: { readonly come?: Lease | undefined; readonly gone?: Lease | undefined },
): Promise<void> {
  const path = parts.paths.container(record.id).hosts;
  const text = await readIfExists(parts.host.files, path);
  if (text === undefined) return;
  const removed = new Set([gone?.address, gone?.address6]);
  const kept = text.split('\n').filter((line) => line !== '' && !removed.has(line.split(/\s/, 1)[0] ?? ''));
  const { Hostname: hostname = '', Domainname: domainname = '' } = record.config;
  const added = come ? ownLines({ hostname, domainname, addresses: addressesOf([come]) }) : [];
  await parts.host.files.writeFile(path, `${[...kept, ...added].join('\n')}\n`);
}
