// Pushing an image: its layers, its configuration, and the manifest that names them; for several platforms, the index of those.
import type { RegistryClient } from '../../../registry/client.ts';
import { familiarName, type Reference } from '../../../registry/reference.ts';
import { hexOf } from './digest.ts';
import { AS_DOCKER, type Document, indexOf, type Packed, packImage } from './manifests.ts';
import type { PullProgress } from './pull.ts';
import type { Image, ImageLayer, ImageStore } from './store.ts';

/** Uploads what the registry lacks of an image, or of one for several platforms. Plain layers travel compressed. */
export async function pushImage(
  store: ImageStore,
  client: RegistryClient,
  images: readonly Image[],
  reference: Reference,
  progress: PullProgress,
): Promise<{ digest: string; size: number }> {
  const packed: Packed[] = [];
  const preparing = (layer: ImageLayer): void =>
    progress({ status: 'Preparing', progressDetail: {}, id: shortId(layer) });
  try {
    for (const image of images) packed.push(await packImage(store, image, AS_DOCKER, preparing));
    const [only] = packed;
    const top = packed.length === 1 && only ? only.manifest : indexOf(packed, AS_DOCKER);
    await pushPacked(store, client, { packed, top, reference: reference.tag ?? 'latest' }, progress);
    const { digest, size } = top.descriptor;
    await noteDigest(store, images, `${familiarName(reference)}@${digest}`);
    return { digest, size };
  } finally {
    for (const one of packed) await one.release();
  }
}

export interface PackedPush {
  readonly packed: readonly Packed[];
  /** What the name leads to: the only manifest, or the index. */
  readonly top: Document;
  /** Tag, or digest where it gets no tag. */
  readonly reference: string;
}

/** Uploads images that are packed, and what names them. */
export async function pushPacked(
  store: ImageStore,
  client: RegistryClient,
  { packed, top, reference }: PackedPush,
  progress: PullProgress,
): Promise<void> {
  for (const { blobs, manifest } of packed) {
    for (const { digest, layer } of blobs) {
      const known = await client.hasBlob(digest);
      if (!known) await client.putBlob(digest, () => store.blobStream(digest));
      if (layer)
        progress({ status: known ? 'Layer already exists' : 'Pushed', progressDetail: {}, id: shortId(layer) });
    }
    const { descriptor, text } = manifest;
    if (manifest !== top) await client.putManifest(descriptor.digest, descriptor.mediaType, text);
  }
  await client.putManifest(reference, top.descriptor.mediaType, top.text);
}

/** From now on the images are known by that `name@digest`. */
export async function noteDigest(store: ImageStore, images: readonly Image[], repoDigest: string): Promise<void> {
  for (const { id, layers } of images)
    await store.addImage((await store.readBlob(id)).toString('utf8'), layers, [repoDigest]);
}

const shortId = (layer: ImageLayer): string => hexOf(layer.diffId).slice(0, 12);
