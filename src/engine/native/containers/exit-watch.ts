// The folder into which monitors write exit statuses: one file per container, named by its id.
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { listIfExists, type NativeHost, readIfExists } from '../host.ts';

export class ExitWatch {
  readonly #host: NativeHost;
  readonly #folder: string;
  readonly #onExit: (id: string, code: number) => void;
  readonly #seen = new Set<string>();
  #watcher: FSWatcher | undefined;

  constructor(host: NativeHost, folder: string, onExit: (id: string, code: number) => void) {
    this.#host = host;
    this.#folder = folder;
    this.#onExit = onExit;
  }

  /** Starts watching; returns the statuses that are there already, which are not told again. */
  async start(): Promise<Map<string, number>> {
    this.#watcher = watch(this.#folder, (_, name) => {
      if (name !== null) void this.#look(name);
    });
    const found = new Map<string, number>();
    for (const id of await listIfExists(this.#host.files, this.#folder)) {
      const code = await this.#read(id);
      if (code !== undefined) found.set(id, code);
    }
    return found;
  }

  close(): void {
    this.#watcher?.close();
  }

  /** What a monitor has written; undefined where it has not. */
  statusOf(id: string): Promise<number | undefined> {
    return this.#read(id);
  }

  async #look(id: string): Promise<void> {
    const code = await this.#read(id);
    if (code === undefined) {
      this.#seen.delete(id); // removed: the container may run again
      return;
    }
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    this.#onExit(id, code);
  }

  /** conmon writes to a temporary name and renames, so a file is whole; anything but a number is not one of its. */
  async #read(id: string): Promise<number | undefined> {
    if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
    const text = await readIfExists(this.#host.files, join(this.#folder, id));
    return text !== undefined && /^\d+$/.test(text.trim()) ? Number(text.trim()) : undefined;
  }
}
