// What was written above a file system, as overlayfs keeps it, → the archive of a layer: character devices 0:0 and opaque folders
// become `.wh.` entries again.
import { END_OF_ARCHIVE, encodeHeader, padding, type TarHeader } from '../../../../archive/tar-header.ts';
import { WindlassError } from '../../../../errors.ts';
import type { NativeHost } from '../../host.ts';
import { containerIds, type IdMapping } from '../../user-namespaces/id-mapping.ts';
import { tarEntries } from './mounted-tree.ts';

export interface UpperFacts {
  /** Bytes of file content. */
  size: number;
  /** Entries other than the top folder; none means that nothing was changed. */
  entries: number;
}

export interface UpperOptions {
  /** Entries that do not belong to the layer. */
  readonly leftOut?: (entry: TarHeader) => boolean;
  /** The ids that owners have in the folder; layers have those of the inside. */
  readonly ids?: IdMapping | undefined;
}

/** The archive in pieces; `facts` are complete when it has ended. */
export async function* upperArchive(
  host: NativeHost,
  folder: string,
  facts: UpperFacts,
  { leftOut = () => false, ids }: UpperOptions = {},
): AsyncGenerator<Buffer> {
  for await (const entry of tarEntries(host, folder, '.')) {
    if (entry.path === '' || leftOut(entry)) continue;
    facts.entries += 1;
    const translated = translateUpper(entry, ids);
    for (const header of translated) yield encodeHeader(header);
    if (entry.type !== 'file' || entry.size === 0) continue;
    facts.size += entry.size;
    for await (const piece of entry.body()) yield piece;
    yield Buffer.alloc(padding(entry.size));
  }
  yield END_OF_ARCHIVE;
}

const CAPABILITY = 'security.capability';
const OPAQUE = 'trusted.overlay.opaque';
const REDIRECT = 'trusted.overlay.redirect';

/** One entry of overlayfs's upper folder as entries of a layer. Pure. */
export function translateUpper(entry: TarHeader, ids?: IdMapping): TarHeader[] {
  const path = entry.type === 'directory' ? `${entry.path}/` : entry.path;
  if (entry.type === 'char' && entry.devMajor === 0 && entry.devMinor === 0)
    return [{ ...marker(entry), path: whiteoutOf(entry.path) }];
  // Only where the host's administrator switched redirect_dir on; the folder's content would be missing.
  if (entry.xattrs.has(REDIRECT))
    throw new WindlassError('LAYER', `"/${entry.path}" was renamed in a way that cannot be kept as a layer`, {
      hint: 'load the module overlay with redirect_dir=off',
    });
  const xattrs = new Map([...entry.xattrs].filter(([name]) => name.startsWith('user.') || name === CAPABILITY));
  const capability = xattrs.get(CAPABILITY);
  if (ids && capability) xattrs.set(CAPABILITY, ofEveryNamespace(capability));
  const plain: TarHeader = { ...entry, ...containerIds(ids, entry), path, xattrs, mtime: Math.trunc(entry.mtime) };
  const opaque = entry.xattrs.get(OPAQUE)?.toString('latin1') === 'y';
  return opaque ? [plain, { ...marker(entry), path: `${path}.wh..wh..opq` }] : [plain];
}

/** Version 3 of a file's capabilities names the root, on the host, of the one user namespace they count in; version 2 does not. */
function ofEveryNamespace(capability: Buffer): Buffer {
  const magic = capability.readUInt32LE(0);
  if (magic >>> 24 !== 3) return capability;
  const plain = Buffer.from(capability.subarray(0, 20));
  plain.writeUInt32LE((2 << 24) | (magic & 0xffffff), 0);
  return plain;
}

const marker = (entry: TarHeader): TarHeader => ({
  ...entry,
  type: 'file',
  mode: 0o600,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: Math.trunc(entry.mtime),
  linkPath: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map(),
});

function whiteoutOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return `${path.slice(0, slash + 1)}.wh.${path.slice(slash + 1)}`;
}
