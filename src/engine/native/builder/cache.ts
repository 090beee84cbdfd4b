// The layer cache: what a step with certain content has led to. On disk as one file that is written whole, read once; its
// layers stay in the image store until they are pruned.
import { createHash } from 'node:crypto';
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { type NativeHost, readIfExists } from '../host.ts';
import type { ImageLayer, ImageStore } from '../images/store.ts';
import { Rounds } from '../serial.ts';

export interface CacheEntry {
  readonly key: string;
  /** Undefined for a step that changed no file. */
  readonly layer?: ImageLayer;
  /** When the step was carried out, as the image's history says. */
  readonly created: string;
  /** Unix milliseconds. */
  readonly used: number;
  readonly count: number;
  /** What the step was, for lists: `RUN make`. */
  readonly text: string;
}

/** The oldest are forgotten beyond it: each takes a few hundred bytes of memory. */
const MAX_ENTRIES = 20_000;

/** Digest of what decides the outcome of a step. */
export const cacheKey = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

export class BuildCache {
  readonly #host: NativeHost;
  readonly #store: ImageStore;
  readonly #file: string;
  readonly #entries = new Map<string, CacheEntry>();
  readonly #saves: Rounds;

  constructor(host: NativeHost, store: ImageStore, file: string) {
    this.#host = host;
    this.#store = store;
    this.#file = file;
    this.#saves = new Rounds(() => this.#save());
    store.keep(() => this.#layers());
  }

  async open(): Promise<void> {
    const text = await readIfExists(this.#host.files, this.#file);
    if (text === undefined) return;
    try {
      for (const entry of JSON.parse(text) as CacheEntry[]) this.#entries.set(entry.key, entry);
    } catch (error) {
      // A cache is worth no failure to start.
      debug('builder', () => `the build cache cannot be read: ${messageOf(error)}`);
    }
  }

  /** What a step has led to before; it counts as used. */
  get(key: string): CacheEntry | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const used = { ...entry, used: Date.now(), count: entry.count + 1 };
    // Last in the map: the first are the longest unused.
    this.#entries.delete(key);
    this.#entries.set(key, used);
    return used;
  }

  put(key: string, step: Pick<CacheEntry, 'created' | 'text'> & { readonly layer: ImageLayer | undefined }): void {
    const { layer, created, text } = step;
    this.#entries.delete(key);
    this.#entries.set(key, { key, ...(layer ? { layer } : {}), created, text, used: Date.now(), count: 0 });
    while (this.#entries.size > MAX_ENTRIES) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
  }

  /** A digest that was taken before, or taken now. */
  async remembered(key: string, take: () => Promise<string>): Promise<string> {
    const known = this.get(key);
    if (known) return known.text;
    const text = await take();
    this.put(key, { created: '', text, layer: undefined });
    return text;
  }

  all(): CacheEntry[] {
    return [...this.#entries.values()];
  }

  /** Forgets entries and removes layers that nothing else uses. Returns the entries that went. */
  async prune(which: (entry: CacheEntry) => boolean): Promise<CacheEntry[]> {
    const gone = this.all().filter(which);
    for (const { key } of gone) this.#entries.delete(key);
    await this.save();
    await this.#store.dropLayers(gone.flatMap(({ layer }) => layer ?? []));
    return gone;
  }

  /** Resolves when what is known now is on disk. */
  save(): Promise<void> {
    return this.#saves.request();
  }

  #layers(): ImageLayer[] {
    return [...this.#entries.values()].flatMap(({ layer }) => layer ?? []);
  }

  #save(): Promise<void> {
    return this.#host.writeAtomic(this.#file, JSON.stringify(this.all()), { sync: false });
  }
}
