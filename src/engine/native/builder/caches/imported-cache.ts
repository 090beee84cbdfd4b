// A cache from elsewhere: what it knows is read at once, its layers when a step wants them.
import type { Readable } from 'node:stream';
import { messageOf } from '../../../../errors.ts';
import { debug } from '../../../../log.ts';
import type { ImageLayer, ImageStore } from '../../images/store.ts';
import { readCacheConfig, type TravelledEntry } from './cache-document.ts';

/** Where the blobs of a cache are. */
export type ReadBlob = (digest: string) => Promise<Readable>;

export class ImportedCache {
  readonly #store: ImageStore;
  readonly #read: ReadBlob;
  readonly #entries: ReadonlyMap<string, TravelledEntry>;

  /** @throws Error where the configuration is none of a cache */
  constructor(store: ImageStore, config: string, read: ReadBlob) {
    this.#store = store;
    this.#read = read;
    this.#entries = new Map(readCacheConfig(config).map((entry) => [entry.key, entry]));
  }

  get(key: string): TravelledEntry | undefined {
    return this.#entries.get(key);
  }

  fetch(layer: ImageLayer): Promise<boolean> {
    return fetchLayer(this.#store, layer, this.#read);
  }
}

/** Brings a layer here, checked and unpacked; false where that does not work: a cache is worth no failure. */
export async function fetchLayer(store: ImageStore, layer: ImageLayer, read: ReadBlob): Promise<boolean> {
  try {
    if (!(await store.hasBlob(layer.blob))) await store.putBlob(await read(layer.blob), layer.blob);
    await store.ensureLayer(layer.diffId, layer.blob);
    return true;
  } catch (error) {
    debug('builder', () => `a layer of a cache is not used: ${messageOf(error)}`);
    return false;
  }
}
