// Folders of `RUN --mount=type=cache`: kept between builds, shared by commands of the same id as they ask for.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { listIfExists, type NativeHost } from '../../host.ts';
import { Serial } from '../../serial.ts';

export type Sharing = 'shared' | 'private' | 'locked';

export interface HeldCache {
  readonly folder: string;
  /** It was made just now: its first content may be copied in. */
  readonly fresh: boolean;
  release(): void;
}

export class CacheMounts {
  readonly #host: NativeHost;
  readonly #folder: string;
  /** Folder → how many commands use it. */
  readonly #users = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  /** A folder is not removed while it is made. */
  readonly #serial = new Serial();

  constructor(host: NativeHost, folder: string) {
    this.#host = host;
    this.#folder = folder;
  }

  /** `locked` waits until nobody else uses the folder; `private` takes another one meanwhile. */
  async hold(id: string, sharing: Sharing, signal: AbortSignal): Promise<HeldCache> {
    const name = createHash('sha256').update(id).digest('hex').slice(0, 32);
    let folder = join(this.#folder, name);
    if (sharing === 'private')
      for (let count = 1; !this.#isFree(folder); count += 1) folder = join(this.#folder, `${name}-${count}`);
    while (sharing === 'locked' && !this.#isFree(folder)) await this.#change(signal);
    // From here on nobody takes it for unused, though it may be removed just now: then it is made anew.
    this.#count(folder, 1);
    const release = (): void => {
      this.#count(folder, -1);
      for (const wake of this.#waiting) wake();
    };
    try {
      const make = () => this.#host.files.mkdir(folder, { recursive: true, mode: 0o755 });
      return { folder, fresh: (await this.#serial.run(folder, make)) !== undefined, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #isFree(folder: string): boolean {
    return !this.#users.has(folder);
  }

  #count(folder: string, change: 1 | -1): void {
    const count = (this.#users.get(folder) ?? 0) + change;
    if (count > 0) this.#users.set(folder, count);
    else this.#users.delete(folder);
  }

  /** Resolves when a folder was given back. */
  async #change(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    let wake = (): void => undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
    this.#waiting.delete(wake);
    signal.removeEventListener('abort', wake);
    signal.throwIfAborted();
  }

  /** Removes every folder that no command uses. Returns the bytes that were in them. */
  async prune(): Promise<number> {
    let bytes = 0;
    for (const name of await listIfExists(this.#host.files, this.#folder)) {
      const folder = join(this.#folder, name);
      await this.#serial.run(folder, async () => {
        const size = this.#isFree(folder) ? await this.#sizeOf(folder) : 0;
        // Somebody may have taken it while it was looked at.
        if (!this.#isFree(folder)) return;
        await this.#host.files.rm(folder, { recursive: true, force: true });
        bytes += size;
      });
    }
    return bytes;
  }

  /** Bytes in all folders. */
  async size(): Promise<number> {
    const names = await listIfExists(this.#host.files, this.#folder);
    const sizes = await Promise.all(names.map((name) => this.#sizeOf(join(this.#folder, name))));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async #sizeOf(folder: string): Promise<number> {
    const { stdout } = await this.#host.run('du', ['-sb', '--', folder]);
    return Number(/^\d+/.exec(stdout)?.[0] ?? 0);
  }
}
