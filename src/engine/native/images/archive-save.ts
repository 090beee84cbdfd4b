// `docker save`: an archive with manifest.json, configurations and layers, each blob once.

import { END_OF_ARCHIVE, encodeHeader, padding, type TarHeader } from '../../../archive/tar-header.ts';
import { hexOf, type Image, type ImageStore } from './store.ts';

export interface SavedImage {
  readonly image: Image;
  readonly tags: readonly string[];
}

/** The archive in pieces. Layers are kept as they came, compressed or not: every reader tells by their first bytes. */
export async function* saveArchive(store: ImageStore, saved: readonly SavedImage[]): AsyncGenerator<Buffer> {
  const path = (digest: string): string => `blobs/sha256/${hexOf(digest)}`;
  const manifest = saved.map(({ image, tags }) => ({
    Config: path(image.id),
    RepoTags: tags.length > 0 ? tags : null,
    Layers: image.layers.map((layer) => path(layer.blob)),
  }));
  const text = Buffer.from(JSON.stringify(manifest));
  yield Buffer.concat([
    encodeHeader(fileHeader('manifest.json', text.length)),
    text,
    Buffer.alloc(padding(text.length)),
  ]);
  const blobs = new Map<string, number>();
  for (const { image } of saved) {
    blobs.set(image.id, (await store.readBlob(image.id)).length);
    for (const layer of image.layers) blobs.set(layer.blob, layer.blobSize);
  }
  for (const [digest, size] of blobs) {
    yield encodeHeader(fileHeader(path(digest), size));
    for await (const chunk of store.blobStream(digest)) yield chunk as Buffer;
    yield Buffer.alloc(padding(size));
  }
  yield END_OF_ARCHIVE;
}

const fileHeader = (path: string, size: number): TarHeader => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size,
  mtime: 0,
  linkPath: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map(),
});
