// Images as registries and layouts have them: a manifest names a configuration and layers, an index names manifests by platform.
import { createHash } from 'node:crypto';
import { pipeline, type Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { ImageConfig } from './image-config.ts';
import { imagePlatform } from './platforms.ts';
import { type Image, type ImageLayer, type ImageStore, LAYER_GZIP, LAYER_TAR } from './store.ts';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly annotations?: Annotations;
}

export type Annotations = Readonly<Record<string, string>>;

export interface PackOptions {
  /** Types of media as the OCI names them; Docker's otherwise. */
  readonly oci: boolean;
  /** What plain layers are turned into. Those that came compressed stay as they came. */
  readonly compression: 'gzip' | 'uncompressed';
  readonly annotations: Annotations;
}

export const AS_DOCKER: PackOptions = { oci: false, compression: 'gzip', annotations: {} };

/** A document that is kept nowhere but here. */
export interface Document {
  readonly descriptor: Descriptor;
  readonly text: string;
}

export interface Packed {
  readonly image: Image;
  readonly manifest: Document;
  /** The configuration and the layers, all of them blobs of the store until this is released. */
  readonly blobs: readonly (Descriptor & { readonly layer?: ImageLayer })[];
  release(): Promise<void>;
}

const TYPES = {
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
  },
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    index: 'application/vnd.oci.image.index.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
  },
} as const;

/** Docker's names of layers → the OCI's. */
const OCI_LAYERS: Readonly<Record<string, string>> = {
  [LAYER_TAR]: 'application/vnd.oci.image.layer.v1.tar',
  [LAYER_GZIP]: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

/** A layer as it travels: plain ones compressed, until they are released. */
export async function packLayer(
  store: ImageStore,
  layer: ImageLayer,
): Promise<{ readonly layer: ImageLayer; release(): Promise<void> }> {
  if (layer.mediaType !== LAYER_TAR) return { layer, release: () => Promise.resolve() };
  const { digest, size } = await store.putBlob(compressed(store.blobStream(layer.blob)));
  return {
    layer: { diffId: layer.diffId, blob: digest, blobSize: size, mediaType: LAYER_GZIP },
    release: () => store.dropBlob(digest),
  };
}

/** Prepares an image for elsewhere. `before` is told of every layer before it is compressed, which may take a while. */
export async function packImage(
  store: ImageStore,
  image: Image,
  options: PackOptions,
  before: (layer: ImageLayer) => void = () => undefined,
): Promise<Packed> {
  const made: (() => Promise<void>)[] = [];
  const release = async (): Promise<void> => {
    for (const drop of made.splice(0)) await drop();
  };
  try {
    const layers: (Descriptor & { readonly layer: ImageLayer })[] = [];
    for (const layer of image.layers) {
      before(layer);
      const packed = options.compression === 'gzip' ? await packLayer(store, layer) : { layer };
      if ('release' in packed) made.push(packed.release);
      const { blob: digest, blobSize: size, mediaType: type } = packed.layer;
      layers.push({ mediaType: (options.oci ? OCI_LAYERS[type] : undefined) ?? type, digest, size, layer });
    }
    const types = options.oci ? TYPES.oci : TYPES.docker;
    const config = { mediaType: types.config, digest: image.id, size: (await store.readBlob(image.id)).length };
    const document = {
      schemaVersion: 2,
      mediaType: types.manifest,
      config,
      layers: layers.map(({ layer: _, ...descriptor }) => descriptor),
      ...annotated(options.annotations),
    };
    return { image, manifest: documentOf(document), blobs: [...layers, config], release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** The index of several manifests. */
export function indexOf(
  packed: readonly Packed[],
  options: Pick<PackOptions, 'oci'> & {
    readonly annotations?: Annotations;
    readonly ofDescriptor?: (packed: Packed) => Annotations;
  },
): Document {
  const manifests = packed.map((one) => ({
    ...one.manifest.descriptor,
    platform: platformField(one.image.config),
    ...annotated(options.ofDescriptor?.(one) ?? {}),
  }));
  const mediaType = options.oci ? TYPES.oci.index : TYPES.docker.index;
  return documentOf({ schemaVersion: 2, mediaType, manifests, ...annotated(options.annotations ?? {}) });
}

/** What an index says of a manifest's platform. */
export function platformField(config: ImageConfig): NonNullable<Descriptor['platform']> {
  const { os, architecture, variant } = imagePlatform(config);
  return { architecture, os, ...(variant === '' ? {} : { variant }) };
}

const annotated = (annotations: Annotations): { readonly annotations?: Annotations } =>
  Object.keys(annotations).length === 0 ? {} : { annotations };

export function documentOf(value: { readonly mediaType: string } & Readonly<Record<string, unknown>>): Document {
  const text = JSON.stringify(value, undefined, 3);
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  return { text, descriptor: { mediaType: value.mediaType, digest, size: Buffer.byteLength(text) } };
}

/** Errors of the source, which may be deleted meanwhile, reach whoever reads. */
const compressed = (source: Readable): Readable =>
  pipeline(source, createGzip(), () => {
    // The result itself tells.
  });
