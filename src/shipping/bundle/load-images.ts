// The images of a bundle into an engine that does not have them.
import { Readable } from 'node:stream';
import { plainHeader, type TarSource, writeTar } from '../../archive/tar-writer.ts';
import type { Engine } from '../../engine/engine.ts';
import { BundleError } from './bundle-error.ts';
import { blobPath } from './image-layout.ts';
import type { BundleManifest } from './manifest.ts';
import { isPlatform } from './platforms.ts';
import { type CheckedBundle, contentsOf, recheck } from './read-bundle.ts';

interface ChosenImage {
  readonly reference: string;
  readonly id: string;
  readonly manifest: string;
}

/** For each image the one the engine can run. Throws BundleError when there is none. */
function chooseImages(
  { images }: BundleManifest,
  engine: { readonly os: string; readonly architecture: string },
): ChosenImage[] {
  return images.map(({ reference, platforms }) => {
    const wanted = `${engine.os}/${engine.architecture}`;
    const found = platforms.find(({ platform }) => isPlatform(platform, wanted));
    if (found === undefined)
      throw new BundleError(
        `image "${reference}" is in the bundle for ${platforms.map(({ platform }) => platform).join(', ')}, and the engine runs ${wanted}`,
        { hint: `make a bundle with --platform ${wanted}` },
      );
    return { reference, id: found.id, manifest: found.manifest };
  });
}

/** Loads what the engine lacks. Returns the names of what was loaded. */
export async function loadImages(
  file: string,
  head: CheckedBundle,
  engine: Engine,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  if (head.manifest.images.length === 0) return [];
  const { os, architecture } = await engine.capabilities(signal);
  const chosen = chooseImages(head.manifest, { os: os || 'linux', architecture });
  const lacking: ChosenImage[] = [];
  for (const image of chosen) if (!(await has(engine, image, signal))) lacking.push(image);
  if (lacking.length === 0) return [];
  if (!head.isChecked) await recheck(file, head.digest);
  const documents = await documentsOf(file, lacking);
  await engine.loadImages(Readable.from(writeTar(archiveOf(file, lacking, documents))), signal);
  for (const image of lacking)
    if (!(await has(engine, image, signal)))
      throw new BundleError(`the engine did not take image "${image.reference}" from the bundle`);
  return lacking.map(({ reference }) => reference);
}

/** Configurations and manifests: what tells which layers to send. */
async function documentsOf(file: string, images: readonly ChosenImage[]): Promise<Map<string, Buffer>> {
  const documents = new Map<string, Buffer>();
  for await (const { content, bytes } of contentsOf(file)) {
    if (content.size > MAX_DOCUMENT_BYTES || !isDocumentOf(content.path, images)) continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes()) chunks.push(chunk);
    documents.set(content.path, Buffer.concat(chunks));
  }
  return documents;
}

const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

const isDocumentOf = (path: string, images: readonly ChosenImage[]): boolean =>
  images.some(({ id, manifest }) => path === blobPath(id) || path === blobPath(manifest));

/** Engines know an image by its configuration's digest, or, with containerd's store, by its manifest's. */
async function has(engine: Engine, image: ChosenImage, signal?: AbortSignal): Promise<boolean> {
  const found = await engine.findImage(image.reference, signal);
  return found !== undefined && (found.id === image.id || found.id === image.manifest);
}

/** A `docker load` archive of some of the bundle's images. */
async function* archiveOf(
  file: string,
  images: readonly ChosenImage[],
  documents: ReadonlyMap<string, Buffer>,
): AsyncGenerator<TarSource> {
  const wanted = new Set<string>();
  const manifest = images.map(({ reference, id, manifest }) => {
    const { layers } = JSON.parse(documents.get(blobPath(manifest))?.toString() ?? '{}') as {
      layers: readonly { digest: string }[];
    };
    const paths = layers.map(({ digest }) => blobPath(digest));
    for (const path of [blobPath(id), ...paths]) wanted.add(path);
    return { Config: blobPath(id), RepoTags: [reference], Layers: paths };
  });
  const text = Buffer.from(JSON.stringify(manifest));
  yield { header: plainHeader({ path: 'manifest.json', size: text.length }), content: () => [text] };
  for await (const { content, bytes } of contentsOf(file))
    if (wanted.has(content.path))
      yield { header: plainHeader({ path: content.path, size: content.size }), content: bytes };
}
