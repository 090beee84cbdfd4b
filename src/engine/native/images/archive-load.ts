// `docker load`: an archive made by `docker save` (legacy or with an OCI layout inside), or an OCI layout.
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { decompressed } from '../../../archive/compression.ts';
import { tarContents } from '../../../archive/tar-contents.ts';
import { WindlassError } from '../../../errors.ts';
import { familiarTag, parseReference } from '../../../registry/reference.ts';
import type { NativeHost } from '../host.ts';
import { allSettled } from '../serial.ts';
import { legacyImages } from './archive-legacy.ts';
import { parseImageConfig } from './image-config.ts';
import { type Image, type ImageLayer, type ImageStore, LAYER_GZIP, LAYER_TAR } from './store.ts';

export interface LoadedImage {
  readonly image: Image;
  /** Names given to it, `name:tag`. */
  readonly tags: readonly string[];
}

/** One image of an archive: paths within it, and the configuration where the archive has none as such. */
interface ArchiveImage {
  readonly config: string;
  readonly configText?: string;
  readonly layers: readonly string[];
  readonly tags: readonly string[];
}

/**
 * Loads every image of an archive. A name of several images means the one for this machine's `architecture`, and stands for the others.
 */
export async function loadArchive(
  host: NativeHost,
  store: ImageStore,
  archive: Readable,
  architecture: string,
): Promise<LoadedImage[]> {
  const spool = await store.spool();
  try {
    const { stream } = await decompressed(archive);
    const contents = await spoolArchive(stream, spool);
    const loaded: { readonly image: Image; readonly names: readonly string[] }[] = [];
    for (const entry of await listImages(host, contents)) loaded.push(await loadImage(host, store, contents, entry));
    return await nameImages(store, loaded, architecture);
  } finally {
    await host.files.rm(spool, { recursive: true, force: true });
  }
}

type Contents = ReadonlyMap<string, string>;

/** Path in the archive → spooled file. */
async function spoolArchive(stream: Readable, spool: string): Promise<Contents> {
  let files = 0;
  return tarContents(stream, async (content) => {
    const file = join(spool, String(files++));
    await pipeline(Readable.from(content), createWriteStream(file, { mode: 0o600 }));
    return file;
  });
}

async function readJson(host: NativeHost, contents: Contents, path: string): Promise<unknown> {
  const file = contents.get(path);
  if (file === undefined) throw new WindlassError('IMAGE_ARCHIVE', `image archive has no "${path}"`);
  return JSON.parse(await host.files.readFile(file, 'utf8'));
}

async function listImages(host: NativeHost, contents: Contents): Promise<ArchiveImage[]> {
  // Of an image for several platforms the older list names but one.
  if (contents.has('manifest.json') && !(await hasIndexes(host, contents))) {
    const manifest = (await readJson(host, contents, 'manifest.json')) as {
      Config: string;
      RepoTags: string[] | null;
      Layers: string[];
    }[];
    if (!Array.isArray(manifest)) throw new WindlassError('IMAGE_ARCHIVE', 'manifest.json is not a list');
    return manifest.map((entry) => ({ config: entry.Config, layers: entry.Layers ?? [], tags: entry.RepoTags ?? [] }));
  }
  if (contents.has('index.json')) return listLayout(host, contents, 'index.json', []);
  if (contents.has('repositories')) {
    const archive = {
      readJson: (path: string) => readJson(host, contents, path),
      file: (path: string) => contents.get(path),
    };
    const images = await legacyImages(archive);
    return images.map(({ config, ...image }) => ({ ...image, config: 'repositories', configText: config }));
  }
  throw new WindlassError('IMAGE_ARCHIVE', 'image archive has neither manifest.json nor index.json', {
    hint: 'for a plain file system archive, use "docker import"',
  });
}

/** Whether the layout has an image for several platforms in it. */
async function hasIndexes(host: NativeHost, contents: Contents): Promise<boolean> {
  if (!contents.has('index.json')) return false;
  const { manifests = [] } = (await readJson(host, contents, 'index.json')) as { manifests?: Descriptor[] };
  return manifests.some(({ mediaType = '' }) => /\bimage\.index\.|manifest\.list\./.test(mediaType));
}

interface Descriptor {
  readonly digest: string;
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly os?: string; readonly architecture?: string };
}

const blobIn = (digest: string): string => `blobs/${digest.replace(':', '/')}`;

/** Follows an OCI index, and indexes within it, to the manifests that are there. */
async function listLayout(
  host: NativeHost,
  contents: Contents,
  path: string,
  tags: readonly string[],
): Promise<ArchiveImage[]> {
  const document = (await readJson(host, contents, path)) as {
    manifests?: Descriptor[];
    config?: Descriptor;
    layers?: Descriptor[];
  };
  if (document.config)
    return [
      { config: blobIn(document.config.digest), layers: (document.layers ?? []).map((l) => blobIn(l.digest)), tags },
    ];
  const images: ArchiveImage[] = [];
  for (const entry of document.manifests ?? []) {
    if (!contents.has(blobIn(entry.digest))) continue;
    const architecture = entry.platform?.architecture;
    if (architecture === 'unknown') continue; // an attestation
    const name =
      entry.annotations?.['io.containerd.image.name'] ?? entry.annotations?.['org.opencontainers.image.ref.name'];
    images.push(...(await listLayout(host, contents, blobIn(entry.digest), name === undefined ? tags : [name])));
  }
  return images;
}

async function loadImage(
  host: NativeHost,
  store: ImageStore,
  contents: Contents,
  entry: ArchiveImage,
): Promise<{ readonly image: Image; readonly names: readonly string[] }> {
  const configFile = contents.get(entry.config);
  if (configFile === undefined) throw new WindlassError('IMAGE_ARCHIVE', `image archive has no "${entry.config}"`);
  const configText = entry.configText ?? (await host.files.readFile(configFile, 'utf8'));
  const { diff_ids: diffIds } = parseImageConfig(configText).rootfs;
  if (diffIds.length !== entry.layers.length)
    throw new WindlassError(
      'IMAGE_ARCHIVE',
      `image "${entry.config}" names ${diffIds.length} layers, its archive has ${entry.layers.length}`,
    );
  const files = entry.layers.map((path) => {
    const file = contents.get(path);
    if (file === undefined) throw new WindlassError('IMAGE_ARCHIVE', `image archive has no "${path}"`);
    return file;
  });
  const kept: ImageLayer[] = [];
  // Another image with these layers may be removed meanwhile.
  const release = store.keep(() => kept);
  try {
    // All are waited for: the spooled files go when this is over.
    const layers = await allSettled(
      files.map(async (file, index): Promise<ImageLayer> => {
        const layer = await keepLayer(store, file, diffIds[index] ?? '');
        kept.push(layer);
        await store.ensureLayer(layer.diffId, layer.blob);
        return layer;
      }),
    );
    return { image: await store.addImage(configText, layers), names: entry.tags };
  } finally {
    release();
  }
}

async function keepLayer(store: ImageStore, file: string, diffId: string): Promise<ImageLayer> {
  const probe = await decompressed(createReadStream(file));
  probe.stream.destroy();
  const { digest: blob, size: blobSize } = await store.putBlob(createReadStream(file));
  return { diffId, blob, blobSize, mediaType: probe.compression === 'gzip' ? LAYER_GZIP : LAYER_TAR };
}

async function nameImages(
  store: ImageStore,
  loaded: readonly { readonly image: Image; readonly names: readonly string[] }[],
  architecture: string,
): Promise<LoadedImage[]> {
  const named = new Map<string, Image[]>();
  for (const { image, names } of loaded)
    for (const name of names) {
      const reference = parseReference(name);
      if (!reference) continue;
      const tag = familiarTag(reference);
      named.set(tag, [...(named.get(tag) ?? []), image]);
    }
  const result: LoadedImage[] = [];
  for (const [tag, images] of named) {
    const main = images.find(({ config }) => config.architecture === architecture) ?? images[0];
    if (!main) continue;
    await store.setReference(
      tag,
      main.id,
      images.map(({ id }) => id),
    );
    const known = result.findIndex(({ image }) => image === main);
    if (known < 0) result.push({ image: main, tags: [tag] });
    else result[known] = { image: main, tags: [...(result[known]?.tags ?? []), tag] };
  }
  const nameless = loaded.filter(({ names }) => names.length === 0);
  return [...result, ...nameless.map(({ image }) => ({ image, tags: [] }))];
}
