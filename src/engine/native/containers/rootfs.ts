// A container's root file system: overlayfs over the image's layers with one writable layer of its own.
import type { NativeHost } from '../host.ts';
import { hexOf, type ImageStore } from '../images/store.ts';
import type { ContainerPaths, Paths } from '../paths.ts';
import type { ContainerStore } from './store.ts';
import { type ContainerRecord, isLive } from './types.ts';

export interface RootfsRequest {
  readonly container: ContainerPaths;
  /** Names of the layers, topmost first, relative to `lowerDirectory`. */
  readonly lowerNames: readonly string[];
  readonly lowerDirectory: string;
}

/** Overlayfs options. The layers are relative names, so that 120 of them fit the one page the kernel reads. */
export function overlayOptions(request: RootfsRequest): string {
  const { container, lowerNames } = request;
  return [
    `lowerdir=${lowerNames.map(escaped).join(':')}`,
    `upperdir=${escaped(container.upper)}`,
    `workdir=${escaped(container.work)}`,
  ].join(',');
}

/** Separators of the option text itself. */
const escaped = (path: string): string => path.replace(/[\\:,]/g, (character) => `\\${character}`);

export async function mountRootfs(host: NativeHost, request: RootfsRequest): Promise<void> {
  await host.kernel.mount({
    source: 'overlay',
    target: request.container.rootfs,
    type: 'overlay',
    data: overlayOptions(request),
    directory: request.lowerDirectory,
  });
}

export const unmountRootfs = (host: NativeHost, container: ContainerPaths): Promise<void> =>
  host.kernel.unmount(container.rootfs);

export interface RootfsParts {
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly images: ImageStore;
  readonly store: ContainerStore;
}

/** Mounts a container's root file system at its place. */
export async function mountRecordRootfs(parts: RootfsParts, record: ContainerRecord): Promise<void> {
  const { host, images, paths } = parts;
  const lowerNames = [...new Set([...record.layers].reverse())].map((diffId) => hexOf(diffId).slice(0, 16));
  await mountRootfs(host, {
    container: paths.container(record.id),
    lowerNames,
    lowerDirectory: images.lowerDirectory,
  });
}

/** Calls `use` with the root of a container's files: as it sees them when it runs, mounted for the while otherwise. */
export async function withRootfs<T>(parts: RootfsParts, id: string, use: (root: string) => Promise<T>): Promise<T> {
  const { host, store, paths } = parts;
  const record = store.find(id);
  if (isLive(record.state.status)) return use(`/proc/${record.state.pid}/root`);
  const container = paths.container(id);
  for (const path of [container.rootfs, container.upper, container.work])
    await host.files.mkdir(path, { recursive: true, mode: 0o711 });
  await mountRecordRootfs(parts, record);
  try {
    return await use(container.rootfs);
  } finally {
    await unmountRootfs(host, container);
    await host.files.rm(container.bundle, { recursive: true, force: true });
  }
}
