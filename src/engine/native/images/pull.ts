// Pulling an image: manifest, platform, configuration, layers side by side.
import { type Manifest, type RegistryClient, RegistryError } from '../../../registry/client.ts';
import { familiarName, familiarTag, type Reference } from '../../../registry/reference.ts';
import type { Source } from '../../../registry/registries.ts';
import type { NativeHost } from '../host.ts';
import { downloadBlob } from './download.ts';
import { parseImageConfig } from './image-config.ts';
import { parsePlatform, platformOf, platformText } from './platforms.ts';
import { hexOf, type Image, type ImageLayer, type ImageStore } from './store.ts';

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
  const { config, layers } = JSON.parse(resolved.manifest.text) as { config?: Descriptor; layers?: Descriptor[] };
  if (!config || !layers)
    throw new RegistryError(
      0,
      `manifest of ${familiarName(reference)} is of a kind that is not served: ${resolved.manifest.mediaType}`,
    );
  for (const { digest } of [config, ...layers])
    if (!/^sha256:[0-9a-f]{64}$/.test(digest))
      throw new RegistryError(0, `manifest of ${familiarName(reference)} has an invalid digest`);
  const fresh = store.get(config.digest) === undefined;
  await downloadBlob({ host, store, sources, onBytes: () => undefined }, config);
  const configText = (await store.readBlob(config.digest)).toString('utf8');
  const { diff_ids: diffIds } = parseImageConfig(configText).rootfs;
  if (diffIds.length !== layers.length)
    throw new RegistryError(
      0,
      `image ${familiarName(reference)} names ${diffIds.length} layers, its manifest ${layers.length}`,
    );
  const kept: ImageLayer[] = layers.map((layer, index) => ({
    diffId: diffIds[index] ?? '',
    blob: layer.digest,
    blobSize: layer.size,
    mediaType: layer.mediaType,
  }));
  for (const layer of layers) progress({ status: 'Pulling fs layer', progressDetail: {}, id: short(layer.digest) });
  const queue = layers.map((layer, index) => ({ layer, diffId: diffIds[index] ?? '' }));
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { layer, diffId } = next;
      const id = short(layer.digest);
      const onBytes = (current: number): void =>
        progress({ status: 'Downloading', progressDetail: { current, total: layer.size }, id });
      await downloadBlob({ host, store, sources, onBytes }, layer);
      progress({ status: 'Download complete', progressDetail: {}, id });
      await store.ensureLayer(diffId, layer.digest);
      progress({ status: 'Pull complete', progressDetail: {}, id });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  const image = await store.addImage(configText, kept, [`${familiarName(reference)}@${resolved.digest}`]);
  return { image, fresh };
}

/** Gives a pulled image the name that it was asked for by; a digest alone is none. */
export async function namePulled(store: ImageStore, reference: Reference, image: Image): Promise<void> {
  if (reference.tag !== undefined || reference.digest === undefined)
    await store.setReference(familiarTag(reference), image.id);
}

const short = (digest: string): string => hexOf(digest).slice(0, 12);
