// `docker save`: an archive with manifest.json, an OCI layout, configurations and layers, each blob once.
import { type LayoutImage, layoutArchive } from './layout.ts';
import { AS_DOCKER, indexOf, type PackOptions, packImage } from './manifests.ts';
import type { Image, ImageStore } from './store.ts';

export interface SavedImage {
  readonly image: Image;
  readonly tags: readonly string[];
  /** For other platforms, by the same name. */
  readonly others?: readonly Image[];
}

/** Layers are kept as they came, compressed or not: every reader tells by their first bytes. */
const AS_KEPT: PackOptions = { ...AS_DOCKER, oci: true, compression: 'uncompressed' };

/** The archive in pieces. */
export async function* saveArchive(store: ImageStore, saved: readonly SavedImage[]): AsyncGenerator<Buffer> {
  const images: LayoutImage[] = [];
  for (const { image, tags, others = [] } of saved) {
    // Nothing is made anew, so that there is nothing to release.
    const packed = await Promise.all([image, ...others].map((one) => packImage(store, one, AS_KEPT)));
    const [only] = packed;
    images.push({ packed, names: tags, top: packed.length === 1 && only ? only.manifest : indexOf(packed, AS_KEPT) });
  }
  yield* layoutArchive(store, images, { forDocker: true });
}
