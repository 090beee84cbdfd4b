// `cache_from`: caches that the client named, found in registries or in its own folders.
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { messageOf } from '../../../../errors.ts';
import type { Credentials } from '../../../../registry/auth.ts';
import type { RegistryClient } from '../../../../registry/client.ts';
import { parseReference } from '../../../../registry/reference.ts';
import type { Registries } from '../../../../registry/registries.ts';
import { type ImageConfig, parseImageConfig } from '../../images/image-config.ts';
import { findImage } from '../../images/lookup.ts';
import { resolveManifest } from '../../images/pull.ts';
import type { ImageLayer, ImageStore } from '../../images/store.ts';
import { CACHE_CONFIG, configOf } from './cache-document.ts';
import { fetchLayer, ImportedCache, type ReadBlob } from './imported-cache.ts';

/** An image whose history and layers stand for a cache. */
export interface CacheImage {
  readonly config: ImageConfig;
  readonly layers: readonly ImageLayer[];
  /** Brings one of its layers here. */
  fetch(layer: ImageLayer): Promise<boolean>;
}

export interface Imports {
  readonly caches: readonly ImportedCache[];
  readonly images: readonly CacheImage[];
}

export type CacheSource =
  | { readonly type: 'registry'; readonly reference: string }
  | { readonly type: 'local'; readonly digest: string; readonly read: ReadBlob };

export interface ImportParts {
  readonly images: ImageStore;
  readonly registries: Registries;
  readonly architecture: string;
  readonly credentials: (registry: string) => Promise<Credentials>;
}

/** Larger ones are none. */
const MAX_CONFIG_BYTES = 64 * 1024 * 1024;

/** Reads what the sources know. One that cannot be had is told to `warn` and left out. */
export async function importCaches(
  parts: ImportParts,
  sources: readonly CacheSource[],
  warn: (text: string) => void,
): Promise<Imports> {
  const caches: ImportedCache[] = [];
  const images: CacheImage[] = [];
  for (const source of sources) {
    const name = source.type === 'registry' ? source.reference : source.digest;
    const here = source.type === 'registry' ? findImage(parts.images, name) : undefined;
    if (here) {
      images.push({ config: here.config, layers: here.layers, fetch: () => Promise.resolve(true) });
      continue;
    }
    try {
      const { manifest, read } =
        source.type === 'registry'
          ? await fromRegistry(parts, source.reference)
          : { manifest: await text(source.read, source.digest), read: source.read };
      const config = configOf(manifest);
      if (!config) throw new Error('it is neither a cache nor an image');
      const content = await text(read, config.digest);
      if (config.mediaType === CACHE_CONFIG) caches.push(new ImportedCache(parts.images, content, read));
      else images.push(cacheImage(parts.images, manifest, content, read));
    } catch (error) {
      warn(`the cache "${name}" is not used: ${messageOf(error)}`);
    }
  }
  return { caches, images };
}

async function fromRegistry(
  { registries, architecture, credentials }: ImportParts,
  name: string,
): Promise<{ readonly manifest: string; readonly read: ReadBlob }> {
  const given = parseReference(name);
  if (!given) throw new Error('invalid reference format');
  const reference = given.tag === undefined && given.digest === undefined ? { ...given, tag: 'latest' } : given;
  const client: RegistryClient = await registries.client(reference, await credentials(reference.registry));
  const { manifest } = await resolveManifest(client, { reference, platform: undefined, architecture });
  return { manifest: manifest.text, read: async (digest) => (await client.blob(digest)).stream };
}

async function text(read: ReadBlob, digest: string): Promise<string> {
  let bytes = 0;
  const bounded = Readable.from(
    (async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of await read(digest)) {
        bytes += (chunk as Buffer).length;
        if (bytes > MAX_CONFIG_BYTES) throw new Error(`it is larger than ${MAX_CONFIG_BYTES} bytes`);
        yield chunk as Buffer;
      }
    })(),
    { objectMode: false },
  );
  return (await buffer(bounded)).toString('utf8');
}

function cacheImage(store: ImageStore, manifest: string, content: string, read: ReadBlob): CacheImage {
  const config = parseImageConfig(content);
  const { layers = [] } = JSON.parse(manifest) as {
    layers?: readonly { readonly digest: string; readonly size: number; readonly mediaType: string }[];
  };
  if (layers.length !== config.rootfs.diff_ids.length) throw new Error('its layers are not those of its configuration');
  const known = layers.map(
    ({ digest, size, mediaType }, index): ImageLayer => ({
      ...{ diffId: config.rootfs.diff_ids[index] ?? '', blob: digest, blobSize: size, mediaType },
    }),
  );
  return { config, layers: known, fetch: (layer) => fetchLayer(store, layer, read) };
}
