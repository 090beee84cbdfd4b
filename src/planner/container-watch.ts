// Wakes gates when something happens to a container, by the engine's events, and now and then in case one was missed.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import { debug } from '../log.ts';

/** Health checks make three events each that say nothing about health. */
const TELLING = /^(health_status|die|start|stop|destroy|oom)/;
/** Events are the rule; this is for engines that lose or delay them. */
const POLL_MS = 500;

export class ContainerWatch {
  readonly #engine: Engine;
  readonly #project: string;
  readonly #sleepers = new Set<() => void>();
  readonly #ended = new AbortController();
  #listening = false;

  constructor(engine: Engine, project: string) {
    this.#engine = engine;
    this.#project = project;
  }

  /** Resolves at the next telling event of the project, or after half a second, or when the signal is aborted. */
  async change(signal: AbortSignal): Promise<void> {
    this.#listen();
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    this.#sleepers.add(wake);
    try {
      await sleep(POLL_MS, undefined, { signal: AbortSignal.any([woken.signal, signal, this.#ended.signal]) });
    } catch {
      // Woken early: that is what it is for.
    } finally {
      this.#sleepers.delete(wake);
    }
  }

  end(): void {
    this.#ended.abort();
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    void this.#follow().catch((error: unknown) => {
      debug('planner', () => `no events: ${String(error)}`);
    });
  }

  async #follow(): Promise<void> {
    for await (const event of this.#engine.events({ project: this.#project }, this.#ended.signal))
      if (event.type === 'container' && TELLING.test(event.action)) for (const wake of this.#sleepers) wake();
  }
}
