// Images as an archive with an OCI layout in it, and the list that `docker load` of every age reads.
import { END_OF_ARCHIVE, encodeHeader, padding, type TarHeader } from '../../../archive/tar-header.ts';
import { parseReference } from '../../../registry/reference.ts';
import { hexOf } from './digest.ts';
import { type Annotations, type Descriptor, type Document, documentOf, type Packed } from './manifests.ts';
import type { ImageStore } from './store.ts';

/** One image, or one for several platforms. */
export interface LayoutImage {
  /** The first is the one for readers who take but one. */
  readonly packed: readonly Packed[];
  /** What the index names: the only manifest, or an index of them. */
  readonly top: Document;
  /** `name:tag`, each. */
  readonly names: readonly string[];
  readonly annotations?: Annotations;
}

export interface LayoutOptions {
  /** With `manifest.json`, which Docker reads. */
  readonly forDocker: boolean;
}

/** The archive in pieces. Its documents come first, so that a reader knows what follows. */
export async function* layoutArchive(
  store: ImageStore,
  images: readonly LayoutImage[],
  { forDocker }: LayoutOptions,
): AsyncGenerator<Buffer> {
  yield tarFile('oci-layout', '{"imageLayoutVersion":"1.0.0"}');
  yield tarFile('index.json', layoutIndex(images).text);
  if (forDocker) yield tarFile('manifest.json', JSON.stringify(images.flatMap(dockerEntry)));
  const written = new Set<string>();
  for (const { packed, top } of images) {
    for (const { descriptor, text } of [top, ...packed.map(({ manifest }) => manifest)])
      if (!written.has(descriptor.digest)) {
        written.add(descriptor.digest);
        yield tarFile(blobPath(descriptor.digest), text);
      }
    for (const { digest, size } of packed.flatMap(({ blobs }) => blobs)) {
      if (written.has(digest)) continue;
      written.add(digest);
      yield encodeHeader(fileHeader(blobPath(digest), size));
      for await (const chunk of store.blobStream(digest)) yield chunk as Buffer;
      yield Buffer.alloc(padding(size));
    }
  }
  yield END_OF_ARCHIVE;
}

/** The document `index.json`: every image by every name it has. */
export function layoutIndex(images: readonly LayoutImage[]): Document {
  const manifests = images.flatMap(({ packed, top, names, annotations }): Descriptor[] => {
    const created = packed[0]?.image.config.created;
    const shared = { ...annotations, ...(created ? { 'org.opencontainers.image.created': created } : {}) };
    const named = names.length === 0 ? [{}] : names.map(nameAnnotations);
    return named.map((name) => ({ ...top.descriptor, annotations: { ...name, ...shared } }));
  });
  return documentOf({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests });
}

function nameAnnotations(name: string): Annotations {
  const reference = parseReference(name);
  if (!reference) return { 'org.opencontainers.image.ref.name': name };
  const tag = reference.tag ?? 'latest';
  return {
    'io.containerd.image.name': `${reference.registry}/${reference.repository}:${tag}`,
    'org.opencontainers.image.ref.name': tag,
  };
}

function dockerEntry({ packed: [first], names }: LayoutImage): object[] {
  if (!first) return [];
  const layers = first.blobs.filter(({ layer }) => layer !== undefined);
  return [
    {
      Config: blobPath(first.image.id),
      RepoTags: names.length > 0 ? names : null,
      Layers: layers.map(({ digest }) => blobPath(digest)),
    },
  ];
}

export const blobPath = (digest: string): string => `blobs/sha256/${hexOf(digest)}`;

export function tarFile(path: string, content: string): Buffer {
  const data = Buffer.from(content);
  return Buffer.concat([encodeHeader(fileHeader(path, data.length)), data, Buffer.alloc(padding(data.length))]);
}

const fileHeader = (path: string, size: number): TarHeader => ({
  ...{ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size, mtime: 0, linkPath: '', devMajor: 0, devMinor: 0 },
  xattrs: new Map(),
});
