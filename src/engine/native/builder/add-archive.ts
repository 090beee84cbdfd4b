// ADD of archives: what is one, and its content as entries of a layer.
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { decompressed } from '../../../archive/compression.ts';
import { parseHeader } from '../../../archive/tar-header.ts';
import { readTar } from '../../../archive/tar-reader.ts';
import type { NativeHost } from '../host.ts';
import { LAYER_LIMITS } from '../images/unpack.ts';
import { badRequest } from '../server/api-error.ts';
import { isKeptAttribute } from './copy-sources.ts';
import { decompressor } from './files/decompressor.ts';
import type { LayerWriter, Owner } from './files/layer-writer.ts';
import { pathParts } from './files/source-tree.ts';

type Content = () => AsyncIterable<Buffer>;

/** Whether a file is an archive: its first block, compression taken off, is a header of tar. */
export async function isArchive(host: NativeHost, content: Content): Promise<boolean> {
  const source = Readable.from(content(), { objectMode: false });
  try {
    const { stream } = await decompressed(source, decompressor(host));
    let head = Buffer.alloc(0);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= 512) break;
    }
    return head.length >= 512 && parseHeader(head.subarray(0, 512)) !== undefined;
  } catch {
    return false;
  } finally {
    source.destroy();
  }
}

/** Unpacks an archive into a folder. Its owners stay, unless there is another one. */
export async function addArchive(
  host: NativeHost,
  content: Content,
  target: { readonly writer: LayerWriter; readonly folder: string; readonly owner: Owner | undefined },
): Promise<void> {
  const { writer, owner } = target;
  const folder = await writer.resolve(target.folder);
  await writer.makeFolder(folder, owner);
  const { stream } = await decompressed(Readable.from(content(), { objectMode: false }), decompressor(host));
  let bytes = 0;
  for await (const entry of readTar(stream)) {
    bytes += entry.size;
    if (bytes > LAYER_LIMITS.maxBytes)
      throw badRequest(`the archive unpacks to more than ${LAYER_LIMITS.maxBytes} bytes`);
    if (entry.path.split('/').includes('..'))
      throw badRequest(`"${entry.path}" leaves the folder that the archive is unpacked to`);
    const inside = pathParts(entry.path).join('/');
    if (inside === '') continue;
    const { body: _, path: __, ...header } = entry;
    const xattrs = new Map([...entry.xattrs].filter(([name]) => isKeptAttribute(name)));
    const linkPath = entry.type === 'link' ? await linkTarget(writer, folder, entry.linkPath) : entry.linkPath;
    await writer.add(
      posix.join(folder, inside),
      { ...header, ...(owner ?? {}), xattrs, linkPath },
      entry.body(),
      owner,
    );
  }
}

/** A hard link's target is a path of the archive. */
async function linkTarget(writer: LayerWriter, folder: string, path: string): Promise<string> {
  if (path.split('/').includes('..'))
    throw badRequest(`the link to "${path}" leaves the folder that the archive is unpacked to`);
  return (await writer.resolve(posix.join(folder, ...pathParts(path)), false)).slice(1);
}
