// Making layers, and looking at what a row of them adds up to. A row of layers is immutable; whatever is mounted here is mounted
// read-only and at rest.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import type { NativeHost } from '../host.ts';
import { hexOf, lowerNames } from '../images/digest.ts';
import { type ImageLayer, type ImageStore, LAYER_TAR } from '../images/store.ts';
import { MS_RDONLY } from '../kernel.ts';
import { badRequest } from '../server/api-error.ts';
import type { IdMapping } from '../user-namespaces/id-mapping.ts';
import type { LayerWriter } from './files/layer-writer.ts';
import { type UpperFacts, type UpperOptions, upperArchive } from './files/upper-layer.ts';

/** As Docker's: what mount options and file systems are sure to take. */
const MAX_LAYERS = 127;

/** Layers from the bottom up. */
export type Chain = readonly ImageLayer[];

/** A name for all that a row of layers holds. */
export const chainKey = (chain: Chain): string => chain.map(({ diffId }) => hexOf(diffId)).join(',');

export class Layers {
  readonly #host: NativeHost;
  readonly #store: ImageStore;
  /** Where this build puts what it mounts and makes; its own. */
  readonly folder: string;
  readonly #signal: AbortSignal | undefined;
  readonly #mounted = new Map<string, Promise<string>>();
  readonly #held = new Map<string, ImageLayer>();

  /** With `signal` aborted no layer is made any more: one of many gigabytes is not waited for. */
  constructor(host: NativeHost, store: ImageStore, folder: string, signal?: AbortSignal) {
    this.#host = host;
    this.#store = store;
    this.folder = folder;
    this.#signal = signal;
  }

  /** From now on the build needs these: nobody may remove them meanwhile. */
  hold(chain: Chain): void {
    for (const layer of chain) this.#held.set(layer.diffId, layer);
  }

  get held(): readonly ImageLayer[] {
    return [...this.#held.values()];
  }

  /** Names of a row of layers for overlayfs, topmost first. */
  lowerNames(chain: Chain): string[] {
    return lowerNames(chain.map(({ diffId }) => diffId));
  }

  /**
   * A folder that shows the file system of a row of layers. It stays until `close`. `store` is where the layers are found: the
   * image store itself, or as a container with ids of its own sees it.
   */
  root(chain: Chain, store = this.#store.lowerDirectory): Promise<string> {
    const key = `${store} ${chainKey(chain)}`;
    const known = this.#mounted.get(key);
    if (known) return known;
    const mounting = this.#mount(chain, store);
    this.#mounted.set(key, mounting);
    return mounting;
  }

  async #mount(chain: Chain, store: string): Promise<string> {
    const names = this.lowerNames(chain);
    const [only] = names;
    // overlayfs wants two layers at least; a single one shows itself.
    if (names.length === 1 && only !== undefined) return join(store, only);
    const target = join(this.folder, `root-${randomBytes(6).toString('hex')}`);
    await this.#host.files.mkdir(target, { mode: 0o755 });
    if (names.length > 0)
      await this.#host.kernel.mount({
        source: 'overlay',
        target,
        type: 'overlay',
        flags: MS_RDONLY,
        data: `lowerdir=${names.join(':')}`,
        directory: store,
      });
    return target;
  }

  /** Keeps what `fill` writes as a layer; undefined when it wrote nothing. */
  async fromWriter(writer: LayerWriter, fill: () => Promise<void>): Promise<ImageLayer | undefined> {
    const kept = this.#keep(writer.archive);
    kept.catch(() => undefined);
    try {
      await fill();
      await writer.end();
    } catch (error) {
      writer.fail(error);
      await kept.catch(() => undefined);
      this.#signal?.throwIfAborted();
      throw error;
    }
    const { digest, size } = await kept;
    if (writer.isEmpty) {
      await this.#store.dropBlob(digest);
      return undefined;
    }
    await this.#store.ensureLayer(digest, digest);
    return { diffId: digest, blob: digest, blobSize: size, mediaType: LAYER_TAR };
  }

  /**
   * Keeps overlayfs's upper folder, which nobody needs any more, as a layer. Undefined when nothing is in it. With `ids` its owners
   * have these on disk.
   */
  async fromUpper(upper: string, ids?: IdMapping): Promise<ImageLayer | undefined> {
    if (ids) return this.copyOfUpper(upper, { ids });
    const facts: UpperFacts = { size: 0, entries: 0 };
    const { digest, size } = await this.#keep(
      Readable.from(upperArchive(this.#host, upper, facts), { objectMode: false, highWaterMark: 1024 * 1024 }),
    );
    if (facts.entries === 0) {
      await this.#store.dropBlob(digest);
      return undefined;
    }
    await this.#store.adoptFolder(upper, digest, facts.size);
    return { diffId: digest, blob: digest, blobSize: size, mediaType: LAYER_TAR };
  }

  /** Keeps a copy of an upper folder as a layer; the folder stays in use. */
  async copyOfUpper(upper: string, options: UpperOptions): Promise<ImageLayer | undefined> {
    const facts: UpperFacts = { size: 0, entries: 0 };
    const archive = upperArchive(this.#host, upper, facts, options);
    const { digest, size } = await this.#keep(Readable.from(archive, { objectMode: false }));
    if (facts.entries === 0) {
      await this.#store.dropBlob(digest);
      return undefined;
    }
    await this.#store.ensureLayer(digest, digest);
    return { diffId: digest, blob: digest, blobSize: size, mediaType: LAYER_TAR };
  }

  #keep(archive: Readable): ReturnType<ImageStore['putBlob']> {
    return this.#store.putBlob(this.#signal ? addAbortSignal(this.#signal, archive) : archive);
  }

  async close(): Promise<void> {
    const roots = await Promise.allSettled(this.#mounted.values());
    for (const root of roots)
      if (root.status === 'fulfilled' && root.value.startsWith(this.folder))
        await this.#host.kernel.unmount(root.value);
    this.#mounted.clear();
  }
}

/** The row with a layer on top; nothing is added for a step that changed nothing. */
export function onTop(chain: Chain, layer: ImageLayer | undefined): Chain {
  if (!layer) return chain;
  if (chain.length >= MAX_LAYERS) throw badRequest(`max depth exceeded: an image has at most ${MAX_LAYERS} layers`);
  return [...chain, layer];
}
