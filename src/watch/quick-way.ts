// The quicker of two ways into a container: shells that stay there, opened where the engine's own way has shown to be slow.
import type { Engine } from '../engine/engine.ts';
import { messageOf } from '../errors.ts';
import { debug } from '../log.ts';
import { ResidentShell } from './resident-shell.ts';

/** An engine that takes no longer for a small archive needs no help. */
const SLOW_MS = 20;
/** Beyond this the engine's way costs little in proportion, and needs no memory for it all. */
const MOST_BYTES = 1024 * 1024;
/** A shell that could not do something is tried again so often: a folder in the place of a file is beyond tar(1), the next save is not. */
const MOST_FAILURES = 3;

export class QuickWay {
  readonly #engine: Engine;
  readonly #signal: AbortSignal;
  /** By container; undefined while it is being opened, and where there is none. */
  readonly #shells = new Map<string, ResidentShell | undefined>();
  readonly #failures = new Map<string, number>();

  /** The signal ends all shells. */
  constructor(engine: Engine, signal: AbortSignal) {
    this.#engine = engine;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#close(), { once: true });
  }

  /** False when it has to be done otherwise, from the beginning. */
  async copy(container: string, archive: Buffer): Promise<boolean> {
    return this.#order(container, 'copy', archive);
  }

  async remove(container: string, paths: readonly string[]): Promise<boolean> {
    return this.#order(container, 'remove', Buffer.from(paths.map((path) => `${path}\0`).join('')));
  }

  /** Does something in the engine's way. After one that was slow, the next ones find a shell. */
  async timed(container: string, bytes: number, work: () => Promise<void>): Promise<void> {
    const begin = performance.now();
    await work();
    if (bytes <= MOST_BYTES && performance.now() - begin > SLOW_MS && !this.#shells.has(container))
      void this.#open(container);
  }

  async #order(container: string, order: 'copy' | 'remove', data: Buffer): Promise<boolean> {
    const shell = this.#shells.get(container);
    if (shell === undefined || data.length > MOST_BYTES) return false;
    // It went with its container's last run.
    if (shell.ended) this.#shells.delete(container);
    if (shell.ended) return false;
    if (await shell.order(order, data)) return true;
    const failures = (this.#failures.get(container) ?? 0) + 1;
    this.#failures.set(container, failures);
    if (failures < MOST_FAILURES) this.#shells.delete(container);
    else this.#shells.set(container, undefined);
    return false;
  }

  async #open(container: string): Promise<void> {
    if (this.#signal.aborted) return;
    this.#shells.set(container, undefined);
    try {
      const shell = await ResidentShell.open(this.#engine, container, this.#signal);
      debug('watch', () => `${shell === undefined ? 'no shell' : 'a shell'} in ${container.slice(0, 12)}`);
      this.#shells.set(container, shell);
      if (this.#signal.aborted) this.#close();
    } catch (error) {
      debug('watch', () => `no shell in ${container.slice(0, 12)}: ${messageOf(error)}`);
    }
  }

  #close(): void {
    for (const shell of this.#shells.values()) shell?.close();
    this.#shells.clear();
  }
}
