// What stands around a container's processes, taken down: after their end, after a start that failed, and after an engine that
// was cut short.
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { cgroupOf, leasesOf, withoutLeases } from './endpoints.ts';
import type { LifecycleTools } from './lifecycle-parts.ts';
import { removeBundle, unmountRootfs } from './rootfs.ts';
import type { ContainerRecord } from './types.ts';
import { releaseVolumes } from './volume-mounts.ts';

/** Every step is tried, whether or not another fails; repeating it is no failure. */
export async function takeDown(tools: LifecycleTools, record: ContainerRecord): Promise<void> {
  const { host, networks, paths, store, runtime, volumes } = tools;
  const container = paths.container(record.id);
  const current = store.get(record.id) ?? record;
  const steps: (() => Promise<unknown>)[] = [
    () => networks.leave(record.id),
    () => runtime.delete(record.id, cgroupOf(record)),
    () => networks.unplug(leasesOf(current).map(({ lease }) => lease)),
    () => unmountRootfs(host, container),
    () => host.kernel.unmount(container.shm),
    () => releaseVolumes(volumes, record),
  ];
  await Promise.all(steps.map((step) => step().catch((error: unknown) => debug('lifecycle', () => messageOf(error)))));
  for (const port of current.ports) networks.ports.release(port.protocol, port.hostIp, port.hostPort);
  for (const { endpoint, lease } of leasesOf(current)) networks.release(endpoint.networkId, lease);
  await removeBundle(host, container).catch((error: unknown) => debug('lifecycle', () => messageOf(error)));
  if (store.get(record.id))
    store.update(record.id, (r) => ({ ...r, endpoints: withoutLeases(r.endpoints), ports: [] }));
}
