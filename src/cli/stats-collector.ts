// Statistics of a changing set of containers: one stream per container, the latest sample of each.
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine, EngineEvent, ObservedContainer } from '../engine/engine.ts';
import { isNotFound } from '../errors.ts';
import { LABEL } from '../names.ts';
import { type MeasuredContainer, type Sample, sampleOf } from './output/stats-row.ts';

/** A container whose last sample is older has stopped answering. */
const STALE_MS = 2000;

interface Measured {
  readonly id: string;
  readonly name: string;
  sample: Sample | undefined;
  sampledAt: number;
}

/** One sample of each container, taken at the same time; a container that does not run has none. */
export function measureOnce(
  engine: Engine,
  containers: readonly ObservedContainer[],
  signal: AbortSignal,
): Promise<MeasuredContainer[]> {
  return Promise.all(
    containers.map(async ({ id, name }) => {
      try {
        for await (const document of engine.stats(id, { stream: false }, signal))
          return { id, name, sample: sampleOf(document) };
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      return { id, name, sample: undefined };
    }),
  );
}

export interface CollectorOptions {
  readonly engine: Engine;
  readonly signal: AbortSignal;
  /** Keeps containers that have stopped. */
  readonly all: boolean;
  /** Empty means every service. */
  readonly service: string;
  readonly onFailure: (error: unknown) => void;
}

export class StatsCollector {
  readonly #options: CollectorOptions;
  readonly #measured = new Map<string, Measured>();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  add(id: string, name: string): void {
    if (this.#measured.has(id)) return;
    const measured: Measured = { id, name, sample: undefined, sampledAt: 0 };
    this.#measured.set(id, measured);
    this.#collect(measured).catch(this.#options.onFailure);
  }

  /** Resolves when every container has its first sample, or is not going to have one soon. */
  async settled(): Promise<void> {
    const deadline = Date.now() + STALE_MS;
    while (Date.now() < deadline && [...this.#measured.values()].some(({ sampledAt }) => sampledAt === 0))
      await delay(50, undefined, { signal: this.#options.signal });
  }

  /** The latest samples, in the order in which the containers appeared. */
  snapshot(now: number): MeasuredContainer[] {
    return [...this.#measured.values()].map(({ id, name, sample, sampledAt }) => ({
      id,
      name,
      sample: now - sampledAt > STALE_MS ? undefined : sample,
    }));
  }

  /** Feeds an event of the project: containers come and go. */
  handle(event: EngineEvent): void {
    const { service, all } = this.#options;
    if (event.type !== 'container' || (service !== '' && event.attributes[LABEL.service] !== service)) return;
    if (event.action === 'destroy' || (event.action === 'die' && !all)) this.#measured.delete(event.id);
    if (event.action === 'start' || (event.action === 'create' && all)) this.#restart(event);
  }

  /** A stopped container's stream has ended or tells nothing: it is asked anew. */
  #restart(event: EngineEvent): void {
    this.#measured.delete(event.id);
    this.add(event.id, event.attributes.name ?? event.id);
  }

  async #collect(measured: Measured): Promise<void> {
    const { engine, signal } = this.#options;
    try {
      for await (const document of engine.stats(measured.id, { stream: true }, signal)) {
        if (this.#measured.get(measured.id) !== measured) return;
        measured.sample = sampleOf(document);
        measured.sampledAt = Date.now();
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
