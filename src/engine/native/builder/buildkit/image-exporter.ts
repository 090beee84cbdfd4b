// Results as images: kept in the engine, pushed to registries, or sent to the client as an archive.
import { Readable } from 'node:stream';
import type { Credentials } from '../../../../registry/auth.ts';
import { familiarName, familiarTag, parseReference, type Reference } from '../../../../registry/reference.ts';
import type { Registries } from '../../../../registry/registries.ts';
import { layoutArchive } from '../../images/layout.ts';
import { type Document, indexOf, type Packed, packImage } from '../../images/manifests.ts';
import { imagePlatform } from '../../images/platforms.ts';
import { noteDigest, pushPacked } from '../../images/push.ts';
import type { Image, ImageStore } from '../../images/store.ts';
import { badRequest } from '../../server/api-error.ts';
import { type Builder, type Made, tagOf } from '../builder.ts';
import type { ImageExport } from './exporter-options.ts';
import type { Vertex } from './progress.ts';

export interface ImageParts {
  readonly builder: Builder;
  readonly images: ImageStore;
  readonly registries: Registries;
  readonly credentials: (registry: string) => Promise<Credentials>;
}

type Images = readonly [Image, ...Image[]];
/** What the client is told of an image, by BuildKit's names. */
type Told = Readonly<Record<string, string>>;

/** Keeps images under their names, and pushes them where that was asked for. */
export async function exportImages(parts: ImageParts, made: Made, wanted: ImageExport, vertex: Vertex): Promise<Told> {
  const images = await parts.builder.keep(made);
  const [image] = images;
  for (const { id } of images) vertex.part(`writing image ${id}`, { done: true });
  if (wanted.store && !wanted.byDigest)
    for (const name of wanted.names) {
      await parts.builder.tag(images, tagOf(name));
      vertex.part(`naming to ${fullName(name)}`, { done: true });
    }
  const pushed = wanted.push ? await pushAll(parts, images, wanted, vertex) : undefined;
  return {
    'containerimage.digest': pushed?.descriptor.digest ?? image.id,
    // The one that the image is known by here; an index has none.
    ...(images.length === 1 ? { 'containerimage.config.digest': image.id } : {}),
    ...(pushed ? { 'containerimage.descriptor': encoded(pushed) } : {}),
    ...(wanted.names.length > 0 ? { 'image.name': wanted.names.join(',') } : {}),
  };
}

async function pushAll(parts: ImageParts, images: Images, wanted: ImageExport, vertex: Vertex): Promise<Document> {
  return withPacked(parts.images, images, wanted, async (packed, top) => {
    for (const name of wanted.names) {
      const reference = referenceOf(name);
      const client = await parts.registries.client(reference, await parts.credentials(reference.registry));
      const tag = wanted.byDigest ? top.descriptor.digest : (reference.tag ?? 'latest');
      const title = `pushing ${fullName(name)}`;
      vertex.part(title, {});
      await pushPacked(parts.images, client, { packed, top, reference: tag }, () => undefined);
      vertex.part(title, { done: true });
      await noteDigest(parts.images, images, `${familiarName(reference)}@${top.descriptor.digest}`);
    }
    return top;
  });
}

export interface ArchiveExport {
  readonly told: Told;
  /** The archive in pieces. Has to be read to its end, or not at all. */
  readonly archive: AsyncIterable<Buffer>;
}

/** Images as an archive, handed to `send`. */
export async function archiveImages(
  parts: ImageParts,
  made: Made,
  wanted: ImageExport & { readonly forDocker: boolean },
  send: (archive: Readable) => Promise<void>,
): Promise<Told> {
  if (wanted.forDocker && made.states.length > 1)
    throw badRequest('docker exporter does not currently support exporting manifest lists: use type=oci');
  const images = await parts.builder.keep(made);
  return withPacked(parts.images, images, wanted, async (packed, top) => {
    const names = wanted.names.map(tagOf);
    const layout = { packed, top, names, annotations: wanted.annotations.indexDescriptor };
    const archive = layoutArchive(parts.images, [layout], { forDocker: wanted.forDocker });
    await send(Readable.from(archive, { objectMode: false }));
    return {
      'containerimage.digest': top.descriptor.digest,
      'containerimage.descriptor': encoded(top),
      ...(images.length === 1 ? { 'containerimage.config.digest': images[0].id } : {}),
      ...(names.length > 0 ? { 'image.name': wanted.names.map(fullName).join(',') } : {}),
    };
  });
}

/** Prepares images, with what names them all; what was made for it is gone afterwards. */
async function withPacked<T>(
  store: ImageStore,
  images: Images,
  { pack, annotations }: Pick<ImageExport, 'pack' | 'annotations'>,
  work: (packed: readonly Packed[], top: Document) => Promise<T>,
): Promise<T> {
  const packed: Packed[] = [];
  try {
    for (const image of images)
      packed.push(
        await packImage(store, image, { ...pack, annotations: annotations.manifest(imagePlatform(image.config)) }),
      );
    const [only] = packed;
    const index = (): Document =>
      indexOf(packed, {
        oci: pack.oci,
        annotations: annotations.index,
        ofDescriptor: ({ image }) => annotations.manifestDescriptor(imagePlatform(image.config)),
      });
    return await work(packed, packed.length === 1 && only ? only.manifest : index());
  } finally {
    for (const one of packed) await one.release();
  }
}

const encoded = ({ descriptor }: Document): string => Buffer.from(JSON.stringify(descriptor)).toString('base64');

function referenceOf(name: string): Reference {
  const reference = parseReference(name);
  if (!reference) throw badRequest(`invalid reference format: ${JSON.stringify(name)}`);
  return reference;
}

function fullName(name: string): string {
  const reference = referenceOf(name);
  const tag = familiarTag(reference).split(':').at(-1) ?? '';
  return `${reference.registry}/${reference.repository}:${tag}`;
}
