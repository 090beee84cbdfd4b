// Folders of `RUN --mount=type=cache`: kept between builds, shared by commands of the same id as they ask for.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { listIfExists, type NativeHost } from '../../host.ts';

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
  readonly #waiting: (() => void)[] = [];

  constructor(host: NativeHost, folder: string) {
    this.#host = host;
    this.#folder = folder;
  }

  /** `locked` waits until nobody else uses the folder; `private` takes another one meanwhile. */
  async hold(id: string, sharing: Sharing, signal: AbortSignal): Promise<HeldCache> {
    const name = createHash('sha256').update(id).digest('hex').slice(0, 32);
    const free = (folder: string): boolean => (this.#users.get(folder) ?? 0) === 0;
    let folder = join(this.#folder, name);
    if (sharing === 'private')
      for (let count = 1; !free(folder); count += 1) folder = join(this.#folder, `${name}-${count}`);
    while (sharing === 'locked' && !free(folder)) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      signal.throwIfAborted();
    }
    this.#users.set(folder, (this.#users.get(folder) ?? 0) + 1);
    const fresh = (await this.#host.files.mkdir(folder, { recursive: true, mode: 0o755 })) !== undefined;
    return {
      folder,
      fresh,
      release: () => {
        this.#users.set(folder, (this.#users.get(folder) ?? 1) - 1);
        for (const resolve of this.#waiting.splice(0)) resolve();
      },
    };
  }

  /** Removes every folder that no command uses. Returns the bytes that were in them. */
  async prune(): Promise<number> {
    let bytes = 0;
    for (const name of await listIfExists(this.#host.files, this.#folder)) {
      const folder = join(this.#folder, name);
      if ((this.#users.get(folder) ?? 0) > 0) continue;
      bytes += await this.#sizeOf(folder);
      await this.#host.files.rm(folder, { recursive: true, force: true });
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
