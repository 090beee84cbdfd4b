// A layer as an archive, entry by entry, on top of a file system at rest. Links of the tree below and of the layer itself are
// followed as in a chroot; folders on the way keep what they are below.
import type { Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { END_OF_ARCHIVE, encodeHeader, padding, type TarHeader } from '../../../../archive/tar-header.ts';
import { drained } from '../../../../drained.ts';
import type { NativeHost } from '../../host.ts';
import { followLinks, type LinkTarget, linksBelow } from '../../scoped-path.ts';
import { badRequest } from '../../server/api-error.ts';
import { pathParts } from './source-tree.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const ROOT: Owner = { uid: 0, gid: 0 };

type Kind = 'directory' | 'symlink' | 'other';

export class LayerWriter {
  readonly #host: NativeHost;
  /** Undefined where the layer stands for itself: `--link`, or on nothing. */
  readonly #below: string | undefined;
  readonly #linkBelow: LinkTarget;
  readonly #written = new Map<string, { readonly kind: Kind; readonly target: string }>();
  readonly #out = new PassThrough({ highWaterMark: 1024 * 1024 });
  /** Folders that were followed already; forgotten with every link that is written. */
  readonly #followed = new Map<string, string>();
  /** Folders that the tree below does not have: nothing in them need be looked for. */
  readonly #new = new Set<string>();
  #entries = 0;

  constructor(host: NativeHost, below: string | undefined) {
    this.#host = host;
    this.#below = below;
    this.#linkBelow = below === undefined ? () => undefined : linksBelow(host, below);
  }

  /** The archive; read it while it is written. */
  get archive(): Readable {
    return this.#out;
  }

  /** A layer without entries changes nothing. */
  get isEmpty(): boolean {
    return this.#entries === 0;
  }

  async end(): Promise<void> {
    await this.#write(END_OF_ARCHIVE);
    this.#out.end();
  }

  fail(error: unknown): void {
    this.#out.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  /** Where a path leads, links followed. */
  resolve(path: string, followLast = true): Promise<string> {
    return followLinks(path, (at) => this.#linkAt(at), followLast);
  }

  /** What is at a resolved path. */
  async kindOf(path: string): Promise<Kind | undefined> {
    if (path === '/') return 'directory';
    const own = this.#written.get(path);
    if (own) return own.kind;
    const facts = await this.#statBelow(path);
    if (!facts) return undefined;
    return facts.isDirectory() ? 'directory' : facts.isSymbolicLink() ? 'symlink' : 'other';
  }

  /**
   * Writes an entry at a path, whose folders are made where they are missing (with `owner`). Returns the path it has after
   * following links.
   */
  async add(
    path: string,
    header: Omit<TarHeader, 'path'>,
    body: AsyncIterable<Buffer> | undefined,
    owner: Owner = ROOT,
  ): Promise<string> {
    const parts = pathParts(path);
    const name = parts.pop();
    if (name === undefined) return '/';
    if (name.startsWith('.wh.'))
      throw badRequest(`"${path}" cannot be put into an image: names that start with ".wh." stand for deletions there`);
    const folder = `/${parts.join('/')}`;
    const parent = this.#followed.get(folder) ?? (await this.resolve(folder));
    if (!this.#followed.has(folder)) await this.makeFolder(parent, owner);
    this.#followed.set(folder, parent);
    const at = join(parent, name);
    const before = await this.kindOf(at);
    if (before === undefined && header.type === 'directory') this.#new.add(at);
    if (before === 'directory' && header.type !== 'directory')
      throw badRequest(`cannot overwrite folder "${at}" with something else`);
    const kind = header.type === 'directory' ? 'directory' : header.type === 'symlink' ? 'symlink' : 'other';
    if (kind === 'symlink') this.#followed.clear();
    this.#written.set(at, { kind, target: header.linkPath });
    await this.#entry({ ...header, path: at.slice(1) + (header.type === 'directory' ? '/' : '') }, body);
    return at;
  }

  /** Makes a folder and those above it where they are missing; existing ones are taken into the layer as they are. */
  async makeFolder(path: string, owner: Owner = ROOT, mode = 0o755): Promise<void> {
    const parts = pathParts(path);
    for (let count = 1; count <= parts.length; count += 1) {
      const at = `/${parts.slice(0, count).join('/')}`;
      const known = this.#written.get(at);
      if (known?.kind === 'directory') continue;
      if (known) throw badRequest(`"${at}" is not a folder`);
      const facts = await this.#statBelow(at);
      if (facts && !facts.isDirectory()) throw badRequest(`"${at}" is not a folder`);
      this.#written.set(at, { kind: 'directory', target: '' });
      if (!facts) this.#new.add(at);
      const last = count === parts.length;
      const own = facts
        ? { mode: facts.mode & 0o7777, uid: facts.uid, gid: facts.gid, mtime: facts.mtimeMs / 1000 }
        : { mode: last ? mode : 0o755, ...owner, mtime: Date.now() / 1000 };
      await this.#entry({ ...PLAIN, ...own, path: `${at.slice(1)}/` }, undefined);
    }
  }

  async #entry(header: TarHeader, body: AsyncIterable<Buffer> | undefined): Promise<void> {
    this.#entries += 1;
    const size = header.type === 'file' ? header.size : 0;
    // Whole seconds, as in Docker's layers: fractions would take a further header each.
    await this.#write(encodeHeader({ ...header, size, mtime: Math.trunc(header.mtime) }));
    if (size === 0) return;
    let written = 0;
    for await (const piece of body ?? []) {
      written += piece.length;
      await this.#write(piece);
    }
    if (written !== size) throw new Error(`"${header.path}" has ${written} bytes, not ${size}`);
    await this.#write(Buffer.alloc(padding(size)));
  }

  async #write(data: Buffer): Promise<void> {
    if (this.#out.destroyed) throw new Error('the layer is not read any more');
    if (data.length > 0 && !this.#out.write(data)) await drained(this.#out);
  }

  async #linkAt(path: string): Promise<string | undefined> {
    const own = this.#written.get(path);
    if (own) return own.kind === 'symlink' ? own.target : undefined;
    return this.#new.has(dirname(path)) ? undefined : this.#linkBelow(path);
  }

  async #statBelow(path: string): Promise<Stats | undefined> {
    if (this.#below === undefined || this.#new.has(dirname(path))) return undefined;
    return this.#host.files.lstat(join(this.#below, path)).catch(() => undefined);
  }
}

const PLAIN = {
  type: 'directory',
  size: 0,
  linkPath: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map<string, Buffer>(),
} as const;
