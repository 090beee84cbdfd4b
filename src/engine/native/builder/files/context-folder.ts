// The build context unpacked, for `RUN --mount=type=bind`.
import { join } from 'node:path';
import type { NativeHost } from '../../host.ts';
import { LAYER_LIMITS, unpackLayer } from '../../images/unpack.ts';
import { LayerWriter } from './layer-writer.ts';
import type { SourceTree } from './source-tree.ts';

/** Unpacks a tree into a new folder below `parent`, and returns it. Everything in it belongs to root. */
export async function contextFolder(host: NativeHost, tree: SourceTree, parent: string): Promise<string> {
  const folder = join(parent, `context-${crypto.randomUUID()}`);
  await host.files.mkdir(folder, { mode: 0o755 });
  const writer = new LayerWriter(host, undefined);
  const unpacked = unpackLayer(host, writer.archive, folder, LAYER_LIMITS);
  unpacked.catch(() => undefined);
  try {
    for await (const entry of tree.entries('/'))
      if (entry.path !== '') await writer.add(`/${entry.path}`, { ...entry, uid: 0, gid: 0 }, entry.body());
    await writer.end();
  } catch (error) {
    writer.fail(error);
    throw error;
  }
  await unpacked;
  return folder;
}
