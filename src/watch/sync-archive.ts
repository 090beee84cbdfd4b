// The files of one sync as a tar archive, to be unpacked at `/` of a container. What is there when the archive is made counts, not
// what was there when the change was noticed: a file that has gone since is left out, and its own change tells of it.
import { closeSync, fstatSync, openSync, readlinkSync, readSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { END_OF_ARCHIVE, encodeHeader, padding, type TarHeader } from '../archive/tar-header.ts';
import { type Look, lookAt } from './entry.ts';
import type { Owner } from './owner.ts';

/** A path of the host and where it belongs in the container, both absolute. */
export interface Mapping {
  readonly host: string;
  readonly target: string;
  /** The watched path that it is part of; links above that are followed. */
  readonly root: string;
}

export interface SyncItem extends Mapping {
  readonly look: Look;
}

/** The archive in pieces of at most about a megabyte, folders before what is in them. */
function* archivePieces(items: readonly SyncItem[], owner: Owner): Generator<Buffer> {
  const sorted = [...items].sort((a, b) => (a.target < b.target ? -1 : 1));
  for (const item of sorted) yield* entryPieces(item, owner);
  yield END_OF_ARCHIVE;
}

/** Small archives as one buffer, which can be sent to several containers; large ones as a stream. */
export function archiveOf(items: readonly SyncItem[], owner: Owner): Buffer | (() => Readable) {
  const bytes = items.reduce((sum, { look }) => sum + look.size + 1024, 0);
  return bytes <= MOST_IN_MEMORY
    ? Buffer.concat([...archivePieces(items, owner)])
    : () => Readable.from(archivePieces(items, owner));
}

/**
 * Whether any tar(1) unpacks it as an engine does: busybox's takes no name that needs a header extension, and leaves symbolic links to
 * root.
 */
export const isPlain = (items: readonly SyncItem[]): boolean =>
  items.every(({ target, look }) => look.kind !== 'symlink' && Buffer.byteLength(target) <= MOST_NAME_BYTES);

/** In one header, where the target's first slash makes room for a folder's last. */
const MOST_NAME_BYTES = 100;

const MOST_IN_MEMORY = 32 * 1024 * 1024;
const PIECE = 1024 * 1024;

function* entryPieces({ host, target, look }: SyncItem, owner: Owner): Generator<Buffer> {
  const path = target.replace(/^\/+/, '');
  if (look.kind === 'directory') yield encodeHeader(header(`${path}/`, look, 'directory', owner));
  else if (look.kind === 'symlink') {
    const link = tried(() => readlinkSync(host));
    if (link !== undefined) yield encodeHeader({ ...header(path, look, 'symlink', owner), linkPath: link });
  } else if (look.kind === 'file') yield* filePieces(host, path, owner);
}

function* filePieces(host: string, path: string, owner: Owner): Generator<Buffer> {
  const file = tried(() => openSync(host, 'r'));
  if (file === undefined) return;
  try {
    const stats = fstatSync(file);
    const look = { mode: stats.mode & 0o7777, modified: stats.mtimeMs };
    const first = Buffer.alloc(Math.min(stats.size, PIECE));
    let filled = readFully(file, first);
    // A small file that shrank meanwhile is as long as what could be read.
    const size = stats.size <= PIECE ? filled : stats.size;
    yield encodeHeader({ ...header(path, look, 'file', owner), size });
    yield first.subarray(0, filled);
    for (let done = filled; done < size; done += filled) {
      const piece = Buffer.alloc(Math.min(PIECE, size - done));
      filled = readFully(file, piece);
      // A large file that shrinks meanwhile is filled up: the header has gone out, and the shrinking tells of itself.
      if (filled < piece.length) filled = piece.length;
      yield piece;
    }
    yield Buffer.alloc(padding(size));
  } finally {
    closeSync(file);
  }
}

function readFully(file: number, into: Buffer): number {
  let filled = 0;
  while (filled < into.length) {
    const read = readSync(file, into, filled, into.length - filled, null);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

function header(
  path: string,
  look: Pick<Look, 'mode' | 'modified'>,
  type: TarHeader['type'],
  { uid, gid }: Owner,
): TarHeader {
  return {
    path,
    type,
    mode: look.mode,
    uid,
    gid,
    size: 0,
    mtime: Math.floor(look.modified / 1000),
    linkPath: '',
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
  };
}

function tried<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined; // gone meanwhile, or not for us to read
  }
}

/** What a sync has to do, as the host's files are now. */
export interface SyncWork {
  readonly items: readonly SyncItem[];
  /** Container paths to remove, none of them below another. */
  readonly removals: readonly string[];
}

/** Looks at every path. What lies below something that is no folder any more goes with that, and is not touched by itself. */
export function syncWork(mappings: Iterable<Mapping>): SyncWork {
  const items: SyncItem[] = [];
  const gone: string[] = [];
  const folders = new Map<string, Parent>();
  const parentKind = (path: string, root: string): Parent => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const found = path.length <= root.length ? followed(path) : below(parentKind(parentOf(path), root), path);
    folders.set(path, found);
    return found;
  };
  for (const { host, target, root } of mappings) {
    const parent = parentKind(parentOf(host), root);
    const look = parent === 'folder' ? lookAt(host) : undefined;
    // The watched folder itself stands for a place of the image, whose owner and mode are the image's.
    if (look?.kind === 'directory' && host === root) continue;
    if (look !== undefined) items.push({ host, target, root, look });
    else if (parent !== 'other') gone.push(target);
  }
  return { items, removals: outermost(gone) };
}

/** What a folder above a path has become. */
type Parent = 'folder' | 'nothing' | 'other';

const below = (above: Parent, path: string): Parent => {
  if (above !== 'folder') return above;
  const kind = lookAt(path)?.kind;
  return kind === undefined ? 'nothing' : kind === 'directory' ? 'folder' : 'other';
};

const followed = (path: string): Parent => {
  const stats = tried(() => statSync(path));
  return stats === undefined ? 'nothing' : stats.isDirectory() ? 'folder' : 'other';
};

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

function outermost(paths: readonly string[]): string[] {
  const found: string[] = [];
  const known = new Set<string>();
  for (const path of [...paths].sort((a, b) => a.length - b.length)) {
    const parents = path.split('/').map((_, index, parts) => parts.slice(0, index).join('/'));
    if (!parents.some((parent) => known.has(parent))) found.push(path);
    known.add(path);
  }
  return found;
}
