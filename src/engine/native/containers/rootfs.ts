// A container's root file system: overlayfs over the image's layers with one writable layer of its own.
import { join } from 'node:path';
import { hasCode, type NativeHost } from '../host.ts';
import { lowerNames } from '../images/digest.ts';
import type { ImageStore } from '../images/store.ts';
import type { ContainerPaths, Paths } from '../paths.ts';
import type { MappedLayers } from '../user-namespaces/mapped-layers.ts';
import { rootOf } from './process.ts';
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

async function mountRootfs(host: NativeHost, request: RootfsRequest): Promise<void> {
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

/** Removes what was there for one run. Fails where the root file system is mounted still: its files are the container's own. */
export async function removeBundle(host: NativeHost, container: ContainerPaths): Promise<void> {
  if (await host.kernel.clear(container.bundle).catch(() => false)) return;
  await host.files.rmdir(container.rootfs).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });
  // A probe may be putting its files there just now: what was added while removing is removed in another go.
  await host.files.rm(container.bundle, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}

export interface RootfsParts {
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly images: ImageStore;
  readonly store: ContainerStore;
  readonly mappedLayers: MappedLayers;
}

/** Mounts a container's root file system at its place, which is made. */
export async function mountRecordRootfs(parts: RootfsParts, record: ContainerRecord): Promise<void> {
  const { host, images, paths } = parts;
  const container = paths.container(record.id);
  const lower = lowerNames(record.layers);
  const lowerDirectory = await parts.mappedLayers.seen(images.lowerDirectory, record.ids);
  await Promise.all([
    host.files.mkdir(container.rootfs, { recursive: true, mode: 0o711 }),
    makeWritable(host, container, join(lowerDirectory, lower[0] ?? '')),
  ]);
  await mountRootfs(host, { container, lowerNames: lower, lowerDirectory });
}

/** The folders of the writable layer, unless they are there. Its own is what "/" looks like inside: as the image's. */
async function makeWritable(host: NativeHost, container: ContainerPaths, top: string): Promise<void> {
  const made = async (path: string, mode: number): Promise<boolean> =>
    host.files.mkdir(path, { mode }).then(
      () => true,
      (error: unknown) => {
        if (hasCode(error, 'EEXIST')) return false;
        throw error;
      },
    );
  await made(container.work, 0o700);
  if (!(await made(container.upper, 0o755))) return;
  const { mode, uid, gid } = await host.files.stat(top);
  if ((mode & 0o7777) !== 0o755) await host.files.chmod(container.upper, mode & 0o7777);
  if (uid !== 0 || gid !== 0) await host.files.chown(container.upper, uid, gid);
}

/** Where a container's files are on the host. */
export interface FilesOfContainer {
  readonly root: string;
  /** A file that leads to the user namespace in which they have their owners; absent for the host's. */
  readonly users?: string;
}

/** Calls `use` with a container's files: as it sees them when it runs, mounted for the while otherwise. */
export async function withRootfs<T>(
  parts: RootfsParts,
  id: string,
  use: (files: FilesOfContainer) => Promise<T>,
): Promise<T> {
  const { host, store, paths } = parts;
  const record = store.find(id);
  const { ids } = record;
  if (isLive(record.state.status))
    return use({ root: rootOf(record), ...(ids && { users: `/proc/${record.state.pid}/ns/user` }) });
  const container = paths.container(id);
  await mountRecordRootfs(parts, record);
  const held = ids && (await host.kernel.holdUserNamespace(ids));
  try {
    return await use({ root: container.rootfs, ...(held && { users: held.path }) });
  } finally {
    await held?.release();
    await unmountRootfs(host, container);
    await removeBundle(host, container);
  }
}
