// The build context as it came: one archive kept on disk beside an index of it in memory. Nothing is unpacked, so no path of
// the archive ever reaches the file system; digests are taken while the archive is received.
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { decompressed } from '../../../../archive/compression.ts';
import type { TarHeader } from '../../../../archive/tar-header.ts';
import { readTar } from '../../../../archive/tar-reader.ts';
import { messageOf } from '../../../../errors.ts';
import type { NativeHost } from '../../host.ts';
import { followLinks } from '../../scoped-path.ts';
import { badRequest } from '../../server/api-error.ts';
import { decompressor } from './decompressor.ts';
import { type Found, pathParts, type SourceTree, type TreeEntry } from './source-tree.ts';

export interface ContextLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** Above any context that makes sense to send; below what fills memory or a disk unnoticed. */
export const CONTEXT_LIMITS: ContextLimits = { maxBytes: 64 * 1024 ** 3, maxEntries: 2_000_000 };

const WRITTEN_AT_ONCE = 1024 * 1024;
const READ_AT_ONCE = 256 * 1024;

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
  readonly #spool: FileHandle;
  readonly #root = folder();
  #size = 0;

  private constructor(spool: FileHandle) {
    this.#spool = spool;
  }

  /** Receives an archive, compressed or not, into the spool file. */
  static async receive(
    host: NativeHost,
    archive: Readable,
    spool: string,
    limits: ContextLimits = CONTEXT_LIMITS,
  ): Promise<ContextTree> {
    const out = await host.files.open(spool, 'wx+', 0o600);
    const tree = new ContextTree(out);
    let kept: Buffer[] = [];
    let keptBytes = 0;
    // Many small files: one write for all of them, not one each.
    const write = async (): Promise<void> => {
      if (keptBytes > 0) await out.writeFile(Buffer.concat(kept));
      kept = [];
      keptBytes = 0;
    };
    try {
      const { stream } = await decompressed(archive, decompressor(host));
      let count = 0;
      for await (const entry of readTar(stream)) {
        count += 1;
        if (count > limits.maxEntries) throw badRequest(`the build context has more than ${limits.maxEntries} files`);
        if (tree.#size + entry.size > limits.maxBytes)
          throw badRequest(`the build context is larger than ${limits.maxBytes} bytes`);
        const offset = tree.#size;
        const hash = createHash('sha256');
        for await (const piece of entry.body()) {
          hash.update(piece);
          tree.#size += piece.length;
          kept.push(piece);
          keptBytes += piece.length;
          if (keptBytes >= WRITTEN_AT_ONCE) await write();
        }
        const { body: _, ...header } = entry;
        tree.#put(header, offset, entry.type === 'file' ? hash.digest('hex') : '');
      }
      await write();
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
    return this.#size;
  }

  #put(header: TarHeader, offset: number, digest: string): void {
    if (header.path.split('/').includes('..')) throw new Error(`"${header.path}" leaves the context`);
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
    yield { ...header, path, contentDigest: digest, body: () => this.#content(offset, header.size) };
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
    for await (const chunk of this.#content(node.offset, node.header.size)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async *#content(offset: number, size: number): AsyncGenerator<Buffer> {
    for (let done = 0; done < size; ) {
      const buffer = Buffer.allocUnsafe(Math.min(size - done, READ_AT_ONCE));
      const { bytesRead } = await this.#spool.read(buffer, 0, buffer.length, offset + done);
      if (bytesRead === 0) throw new Error('the build context was cut short on the disk');
      done += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}
