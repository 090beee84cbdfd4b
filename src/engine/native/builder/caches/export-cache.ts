// `cache_to`: the steps of a build, with their layers, to a registry or to a folder of the client.
import { Readable } from 'node:stream';
import { type Document, packLayer } from '../../images/manifests.ts';
import type { ImageStore } from '../../images/store.ts';
import type { Made } from '../builder.ts';
import { cacheDocuments, type TravelledEntry } from './cache-document.ts';

/** Where a cache goes: blobs first, the manifest that names them at last. */
export interface CacheTarget {
  has(digest: string): Promise<boolean>;
  put(digest: string, size: number, open: () => Readable): Promise<void>;
  manifest(document: Document): Promise<void>;
}

/** `min`: only what the result itself stands on; `max`: every step, of all stages. */
export type CacheMode = 'min' | 'max';

/** Sends the cache of a build; returns the manifest. */
export async function exportCache(
  store: ImageStore,
  { steps, states }: Pick<Made, 'steps' | 'states'>,
  mode: CacheMode,
  target: CacheTarget,
): Promise<Document> {
  const inResult = new Set(states.flatMap(({ chain }) => chain.map(({ diffId }) => diffId)));
  const chosen = steps.filter(({ layer }) => mode === 'max' || !layer || inResult.has(layer.diffId));
  const entries: TravelledEntry[] = [];
  const sent = new Map<string, TravelledEntry['layer']>();
  for (const { key, created, text, layer } of chosen) {
    if (layer && !sent.has(layer.diffId)) {
      const packed = await packLayer(store, layer);
      const { blob, blobSize } = packed.layer;
      try {
        if (!(await target.has(blob))) await target.put(blob, blobSize, () => store.blobStream(blob));
      } finally {
        await packed.release();
      }
      sent.set(layer.diffId, packed.layer);
    }
    const travelled = layer && sent.get(layer.diffId);
    entries.push({ key, created, text, ...(travelled ? { layer: travelled } : {}) });
  }
  const { config, manifest } = cacheDocuments(entries);
  const { digest, size } = config.descriptor;
  if (!(await target.has(digest))) await target.put(digest, size, () => Readable.from([Buffer.from(config.text)]));
  await target.manifest(manifest);
  return manifest;
}
