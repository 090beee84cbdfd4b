// How much a container holds: in its writable layer, and with the image's layers below.
import { bytesBelow } from '../disk-usage.ts';
import type { NativeHost } from '../host.ts';
import type { ImageStore } from '../images/store.ts';
import type { Paths } from '../paths.ts';
import type { ContainerRecord } from './types.ts';

export interface SizeParts {
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly images: ImageStore;
}

/** Bytes of files, as of now. An image that was removed since counts nothing. */
export async function containerSizes(
  { host, paths, images }: SizeParts,
  record: ContainerRecord,
): Promise<{ readonly own: number; readonly all: number }> {
  const own = await bytesBelow(host, paths.container(record.id).upper);
  return { own, all: own + (images.get(record.imageId)?.size ?? 0) };
}
