// A container's root file system: overlayfs over the image's layers with one writable layer of its own.
import type { NativeHost } from '../host.ts';
import type { ContainerPaths } from '../paths.ts';

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
