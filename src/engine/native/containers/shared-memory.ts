// /dev/shm of containers that share their IPC namespace: one file system in memory on the host, which all of them have mounted.
import type { NativeHost } from '../host.ts';
import { MS_NODEV, MS_NOEXEC, MS_NOSUID } from '../kernel.ts';
import type { ContainerPaths, Paths } from '../paths.ts';
import { conflict } from '../server/api-error.ts';
import { rootIds } from '../user-namespaces/id-mapping.ts';
import { DEFAULT_SHM_BYTES } from './oci-mounts.ts';
import type { ContainerStore } from './store.ts';
import { type ContainerRecord, isLive } from './types.ts';

/** Mounts the memory of a container that others may join; nothing to do for any other. */
export async function mountSharedMemory(
  host: NativeHost,
  record: ContainerRecord,
  { shm }: ContainerPaths,
): Promise<void> {
  if (record.hostConfig.IpcMode !== 'shareable') return;
  const { uid, gid } = rootIds(record.ids);
  await host.files.mkdir(shm, { recursive: true, mode: 0o711 });
  await host.kernel.mount({
    source: 'shm',
    target: shm,
    type: 'tmpfs',
    flags: MS_NOSUID | MS_NODEV | MS_NOEXEC,
    data: `mode=1777,uid=${uid},gid=${gid},size=${record.hostConfig.ShmSize || DEFAULT_SHM_BYTES}`,
  });
}

/** The host's folder for a container's /dev/shm; undefined where it has memory of its own. Throws Docker's refusals. */
export function sharedMemoryOf(
  { store, paths }: { readonly store: ContainerStore; readonly paths: Paths },
  record: ContainerRecord,
): string | undefined {
  const mode = record.hostConfig.IpcMode ?? '';
  if (mode === 'host') return '/dev/shm';
  if (mode === 'shareable') return paths.container(record.id).shm;
  if (!mode.startsWith('container:')) return undefined;
  const donor = store.find(mode.slice('container:'.length));
  if (!isLive(donor.state.status)) throw conflict(`cannot join IPC of a non running container: ${donor.id}`);
  if (donor.hostConfig.IpcMode === 'host') return '/dev/shm';
  if (donor.hostConfig.IpcMode !== 'shareable')
    throw conflict(
      `cannot join IPC of a container ${donor.id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
    );
  return paths.container(donor.id).shm;
}
