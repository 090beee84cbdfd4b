// The running containers of the watched services, as the engine's events tell of them.
import type { Engine, EngineEvent, ObservedContainer } from '../engine/engine.ts';
import { debug } from '../log.ts';
import { LABEL } from '../names.ts';

export interface ReplicasOptions {
  readonly engine: Engine;
  readonly project: string;
  readonly signal: AbortSignal;
  /** A container of this service has started, for the first time or again. */
  readonly onStart: (service: string, container: string) => void;
}

/** Actions after which the list that was fetched before is out of date. */
const CHANGES_LIST = new Set(['create', 'start', 'die', 'destroy', 'rename', 'pause', 'unpause']);

export class Replicas {
  readonly #options: ReplicasOptions;
  #list: Promise<readonly ObservedContainer[]> | undefined;

  constructor(options: ReplicasOptions) {
    this.#options = options;
  }

  /** Follows the engine's events until the signal is aborted. Rejects when the engine goes away. */
  async follow(): Promise<void> {
    const { engine, project, signal } = this.#options;
    try {
      // From a moment ago: what starts while the connection is made is told as well.
      const since = new Date(Date.now() - 1000).toISOString();
      for await (const event of engine.events({ project, since }, signal)) this.#onEvent(event);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Running containers of a service, one-offs left out. */
  async running(service: string): Promise<ObservedContainer[]> {
    const { engine, project, signal } = this.#options;
    this.#list ??= engine.listContainers(project, signal);
    const list = this.#list;
    list.catch(() => {
      if (this.#list === list) this.#list = undefined;
    });
    return (await list).filter(
      ({ labels, state }) =>
        state === 'running' && labels[LABEL.service] === service && labels[LABEL.oneOff] !== 'True',
    );
  }

  /** After something was done of which the events may not have come in yet. */
  forget(): void {
    this.#list = undefined;
  }

  #onEvent(event: EngineEvent): void {
    if (event.type !== 'container' || !CHANGES_LIST.has(event.action)) return;
    this.#list = undefined;
    const service = event.attributes[LABEL.service];
    if (
      (event.action !== 'start' && event.action !== 'unpause') ||
      service === undefined ||
      event.attributes[LABEL.oneOff] === 'True'
    )
      return;
    debug('watch', () => `container ${event.id.slice(0, 12)} of service "${service}" has started`);
    this.#options.onStart(service, event.id);
  }
}
