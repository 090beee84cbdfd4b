// The cache as one build sees it: the engine's own, then those that the client named. It keeps account of what was used.
import type { ImageLayer } from '../../images/store.ts';
import type { BuildCache, CacheEntry } from '../cache.ts';
import type { ImportedCache } from './imported-cache.ts';

type Step = Pick<CacheEntry, 'created' | 'text'> & { readonly layer: ImageLayer | undefined };

export class StepCache {
  readonly #own: BuildCache;
  readonly #imported: readonly ImportedCache[];
  readonly #used = new Map<string, CacheEntry>();

  constructor(own: BuildCache, imported: readonly ImportedCache[] = []) {
    this.#own = own;
    this.#imported = imported;
  }

  /** Steps that this build has found or carried out. */
  get used(): readonly CacheEntry[] {
    return [...this.#used.values()];
  }

  /** What a step without a layer of its own has led to. */
  get(key: string): CacheEntry | undefined {
    const known = this.#own.get(key);
    if (known) return this.#note(known);
    for (const cache of this.#imported) {
      const entry = cache.get(key);
      if (entry && !entry.layer) return this.put(key, { ...entry, layer: undefined });
    }
    return undefined;
  }

  /** What a step has led to; its layer is here when this resolves, and held by `hold` before that. */
  async find(key: string, hold: (layer: ImageLayer) => void): Promise<CacheEntry | undefined> {
    const known = this.get(key);
    if (known?.layer) hold(known.layer);
    if (known) return known;
    for (const cache of this.#imported) {
      const entry = cache.get(key);
      if (!entry?.layer) continue;
      hold(entry.layer);
      if (await cache.fetch(entry.layer)) return this.put(key, { ...entry, layer: entry.layer });
    }
    return undefined;
  }

  put(key: string, step: Step): CacheEntry {
    this.#own.put(key, step);
    const { layer, created, text } = step;
    return this.#note({ key, created, text, used: Date.now(), count: 0, ...(layer ? { layer } : {}) });
  }

  /** A digest that was taken before, or taken now. */
  async remembered(key: string, take: () => Promise<string>): Promise<string> {
    const known = this.get(key);
    if (known) return known.text;
    return this.put(key, { created: '', text: await take(), layer: undefined }).text;
  }

  #note(entry: CacheEntry): CacheEntry {
    this.#used.set(entry.key, entry);
    return entry;
  }
}
