// Pulling an image: manifest, platform, configuration, layers side by side.
import { isRecord, text } from '../../../json.ts';
import { type Manifest, type RegistryClient, RegistryError } from '../../../registry/client.ts';
import { familiarName, familiarTag, type Reference } from '../../../registry/reference.ts';
import type { Source } from '../../../registry/registries.ts';
import type { NativeHost } from '../host.ts';
import { hexOf } from './digest.ts';
import { type DownloadParts, downloadBlob } from './download.ts';
import { parseImageConfig } from './image-config.ts';
import { parsePlatform, platformOf, platformText } from './platforms.ts';
import type { Image, ImageLayer, ImageStore } from './store.ts';

export interface PullRequest {
  readonly reference: Reference;
  /** `linux/arm64/v8`; this machine's when undefined. */
  readonly platform: string | undefined;
  readonly architecture: string;
}

/** A line of progress, in the API's words. */
export type PullProgress = (line: Readonly<Record<string, unknown>>) => void;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os?: string; readonly architecture?: string; readonly variant?: string };
}

const PARALLEL = 3;
/** A layer's progress is told no more often than this: lines for a client that does not read are held in memory. */
const PROGRESS_MS = 100;
/** A configuration is held in memory. Those of images with long histories have some hundred kilobytes. */
const MAX_CONFIG_BYTES = 16 * 1024 * 1024;

/** The manifest of the image for the platform, and the digest under which the reference is known. */
export async function resolveManifest(
  client: RegistryClient,
  request: PullRequest,
): Promise<{ manifest: Manifest; digest: string }> {
  const { reference } = request;
  const top = await client.manifest(reference.digest ?? reference.tag ?? 'latest');
  const { manifests } = JSON.parse(top.text) as { manifests?: Descriptor[] };
  if (!manifests) return { manifest: top, digest: top.digest };
  const chosen = choosePlatform(manifests, request.platform ?? `linux/${request.architecture}`);
  if (!chosen)
    throw new RegistryError(
      404,
      `no matching manifest for ${request.platform ?? `linux/${request.architecture}`} in the manifest list entries`,
    );
  return { manifest: await client.manifest(chosen.digest), digest: top.digest };
}

/** The entry for `os/architecture[/variant]`; without a variant any of the architecture, the usual one before others. Pure. */
export function choosePlatform(manifests: readonly Descriptor[], platform: string): Descriptor | undefined {
  const wanted = parsePlatform(platform, '');
  const offers = manifests.map((manifest) => {
    const { os = '', architecture = '', variant = '' } = manifest.platform ?? {};
    return { manifest, variant, offered: platformOf(os, architecture, variant) };
  });
  const others = offers.filter(
    ({ offered, variant }) =>
      offered.os === wanted.os &&
      offered.architecture === wanted.architecture &&
      (variant === '' || platform.split('/').length < 3),
  );
  return (offers.find(({ offered }) => platformText(offered) === platformText(wanted)) ?? others[0])?.manifest;
}

/** Downloads what is missing, from the first of the sources that has it. The image has no name yet: `namePulled`. */
export async function pullImage(
  host: NativeHost,
  store: ImageStore,
  sources: readonly Source[],
  resolved: { readonly manifest: Manifest; readonly digest: string },
  reference: Reference,
  progress: PullProgress,
): Promise<{ image: Image; fresh: boolean }> {
  const name = familiarName(reference);
  const { config, layers } = partsOf(resolved.manifest, name);
  const fresh = store.get(config.digest) === undefined;
  await downloadBlob({ host, store, sources, onBytes: () => undefined }, config);
  const configText = (await store.readBlob(config.digest)).toString('utf8');
  const { diff_ids: diffIds } = parseImageConfig(configText).rootfs;
  if (diffIds.length !== layers.length)
    throw new RegistryError(0, `image ${name} names ${diffIds.length} layers, its manifest ${layers.length}`);
  const kept: ImageLayer[] = layers.map((layer, index) => ({
    diffId: diffIds[index] ?? '',
    blob: layer.digest,
    blobSize: layer.size,
    mediaType: layer.mediaType,
  }));
  // Another image with these layers may be removed meanwhile.
  const release = store.keep(() => kept);
  try {
    await fetchLayers({ host, store, sources }, kept, progress);
    const image = await store.addImage(configText, kept, [`${name}@${resolved.digest}`]);
    return { image, fresh };
  } finally {
    release();
  }
}

/** What a manifest of an image names. A registry may send anything. */
function partsOf(manifest: Manifest, name: string): { config: Descriptor; layers: Descriptor[] } {
  const { config, layers } = JSON.parse(manifest.text) as { config?: unknown; layers?: unknown };
  if (!isRecord(config) || !Array.isArray(layers))
    throw new RegistryError(0, `manifest of ${name} is of a kind that is not served: ${manifest.mediaType}`);
  const all: unknown[] = [config, ...layers];
  if (!all.every(isDescriptor)) throw new RegistryError(0, `manifest of ${name} has an invalid digest or size`);
  const [first, ...rest] = all;
  if (first === undefined || first.size > MAX_CONFIG_BYTES)
    throw new RegistryError(0, `configuration of ${name} is larger than ${MAX_CONFIG_BYTES} bytes`);
  return { config: first, layers: rest };
}

const isDescriptor = (value: unknown): value is Descriptor =>
  isRecord(value) &&
  /^sha256:[0-9a-f]{64}$/.test(text(value.digest)) &&
  typeof value.size === 'number' &&
  value.size >= 0 &&
  (value.mediaType === undefined || typeof value.mediaType === 'string');

async function fetchLayers(
  parts: Omit<DownloadParts, 'onBytes'>,
  layers: readonly ImageLayer[],
  progress: PullProgress,
): Promise<void> {
  for (const layer of layers) progress({ status: 'Pulling fs layer', progressDetail: {}, id: short(layer.blob) });
  const queue = [...layers];
  const worker = async (): Promise<void> => {
    for (let layer = queue.shift(); layer; layer = queue.shift()) {
      const { blob: digest, blobSize: size, diffId } = layer;
      const id = short(digest);
      let told = 0;
      const onBytes = (current: number): void => {
        const now = Date.now();
        if (now - told < PROGRESS_MS) return;
        told = now;
        progress({ status: 'Downloading', progressDetail: { current, total: size }, id });
      };
      await downloadBlob({ ...parts, onBytes }, { digest, size });
      progress({ status: 'Download complete', progressDetail: {}, id });
      await parts.store.ensureLayer(diffId, digest);
      progress({ status: 'Pull complete', progressDetail: {}, id });
    }
  };
  // What fails for one is no reason to go on with the others.
  await Promise.all(Array.from({ length: PARALLEL }, worker)).finally(() => queue.splice(0));
}

/** Gives a pulled image the name that it was asked for by; a digest alone is none. */
export async function namePulled(store: ImageStore, reference: Reference, image: Image): Promise<void> {
  if (reference.tag !== undefined || reference.digest === undefined)
    await store.setReference(familiarTag(reference), image.id);
}

const short = (digest: string): string => hexOf(digest).slice(0, 12);
