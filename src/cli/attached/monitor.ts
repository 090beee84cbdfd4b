// What becomes of the containers an attached `up` looks after, told from the engine's events.
// Engine facts this rests on (Docker Engine 20.10): `die` comes before the restart policy acts, and an inspect at that moment says
// "restarting"; `docker restart` says "running" instead, or "exited" where it has not got further yet; a recreated container is created, with the label `replace`, before the
// old one dies.
import type { Engine, EngineEvent } from '../../engine/engine.ts';
import { LABEL } from '../../names.ts';
import { shortName } from '../select-containers.ts';

interface About {
  readonly id: string;
  /** Name in front of its lines: `web-1`. */
  readonly source: string;
  readonly service: string;
}

export type ContainerNews = About &
  (
    | {
        readonly kind: 'exited';
        readonly exitCode: number;
        readonly restarting: boolean;
        /** The engine's clock: nanoseconds since the epoch. */
        readonly timeNano: bigint;
      }
    | { readonly kind: 'started' }
    /** `replaced` is the name below the project's: `web-1`. */
    | { readonly kind: 'recreated'; readonly replaced: string }
  );

export interface MonitorOptions {
  readonly engine: Engine;
  readonly project: string;
  /** Services looked after; empty = all. */
  readonly services: readonly string[];
  readonly signal: AbortSignal;
  /** Told one after the other. */
  readonly tell: (news: ContainerNews) => Promise<void>;
  /** How long the start of a container is waited for that another tool has ended. */
  readonly restartMs?: number;
}

/** A restart is a stop and a start, and between them a machine at work may take this long. */
const RESTART_MS = 3000;

export class Monitor {
  readonly #options: MonitorOptions;
  readonly #alive = new Set<string>();
  /** Ended, and not started again. */
  readonly #ended = new Set<string>();
  /** How many works are under way that end containers in order to start them again. */
  #held = 0;
  /** Containers that were sent a signal: by a stop, or by the first half of a restart. */
  readonly #struck = new Set<string>();
  /** By container: until when its next start is waited for. */
  readonly #waits = new Map<string, NodeJS.Timeout>();
  #final = false;
  readonly #events: AsyncIterator<EngineEvent>;
  #next: Promise<IteratorResult<EngineEvent>>;
  #wake: () => void = () => {};
  readonly #emptied = new Promise<void>((resolve) => {
    this.#wake = resolve;
  });

  /** Begins to listen at once, so that nothing is missed of what is started afterwards. */
  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#events = options.engine.events({ project: options.project }, options.signal)[Symbol.asyncIterator]();
    this.#next = this.#listen();
  }

  /** Containers to look after from the beginning, running or about to be started. */
  expect(ids: Iterable<string>): void {
    for (const id of ids) this.#alive.add(id);
  }

  /** Takes back an expectation: the container was not started after all. */
  forget(id: string): void {
    if (this.#alive.delete(id)) this.#wakeWhenEmpty();
  }

  /** Until the result is called, containers that end are no end: they are to be started again. It is given those that run then. */
  hold(): (running: Iterable<string>) => void {
    this.#held += 1;
    return (running) => {
      this.#held -= 1;
      // The list may be older than the news of an end.
      this.expect([...running].filter((id) => !this.#ended.has(id)));
      this.#wakeWhenEmpty();
    };
  }

  /** From now on containers are stopped for good. */
  expectNoRestarts(): void {
    this.#final = true;
    for (const id of [...this.#waits.keys()]) this.#waitNoMore(id);
  }

  /** Another tool may start it again at once. */
  #waitForRestart(id: string): void {
    if (this.#final || this.#waits.has(id)) return;
    this.#held += 1;
    this.#waits.set(
      id,
      setTimeout(() => this.#waitNoMore(id), this.#options.restartMs ?? RESTART_MS),
    );
  }

  #waitNoMore(id: string): void {
    const wait = this.#waits.get(id);
    if (wait === undefined) return;
    clearTimeout(wait);
    this.#waits.delete(id);
    this.#held -= 1;
    this.#wakeWhenEmpty();
  }

  #wakeWhenEmpty(): void {
    if (this.#alive.size === 0 && this.#held === 0) this.#wake();
  }

  /** Resolves when no container is left alive, or the signal is aborted. Rejects when the engine goes away. */
  async follow(): Promise<void> {
    try {
      await this.#follow();
    } finally {
      for (const wait of this.#waits.values()) clearTimeout(wait);
    }
  }

  async #follow(): Promise<void> {
    while (this.#alive.size > 0 || this.#held > 0) {
      const result = await Promise.race([this.#next, this.#emptied]);
      if (result === undefined || result.done === true) return;
      this.#next = this.#listen();
      await this.#handle(result.value);
    }
  }

  #listen(): Promise<IteratorResult<EngineEvent>> {
    const next = this.#events.next().catch((error: unknown): IteratorResult<EngineEvent> => {
      if (this.#options.signal.aborted) return { done: true, value: undefined };
      throw error;
    });
    // Awaited later; a failure in between must not count as unhandled.
    next.catch(() => {});
    return next;
  }

  async #handle(event: EngineEvent): Promise<void> {
    if (event.type !== 'container') return;
    const service = event.attributes[LABEL.service] ?? '';
    const { services, tell } = this.#options;
    if (event.attributes[LABEL.oneOff] === 'True' || (services.length > 0 && !services.includes(service))) return;
    const about = { id: event.id, source: nameOf(event), service };
    if (event.action === 'create') {
      this.#alive.add(event.id);
      const replaced = event.attributes[LABEL.replace];
      if (replaced !== undefined) await tell({ ...about, kind: 'recreated', replaced });
    } else if (event.action === 'kill') this.#struck.add(event.id);
    else if (event.action === 'destroy') this.#waitNoMore(event.id);
    else if (event.action === 'start') {
      this.#alive.add(event.id);
      this.#ended.delete(event.id);
      this.#waitNoMore(event.id);
      await tell({ ...about, kind: 'started' });
    } else if (event.action === 'die') {
      const restarting = await this.#isRestarting(event.id);
      const struck = this.#struck.delete(event.id);
      if (!restarting) {
        if (struck && this.#alive.has(event.id)) this.#waitForRestart(event.id);
        this.#alive.delete(event.id);
        this.#ended.add(event.id);
      }
      const exitCode = Number(event.attributes.exitCode) || 0;
      await tell({ ...about, kind: 'exited', exitCode, restarting, timeNano: event.timeNano });
    }
  }

  async #isRestarting(id: string): Promise<boolean> {
    const found = await this.#options.engine.findContainer(id);
    return found !== undefined && (found.state === 'restarting' || found.state === 'running');
  }
}

const nameOf = (event: EngineEvent): string =>
  shortName({ name: event.attributes.name ?? event.id.slice(0, 12), labels: event.attributes });
