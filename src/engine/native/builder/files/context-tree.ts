// The build context as it came: its contents kept in one file on disk beside an index of it in memory. Nothing is unpacked, so no path of
// the client's ever reaches the file system; digests are taken while they are received.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { decompressed } from '../../../../archive/compression.ts';
import type { TarHeader } from '../../../../archive/tar-header.ts';
import { readTar, type TarEntry } from '../../../../archive/tar-reader.ts';
import { messageOf } from '../../../../errors.ts';
import type { NativeHost } from '../../host.ts';
import { followLinks } from '../../scoped-path.ts';
import { badRequest } from '../../server/api-error.ts';
import { decompressor } from './decompressor.ts';
import { tarEntries } from './mounted-tree.ts';
import { type Found, pathParts, type SourceTree, type TreeEntry } from './source-tree.ts';
import { Spool } from './spool.ts';

export interface ContextLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** Above any context that makes sense to send; below what fills memory or a disk unnoticed. */
export const CONTEXT_LIMITS: ContextLimits = { maxBytes: 64 * 1024 ** 3, maxEntries: 2_000_000 };

/** Where whoever receives a context puts what comes. */
export interface ContextSink {
  /** Room for a file's content; returns where it begins. */
  reserve(bytes: number): number;
  write(offset: number, bytes: Buffer): Promise<void>;
  /** An entry, folders before what is in them. `digest` is that of a file's content. */
  put(header: TarHeader, offset: number, digest: string): void;
}

interface Node {
  header: TarHeader;
  /** Where a file's content is in the spool. */
  readonly offset: number;
  readonly digest: string;
  readonly children: Map<string, Node>;
}

const folder = (): Node => ({
  header: {
    ...{ path: '', type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0, linkPath: '' },
    ...{ devMajor: 0, devMinor: 0, xattrs: new Map() },
  },
  offset: 0,
  digest: '',
  children: new Map(),
});

export class ContextTree implements SourceTree {
  readonly #spool: Spool;
  readonly #root = folder();
  readonly #limits: ContextLimits;
  #count = 0;

  private constructor(spool: Spool, limits: ContextLimits) {
    this.#spool = spool;
    this.#limits = limits;
  }

  /** Receives an archive, compressed or not, into the spool file. */
  static receive(
    host: NativeHost,
    archive: Readable,
    spool: string,
    limits: ContextLimits = CONTEXT_LIMITS,
  ): Promise<ContextTree> {
    return ContextTree.filled(host, spool, (sink) => fromArchive(host, archive, sink), limits);
  }

  /** Takes over what is in a folder of the host, which is not needed afterwards. */
  static ofFolder(host: NativeHost, folder: string, spool: string): Promise<ContextTree> {
    return ContextTree.filled(host, spool, (sink) => fromEntries(tarEntries(host, folder, '.'), sink));
  }

  /** A tree of what `fill` puts into it. */
  static async filled(
    host: NativeHost,
    spool: string,
    fill: (sink: ContextSink) => Promise<void>,
    limits: ContextLimits = CONTEXT_LIMITS,
  ): Promise<ContextTree> {
    const out = await Spool.open(host, spool, limits.maxBytes);
    const tree = new ContextTree(out, limits);
    try {
      await fill({
        reserve: (bytes) => out.reserve(bytes),
        write: (offset, bytes) => out.write(offset, bytes),
        put: (header, offset, digest) => tree.#put(header, offset, digest),
      });
      await out.flush();
    } catch (error) {
      await out.close();
      throw badRequest(`cannot read the build context: ${messageOf(error)}`);
    }
    return tree;
  }

  /** Nothing can be read any more. */
  async close(): Promise<void> {
    await this.#spool.close();
  }

  /** Bytes of content received. */
  get size(): number {
    return this.#spool.size;
  }

  #put(header: TarHeader, offset: number, digest: string): void {
    this.#count += 1;
    if (this.#count > this.#limits.maxEntries)
      throw badRequest(`the build context has more than ${this.#limits.maxEntries} files`);
    // What climbs out of the context stays at its top, as in Docker.
    const parts = pathParts(header.path);
    const name = parts.pop();
    if (name === undefined) {
      if (header.type === 'directory') this.#root.header = header;
      return;
    }
    let at = this.#root;
    for (const part of parts) {
      let next = at.children.get(part);
      if (next?.header.type !== 'directory') {
        next = folder();
        at.children.set(part, next);
      }
      at = next;
    }
    if (header.type === 'link') {
      const target = this.#node(header.linkPath);
      if (target?.header.type !== 'file')
        throw new Error(`"${header.path}" is linked to "${header.linkPath}", which is no file`);
      at.children.set(name, { ...target, header: { ...target.header, path: header.path } });
      return;
    }
    const known = at.children.get(name);
    const children = header.type === 'directory' && known ? known.children : new Map<string, Node>();
    at.children.set(name, { header, offset, digest, children });
  }

  /** The node at a path, links not followed. */
  #node(path: string): Node | undefined {
    let at: Node | undefined = this.#root;
    for (const part of pathParts(path)) at = at?.children.get(part);
    return at;
  }

  /** Takes files out of the context: what a `.dockerignore` in it leaves out and the client sent all the same. */
  remove(ignored: (path: string) => boolean): void {
    const walk = (node: Node, path: string): void => {
      for (const [name, child] of node.children) {
        const inside = path === '' ? name : `${path}/${name}`;
        if (child.header.type === 'directory') walk(child, inside);
        if (ignored(inside) && child.children.size === 0) node.children.delete(name);
      }
    };
    walk(this.#root, '');
  }

  async find(path: string): Promise<Found | undefined> {
    const target = (at: string): string | undefined => {
      const header = this.#node(at)?.header;
      return header?.type === 'symlink' ? header.linkPath : undefined;
    };
    const resolved = await followLinks(path, target);
    const node = this.#node(resolved);
    return node ? { path: resolved, type: node.header.type } : undefined;
  }

  async list(path: string): Promise<readonly string[]> {
    return [...(this.#node(path)?.children.keys() ?? [])].sort();
  }

  async *entries(path: string): AsyncGenerator<TreeEntry> {
    const node = this.#node(path);
    if (node) yield* this.#walk(node, '');
  }

  *#walk(node: Node, path: string): Generator<TreeEntry> {
    const { header, offset, digest } = node;
    yield { ...header, path, contentDigest: digest, body: () => this.#spool.read(offset, header.size) };
    for (const name of [...node.children.keys()].sort()) {
      const child = node.children.get(name);
      if (child) yield* this.#walk(child, path === '' ? name : `${path}/${name}`);
    }
  }

  /** The content of a small file; undefined where there is no file. */
  async read(path: string, maxBytes: number): Promise<Buffer | undefined> {
    const found = await this.find(path);
    const node = found ? this.#node(found.path) : undefined;
    if (node?.header.type !== 'file') return undefined;
    if (node.header.size > maxBytes) throw badRequest(`"${path}" is larger than ${maxBytes} bytes`);
    const chunks: Buffer[] = [];
    for await (const chunk of this.#spool.read(node.offset, node.header.size)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
}

async function fromArchive(host: NativeHost, archive: Readable, sink: ContextSink): Promise<void> {
  const { stream } = await decompressed(archive, decompressor(host));
  await fromEntries(readTar(stream), sink);
}

async function fromEntries(entries: AsyncIterable<TarEntry>, sink: ContextSink): Promise<void> {
  for await (const entry of entries) {
    const offset = sink.reserve(entry.size);
    const hash = createHash('sha256');
    let done = 0;
    for await (const piece of entry.body()) {
      hash.update(piece);
      await sink.write(offset + done, piece);
      done += piece.length;
    }
    const { body: _, ...header } = entry;
    sink.put(header, offset, entry.type === 'file' ? hash.digest('hex') : '');
  }
}
