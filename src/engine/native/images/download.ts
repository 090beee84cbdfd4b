// Downloading one blob: resumed where the connection broke, from the next source where one cannot go on, kept only with the
// right digest.
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAbort, messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { type RegistryClient, RegistryError } from '../../../registry/client.ts';
import type { Source } from '../../../registry/registries.ts';
import type { NativeHost } from '../host.ts';
import type { ImageStore } from './store.ts';

export interface Blob {
  readonly digest: string;
  readonly size: number;
}

export interface DownloadParts {
  readonly host: NativeHost;
  readonly store: ImageStore;
  /** Where it may be had, in the order in which they are asked. */
  readonly sources: readonly Source[];
  readonly onBytes: (count: number) => void;
}

/** How often one source is asked again after its connection broke. */
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 200;

/** @throws RegistryError, or what broke the connection, of the last source. */
export async function downloadBlob({ host, store, sources, onBytes }: DownloadParts, blob: Blob): Promise<void> {
  if (await store.hasBlob(blob.digest)) return;
  const path = join(store.blobFolder, `.${randomBytes(8).toString('hex')}.part`);
  const file = await host.files.open(path, 'wx', 0o600);
  try {
    let partial = new Partial(file, blob, onBytes);
    for (const [at, source] of sources.entries()) {
      try {
        await partial.complete(await source());
        partial.verify();
        break;
      } catch (error) {
        if (isAbort(error) || at === sources.length - 1) throw error;
        debug('registry', () => `${blob.digest} is asked for elsewhere: ${messageOf(error)}`);
        // What came with a wrong digest is of no use to anybody.
        if (partial.isSpoilt) {
          await file.truncate(0);
          partial = new Partial(file, blob, onBytes);
        }
      }
    }
    await store.putBlob(createReadStream(path), blob.digest);
  } finally {
    await file.close();
    await host.files.rm(path, { force: true });
  }
}

/** What has come of a blob, whoever sent it. */
class Partial {
  readonly #file: FileHandle;
  readonly #blob: Blob;
  readonly #onBytes: (count: number) => void;
  readonly #hash: Hash = createHash('sha256');
  #received = 0;
  #spoilt = false;

  constructor(file: FileHandle, blob: Blob, onBytes: (count: number) => void) {
    this.#file = file;
    this.#blob = blob;
    this.#onBytes = onBytes;
  }

  /** It cannot be what was announced. */
  get isSpoilt(): boolean {
    return this.#spoilt;
  }

  /** Asks one source for what is missing, again where the connection breaks. */
  async complete(client: RegistryClient): Promise<void> {
    for (let attempt = 1; this.#received < this.#blob.size || attempt === 1; attempt++) {
      try {
        await this.#more(client);
      } catch (error) {
        if (error instanceof RegistryError || isAbort(error) || attempt >= ATTEMPTS) throw error;
        await delay(FIRST_PAUSE_MS * 2 ** (attempt - 1));
      }
    }
  }

  verify(): void {
    const digest = `sha256:${this.#hash.digest('hex')}`;
    if (digest === this.#blob.digest) return;
    this.#spoilt = true;
    throw new RegistryError(
      0,
      `filesystem layer verification failed for digest ${this.#blob.digest}: content has digest ${digest}`,
    );
  }

  async #more(client: RegistryClient): Promise<void> {
    const { digest, size } = this.#blob;
    const answer = await client.blob(digest, this.#received);
    // A registry without ranges starts over: what is known already is skipped.
    let skip = this.#received - answer.offset;
    for await (const chunk of answer.stream as AsyncIterable<Buffer>) {
      const fresh = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - fresh.length;
      if (fresh.length === 0) continue;
      if (this.#received + fresh.length > size) {
        this.#spoilt = true;
        throw new RegistryError(0, `blob ${digest} is longer than the ${size} bytes announced`);
      }
      await this.#file.write(fresh, 0, fresh.length, this.#received);
      this.#hash.update(fresh);
      this.#received += fresh.length;
      this.#onBytes(this.#received);
    }
    if (this.#received < size) throw new Error(`the connection ended after ${this.#received} of ${size} bytes`);
  }
}
