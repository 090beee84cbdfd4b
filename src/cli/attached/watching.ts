// Watching beside an attached `up`: from the beginning with `--watch`, switched on and off by a key.
import type { Watcher } from '../watch/watcher.ts';

/** Does something that ends containers in order to start them again, or others in their place. */
export type Replacing = <T>(work: () => Promise<T>) => Promise<T>;

export interface Watching {
  /** Set by who looks after the containers; works of the watchers go through it. */
  readonly replacing: { around: Replacing };
  /** One more; it has not looked at the files yet. */
  readonly make: () => Promise<Watcher>;
  /** The one to begin with, which has looked at them before anything was built. */
  readonly first: Watcher | undefined;
}

export class AttachedWatch {
  readonly #watching: Watching;
  #current: { readonly watcher: Watcher; readonly ended: Promise<void> } | undefined;
  /** Switching takes a moment; the next waits for it. */
  #switching: Promise<void> = Promise.resolve();

  constructor(watching: Watching) {
    this.#watching = watching;
  }

  /** Begins with the first one, where there is one. */
  start(): void {
    const { first } = this.#watching;
    if (first !== undefined) this.#begin(first);
  }

  /** On when it is off, off when it is on. Failures are told by `onError`. */
  toggle(onError: (error: unknown) => void): void {
    this.#switching = this.#switching.then(() => this.#toggle()).catch(onError);
  }

  /** Off, for good. Resolves when nothing is being done any more. */
  async stop(): Promise<void> {
    await this.#switching;
    await this.#end();
    this.#watching.first?.stop();
  }

  async #toggle(): Promise<void> {
    if (this.#current !== undefined) return this.#end();
    const watcher = await this.#watching.make();
    await watcher.prepare();
    this.#begin(watcher);
  }

  #begin(watcher: Watcher): void {
    // What goes wrong has been told as a line of its own: what runs goes on without being watched.
    const ended = watcher
      .run()
      .catch(() => {})
      .finally(() => {
        if (this.#current?.watcher === watcher) this.#current = undefined;
      });
    this.#current = { watcher, ended };
  }

  async #end(): Promise<void> {
    const current = this.#current;
    current?.watcher.stop();
    await current?.ended;
  }
}
