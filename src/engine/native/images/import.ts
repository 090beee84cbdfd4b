// `docker import`: one file system archive → an image of one layer.
import type { Readable } from 'node:stream';
import { decompressed } from '../../../archive/compression.ts';
import type { ImageConfig, RunConfig } from './image-config.ts';
import { type Image, type ImageStore, LAYER_GZIP, LAYER_TAR } from './store.ts';

export interface ImportOptions {
  readonly config: RunConfig;
  readonly message: string;
  readonly architecture: string;
  readonly created: string;
}

export async function importArchive(store: ImageStore, archive: Readable, options: ImportOptions): Promise<Image> {
  const { digest: blob, size: blobSize } = await store.putBlob(archive);
  const { stream, compression } = await decompressed(store.blobStream(blob));
  stream.destroy();
  const diffId = await store.unpackBlob(blob);
  const config: ImageConfig = {
    architecture: options.architecture,
    os: 'linux',
    created: options.created,
    config: options.config,
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created: options.created, comment: options.message }],
  };
  const mediaType = compression === 'gzip' ? LAYER_GZIP : LAYER_TAR;
  return store.addImage(JSON.stringify(config), [{ diffId, blob, blobSize, mediaType }]);
}
