// What stands around a container's processes, taken down: after their end, after a start that failed, and after an engine that
// was cut short.
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { cgroupOf, isFixed, leasesOf, withoutLeases } from './endpoints.ts';
import type { LifecycleTools } from './lifecycle-parts.ts';
import { removeBundle, unmountRootfs } from './rootfs.ts';
import type { ContainerRecord } from './types.ts';
import { releaseVolumes } from './volume-mounts.ts';

/**
 * Every step is tried, whether or not another fails; repeating it is no failure. The record is changed in memory alone: the caller
 * has more to change, and writes it.
 */
export async function takeDown(tools: LifecycleTools, record: ContainerRecord): Promise<void> {
  const { host, networks, paths, store, runtime, volumes } = tools;
  const container = paths.container(record.id);
  const current = store.get(record.id) ?? record;
  const leases = leasesOf(current);
  const tried = (step: Promise<unknown>): Promise<unknown> =>
    step.catch((error: unknown) => debug('lifecycle', () => messageOf(error)));
  // The kernel takes 20 ms and more to let go of an interface. Who waits for the container's end need not wait for that, unless
  // somebody may ask for this very address next.
  const patient = !leases.some(({ endpoint }) => isFixed(endpoint));
  const unplugged = tried(
    networks.unplug(
      leases.map(({ lease }) => lease),
      { patient },
    ),
  ).then(() => {
    for (const { endpoint, lease } of leases) networks.release(endpoint.networkId, lease);
  });
  await Promise.all([
    tried(networks.leave(record.id)),
    tried(runtime.delete(record.id, cgroupOf(record))),
    tried(unmountRootfs(host, container)),
    tried(host.kernel.unmount(container.shm)),
    tried(releaseVolumes(volumes, record)),
    patient ? undefined : unplugged,
  ]);
  for (const port of current.ports) networks.ports.release(port.protocol, port.hostIp, port.hostPort);
  await tried(removeBundle(host, container));
  if (store.get(record.id)) store.note(record.id, (r) => ({ ...r, endpoints: withoutLeases(r.endpoints), ports: [] }));
}
