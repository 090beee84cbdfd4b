// A container from its record to a running process: addresses, root file system, network, bundle, monitor.
import { messageOf } from '../../../errors.ts';
import { timestamp } from '../names.ts';
import { allSettled } from '../serial.ts';
import { writeBundle } from './bundle.ts';
import { createThroughMonitor } from './create-process.ts';
import { leasesOf, memberOf } from './endpoints.ts';
import type { LifecycleTools } from './lifecycle-parts.ts';
import { processStart } from './process.ts';
import { openPorts } from './publish.ts';
import { mountRecordRootfs, unmountRootfs } from './rootfs.ts';
import { mountSharedMemory } from './shared-memory.ts';
import { type ContainerRecord, type Endpoint, NEVER } from './types.ts';
import { nameDomain, requireMapping, sharedUserNamespace } from './user-namespace.ts';
import { prepareVolumes } from './volume-mounts.ts';

/**
 * Starts a container that does not run. `created` is called when its monitor takes input and its first process does not run
 * yet. On failure the record tells what has to be taken down (take-down.ts).
 */
export async function launch(
  tools: LifecycleTools,
  record: ContainerRecord,
  created: (record: ContainerRecord) => void,
): Promise<void> {
  const { host, store, paths, runtime } = tools;
  const { id } = record;
  const container = paths.container(id);
  requireMapping(tools, record);
  const sharedUsers = await sharedUserNamespace(tools, record);
  const leased = leaseAll(tools, record);
  const mode = record.hostConfig.NetworkMode ?? 'default';
  const ownNetns = mode !== 'host' && !mode.startsWith('container:');
  const holding = ownNetns ? host.kernel.holdNetworkNamespace(sharedUsers ?? record.ids) : undefined;
  try {
    const [network] = await allSettled([
      holding,
      mountRecordRootfs(tools, record).then(() => prepareVolumes(host, tools.volumes, record, container.rootfs)),
    ]);
    await mountSharedMemory(host, record, container);
    const spec = await writeBundle(tools, leased, container, {
      network: network?.path,
      users: sharedUsers ?? network?.users,
    });
    // The runtime needs the namespace, not what is plugged into it: both are made at once.
    const [pid, withPorts] = await allSettled([
      createThroughMonitor(host, paths, runtime.maker(record), leased),
      connectAll(tools, leased, network?.path),
    ]);
    const pidStart = await processStart(host, pid);
    if (pidStart === undefined) throw new Error('the container ended before it was started');
    await nameDomain(host, record, pid);
    created(withPorts);
    void runtime.learnFrom(id, spec);
    store.updateState(id, {
      status: 'running',
      pid,
      pidStart,
      exitCode: 0,
      error: '',
      oomKilled: false,
      stoppedByUser: false,
      startedAt: timestamp(),
      finishedAt: record.state.startedAt === NEVER ? NEVER : record.state.finishedAt,
    });
    // An engine that dies here leaves a container that its record does not know to run: the next one takes it down.
    // The container has the mount in its own namespace by now. On the host it would only make every further start slower,
    // since each copies the host's mounts and reads their list.
    await allSettled([store.save(id), runtime.start(id), unmountRootfs(host, container)]);
  } catch (error) {
    store.update(id, (current) => ({ ...current, endpoints: leased.endpoints }));
    throw error;
  } finally {
    await holding?.then(
      (network) => network.release(),
      () => undefined,
    );
  }
}

/** The record with an address on each of its networks. */
function leaseAll({ networks }: LifecycleTools, record: ContainerRecord): ContainerRecord {
  const endpoints: Record<string, Endpoint> = {};
  let index = 0;
  try {
    for (const [name, endpoint] of Object.entries(record.endpoints)) {
      // Without an id the network was not there when the container was made.
      const network = networks.find(endpoint.networkId || endpoint.networkName);
      const lease = networks.lease(network, endpoint.settings, index);
      if (lease) index += 1;
      endpoints[name] = { ...endpoint, networkId: network.id, ...(lease ? { lease } : {}) };
    }
  } catch (error) {
    for (const endpoint of Object.values(endpoints))
      if (endpoint.lease) networks.release(endpoint.networkId, endpoint.lease);
    throw error;
  }
  return { ...record, endpoints };
}

/** Plugs a container into its networks, opens its ports and makes its names known. */
async function connectAll(
  { networks, store }: LifecycleTools,
  leased: ContainerRecord,
  netns: string | undefined,
): Promise<ContainerRecord> {
  const [ports] = await allSettled([
    openPorts(networks, leased),
    netns === undefined ? undefined : networks.plug(netns, leasesOf(leased)),
  ]);
  const withPorts = store.note(leased.id, (current) => ({ ...current, endpoints: leased.endpoints, ports }));
  await networks.join(memberOf(withPorts));
  return withPorts;
}

export interface StartFailure {
  readonly exitCode: number;
  readonly message: string;
  readonly error: unknown;
}

/** Exit codes as Docker's: 127 the program is not there, 126 it cannot be run, 128 anything else. */
export function startFailure(error: unknown): StartFailure {
  const message = messageOf(error);
  const missing = /executable file not found|no such file or directory|not a directory/i.test(message);
  const exitCode = missing ? 127 : /permission denied|is a directory|exec format error/i.test(message) ? 126 : 128;
  return { exitCode, message, error };
}
