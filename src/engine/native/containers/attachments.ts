// Joining and leaving a network: at once when the container runs, with its next start otherwise.
import { DEFAULT_NETWORK, type NetworkRecord } from '../networks/record.ts';
import { ApiError } from '../server/api-error.ts';
import { leasesOf, memberOf, withoutNone } from './endpoints.ts';
import type { LifecycleParts } from './lifecycle-parts.ts';
import { type Endpoint, type EndpointSettings, isLive } from './types.ts';

/** Throws Docker's 403 where the container cannot join or has joined already. */
export async function attach(
  parts: LifecycleParts,
  id: string,
  network: NetworkRecord,
  settings: EndpointSettings,
): Promise<void> {
  const { store, networks, paths } = parts;
  const record = store.find(id);
  const mode = record.hostConfig.NetworkMode ?? 'default';
  if (mode === 'host' || mode.startsWith('container:') || network.driver !== 'bridge')
    throw new ApiError(
      403,
      `container cannot be connected to network "${network.name}": its network mode is "${mode}"`,
    );
  if (record.endpoints[network.name])
    throw new ApiError(403, `endpoint with name ${record.name} already exists in network ${network.name}`);
  const aliases = network.name === DEFAULT_NETWORK ? settings.Aliases : [...(settings.Aliases ?? []), id.slice(0, 12)];
  const live = isLive(record.state.status);
  const taken = leasesOf(record).map(({ lease }) => Number(lease.interfaceName.slice(3)));
  const lease = live ? networks.lease(network, settings, Math.max(-1, ...taken) + 1) : undefined;
  const endpoint: Endpoint = {
    networkId: network.id,
    networkName: network.name,
    settings: { ...settings, ...(aliases ? { Aliases: aliases } : {}) },
    ...(lease ? { lease } : {}),
  };
  if (lease) {
    try {
      await networks.plug(paths.container(id).netns, [{ endpoint, lease }], taken.length === 0);
    } catch (error) {
      networks.release(network.id, lease);
      throw error;
    }
  }
  const after = store.update(id, (current) => ({
    ...current,
    endpoints: { ...withoutNone(current.endpoints), [network.name]: endpoint },
  }));
  if (live) await networks.join(memberOf(after));
  await store.save(id);
}

/** Throws Docker's 403 where the container is not on the network. */
export async function detach(parts: LifecycleParts, id: string, network: NetworkRecord): Promise<void> {
  const { store, networks } = parts;
  const record = store.find(id);
  const endpoint = record.endpoints[network.name];
  if (!endpoint) throw new ApiError(403, `container ${record.id} is not connected to network ${network.name}`);
  if (endpoint.lease) {
    await networks.unplug([endpoint.lease]);
    networks.release(network.id, endpoint.lease);
  }
  const after = store.update(id, (current) => {
    const { [network.name]: _, ...rest } = current.endpoints;
    return { ...current, endpoints: rest };
  });
  if (isLive(record.state.status)) await networks.join(memberOf(after));
  await store.save(id);
}
