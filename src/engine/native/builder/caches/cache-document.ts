// A cache that travels: an OCI manifest whose configuration tells which step led to which layer, and whose layers those are.
// Keys are this builder's own (cache.ts), so it serves engines of this kind alone. Pure.
import { type Descriptor, type Document, documentOf } from '../../images/manifests.ts';
import type { ImageLayer } from '../../images/store.ts';
import type { CacheEntry } from '../cache.ts';

export const CACHE_CONFIG = 'application/vnd.windlass.buildcache.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** What a step has led to. */
export type TravelledEntry = Pick<CacheEntry, 'key' | 'created' | 'text'> & { readonly layer?: ImageLayer };

interface Config {
  readonly mediaType: string;
  readonly steps: readonly { key: string; created: string; text: string; layer?: string }[];
  readonly layers: readonly ImageLayer[];
}

export interface CacheDocuments {
  readonly config: Document;
  readonly manifest: Document;
}

/** `entries` with their layers as they travel: `blob` is what is in the registry. */
export function cacheDocuments(entries: readonly TravelledEntry[]): CacheDocuments {
  const layers = [...new Map(entries.flatMap(({ layer }) => (layer ? [[layer.diffId, layer] as const] : []))).values()];
  const steps = entries.map(({ key, created, text, layer }) => ({
    ...{ key, created, text },
    ...(layer ? { layer: layer.diffId } : {}),
  }));
  const config = documentOf({ mediaType: CACHE_CONFIG, steps, layers });
  const manifest = documentOf({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: config.descriptor,
    layers: layers.map(({ blob, blobSize, mediaType }) => ({ mediaType, digest: blob, size: blobSize })),
  });
  return { config, manifest };
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** What a configuration holds. @throws Error where it is of another kind, or made to mislead */
export function readCacheConfig(text: string): TravelledEntry[] {
  const { mediaType, steps, layers } = JSON.parse(text) as Partial<Config>;
  if (mediaType !== CACHE_CONFIG || !Array.isArray(steps) || !Array.isArray(layers))
    throw new Error('it is of another kind');
  const known = new Map<string, ImageLayer>();
  for (const { diffId, blob, blobSize, mediaType: type } of layers as Partial<ImageLayer>[]) {
    if (!DIGEST.test(String(diffId)) || !DIGEST.test(String(blob))) throw new Error('it holds an invalid digest');
    known.set(String(diffId), {
      ...{ diffId: String(diffId), blob: String(blob), blobSize: Number(blobSize), mediaType: String(type) },
    });
  }
  return (steps as Config['steps']).map(({ key, created, text: said, layer }) => {
    const found = layer === undefined ? undefined : known.get(layer);
    if (layer !== undefined && !found) throw new Error('it names a layer that it does not have');
    return { key: String(key), created: String(created), text: String(said), ...(found ? { layer: found } : {}) };
  });
}

/** The configuration that a manifest names, where it is one of a cache or of an image. */
export function configOf(manifest: string): Descriptor | undefined {
  const { config } = JSON.parse(manifest) as { config?: Descriptor };
  return config && DIGEST.test(config.digest) ? config : undefined;
}
