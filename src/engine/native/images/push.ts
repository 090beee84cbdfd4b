// Pushing an image: its layers, its configuration, and the manifest that names them.
import { pipeline, type Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { RegistryClient } from '../../../registry/client.ts';
import { familiarName, type Reference } from '../../../registry/reference.ts';
import type { PullProgress } from './pull.ts';
import { hexOf, type Image, type ImageStore, LAYER_GZIP, LAYER_TAR } from './store.ts';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const CONFIG = 'application/vnd.docker.container.image.v1+json';

/** Uploads what the registry lacks. Layers that were imported as plain archives travel compressed. */
export async function pushImage(
  store: ImageStore,
  client: RegistryClient,
  image: Image,
  reference: Reference,
  progress: PullProgress,
): Promise<{ digest: string; size: number }> {
  const layers: { mediaType: string; size: number; digest: string }[] = [];
  for (const layer of image.layers) {
    const id = hexOf(layer.diffId).slice(0, 12);
    progress({ status: 'Preparing', progressDetail: {}, id });
    const plain = layer.mediaType === LAYER_TAR;
    const { digest, size } = plain
      ? await store.putBlob(compressed(store.blobStream(layer.blob)))
      : { digest: layer.blob, size: layer.blobSize };
    try {
      const known = await client.hasBlob(digest);
      if (!known) await client.putBlob(digest, () => store.blobStream(digest));
      progress({ status: known ? 'Layer already exists' : 'Pushed', progressDetail: {}, id });
      layers.push({ mediaType: plain ? LAYER_GZIP : layer.mediaType, size, digest });
    } finally {
      if (plain) await store.dropBlob(digest);
    }
  }
  const config = await store.readBlob(image.id);
  if (!(await client.hasBlob(image.id))) await client.putBlob(image.id, () => store.blobStream(image.id));
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, size: config.length, digest: image.id },
    layers,
  };
  const text = JSON.stringify(manifest, undefined, 3);
  const digest = await client.putManifest(reference.tag ?? 'latest', MANIFEST, text);
  await store.addImage(config.toString('utf8'), image.layers, [`${familiarName(reference)}@${digest}`]);
  return { digest, size: Buffer.byteLength(text) };
}

/** Errors of the source, which may be deleted meanwhile, reach whoever reads. */
const compressed = (source: Readable): Readable =>
  pipeline(source, createGzip(), () => {
    // The result itself tells.
  });
