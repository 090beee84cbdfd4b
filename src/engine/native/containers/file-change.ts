// Waiting for a file to grow, or a folder to get another file.
import { type FSWatcher, watch } from 'node:fs';

/** A watch may be missing where the kernel has no more of them, and for what is not there yet: then it is looked at this often. */
const POLL_MS = 500;

/** From its making on no change is missed. */
export class FileChange {
  readonly #watcher: FSWatcher | undefined;
  readonly #timer: NodeJS.Timeout;
  #changed = false;
  #waiting: (() => void) | undefined;

  constructor(path: string) {
    try {
      this.#watcher = watch(path, () => this.wake());
      this.#watcher.on('error', () => this.wake());
    } catch {
      this.#watcher = undefined;
    }
    this.#timer = setInterval(() => this.wake(), POLL_MS);
  }

  /** As if it had changed. */
  wake(): void {
    this.#changed = true;
    this.#waiting?.();
  }

  /** Resolves when it may have changed since the last call. */
  async next(): Promise<void> {
    if (!this.#changed)
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    this.#waiting = undefined;
    this.#changed = false;
  }

  close(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
  }
}
