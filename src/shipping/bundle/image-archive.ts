// What an engine saves (`docker save`: the old layout, or the one with blobs) → image configurations and plain layer archives.
// A layer's plain bytes are the same on every engine, for its diff id is their digest; how engines compress is their own affair.
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { decompressed } from '../../archive/compression.ts';
import { tarContents } from '../../archive/tar-contents.ts';
import type { Decoder } from '../../decode-json.ts';
import { BundleError } from './bundle-error.ts';
import { decodeJson } from './decode-bundle.ts';
import { digestOfText } from './manifest.ts';
import type { Spool, Spooled } from './spool.ts';

export interface PlainImage {
  /** The configuration's bytes, whose digest is the image's id. */
  readonly config: Spooled;
  readonly platform: string;
  /** Without compression, bottom first. */
  readonly layers: readonly Spooled[];
  readonly tags: readonly string[];
}

const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/** Reads an engine's archive into the spool. Every layer is checked against its diff id. */
export async function readImageArchive(archive: Readable, spool: Spool): Promise<PlainImage[]> {
  const contents = await tarContents(archive, (content) => spool.put(content));
  const entry = (path: string): Spooled => {
    const found = contents.get(path);
    if (found === undefined) throw new BundleError(`the engine's image archive has no "${path}"`);
    return found;
  };
  const listed = decodeJson(await readFile(entry('manifest.json').file, 'utf8'), 'manifest.json').list((image) => ({
    config: image.get('Config').text(),
    layers: image.get('Layers').list((path) => path.text()),
    tags: tagsOf(image),
  }));
  const images: PlainImage[] = [];
  for (const { config, layers, tags } of listed)
    images.push(await plainImage(entry(config), layers.map(entry), tags, spool));
  return images;
}

const tagsOf = (image: Decoder): string[] => {
  try {
    return image.get('RepoTags').list((tag) => tag.text());
  } catch {
    return []; // null, for an image without a name
  }
};

/** An image from its configuration and its layers, compressed or not. */
export async function plainImage(
  config: Spooled,
  layers: readonly Spooled[],
  tags: readonly string[],
  spool: Spool,
): Promise<PlainImage> {
  if (config.size > MAX_CONFIG_BYTES) throw new BundleError('an image configuration is far too large');
  const facts = configFacts(await readFile(config.file, 'utf8'));
  if (facts.diffIds.length !== layers.length)
    throw new BundleError(`image ${config.digest} names ${facts.diffIds.length} layers and has ${layers.length}`);
  const plain: Spooled[] = [];
  for (const [index, layer] of layers.entries()) plain.push(await plainLayer(layer, facts.diffIds[index] ?? '', spool));
  return { config, platform: facts.platform, layers: plain, tags };
}

async function plainLayer(layer: Spooled, diffId: string, spool: Spool): Promise<Spooled> {
  if (layer.digest === diffId) return layer;
  const known = await spool.find(diffId);
  if (known !== undefined) return known;
  const { stream } = await decompressed(createReadStream(layer.file));
  const plain = await spool.put(stream);
  if (plain.digest !== diffId) throw new BundleError(`an image layer has digest ${plain.digest}, expected ${diffId}`);
  return plain;
}

export interface ConfigFacts {
  readonly platform: string;
  readonly diffIds: readonly string[];
}

/** What a bundle needs to know of an image's configuration. */
export function configFacts(text: string): ConfigFacts {
  const config = decodeJson(text, `image configuration ${digestOfText(text).slice(7, 19)}`);
  const variant = config.find('variant')?.text() ?? '';
  const diffIds = config
    .get('rootfs')
    .get('diff_ids')
    .list((id) => id.matching(/^sha256:[0-9a-f]{64}$/, 'a sha256 digest'));
  const platform = [config.get('os').text(), config.get('architecture').text(), ...(variant === '' ? [] : [variant])];
  return { platform: platform.join('/'), diffIds };
}
