// `logs --follow`: lines as they are written, over restarts, recreations and changes of scale.
// Engine facts this rests on: a followed log ends when its container stops; a container that starts again has to be
// asked anew; `since` includes the line written at that very time; a container that is recreated is created before the
// old one dies, so that the set of living containers does not run empty in between.
import type { Engine, EngineEvent, ObservedContainer } from '../../engine/engine.ts';
import { isNotFound } from '../../errors.ts';
import { LABEL } from '../../names.ts';
import { shortName } from '../select-containers.ts';
import type { LogPrinter } from './printer.ts';
import type { LogRecord } from './record.ts';
import { recordsOf } from './source.ts';

/** A container that was stopped may be about to start again: a restart stops everything before it starts anything. */
const LINGER_MS = 10_000;

/** How far a container's log has been shown. */
interface Mark {
  key: string;
  time: string;
  /** Lines shown that carry this very time. */
  count: number;
}

interface Followed {
  readonly id: string;
  readonly name: string;
  readonly mark: Mark;
  /** Starts seen that no log request has covered yet. */
  pendingStarts: number;
  reading: boolean;
  /** What to say once the log has ended. */
  farewells: string[];
}

export interface FollowOptions {
  readonly engine: Engine;
  readonly printer: LogPrinter;
  readonly signal: AbortSignal;
  /** `all` or a count, for a container of which nothing has been shown. */
  readonly tail: string;
  readonly since: string | undefined;
  readonly until: string | undefined;
  /** Whether a service's containers are wanted. */
  readonly wants: (service: string) => boolean;
  /** Called when something went wrong in the background; ends the following. */
  readonly onFailure: (error: unknown) => void;
}

/** Remembers what was shown of each container, first by the history, then by following. */
export class LogFollower {
  readonly #options: FollowOptions;
  readonly #followed = new Map<string, Followed>();
  /** Containers that run or may still start. */
  readonly #alive = new Set<string>();
  #finished: (() => void) | undefined;
  #lingering: NodeJS.Timeout | undefined;
  /** Containers that got a signal from outside; who ends without one has ended by itself. */
  readonly #signalled = new Set<string>();
  /** Containers that somebody stopped, and that are still there. */
  readonly #mayReturn = new Set<string>();

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  add(container: ObservedContainer): void {
    this.#track(container.id, shortName(container));
    if (container.state !== 'exited' && container.state !== 'dead') this.#alive.add(container.id);
  }

  /** Notes a line that the history has shown. */
  seen(id: string, record: LogRecord): void {
    const mark = this.#followed.get(id)?.mark;
    if (mark !== undefined) advance(mark, record);
  }

  /** Follows everything added until nothing is alive any more. */
  async run(): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#finished = resolve;
    });
    for (const followed of this.#followed.values()) if (this.#alive.has(followed.id)) this.#startReading(followed);
    this.#checkFinished();
    await done;
  }

  /** Feeds an event of the project. */
  async handle(event: EngineEvent): Promise<void> {
    const service = event.attributes[LABEL.service] ?? '';
    if (event.type !== 'container' || event.attributes[LABEL.oneOff] === 'True' || !this.#options.wants(service))
      return;
    if (event.action === 'create') this.#created(event);
    else if (event.action === 'start') this.#started(event);
    else if (event.action === 'kill') this.#signalled.add(event.id);
    else if (event.action === 'die') await this.#died(event);
    else if (event.action === 'destroy') this.#gone(event.id);
  }

  #created(event: EngineEvent): void {
    this.#alive.add(event.id);
    clearTimeout(this.#lingering);
    const replaced = event.attributes[LABEL.replace];
    if (replaced !== undefined) this.#say(replaced, 'has been recreated');
  }

  #started(event: EngineEvent): void {
    this.#alive.add(event.id);
    this.#mayReturn.delete(event.id);
    clearTimeout(this.#lingering);
    const followed = this.#track(event.id, shortName(eventContainer(event)));
    followed.pendingStarts++;
    this.#startReading(followed);
  }

  async #died(event: EngineEvent): Promise<void> {
    const state = await this.#stateOf(event.id);
    const again = state === 'restarting' || state === 'running';
    if (!again) this.#alive.delete(event.id);
    if (this.#signalled.delete(event.id) && state !== 'removed') this.#mayReturn.add(event.id);
    const text = `exited with code ${event.attributes.exitCode ?? '0'}${again ? ' (restarting)' : ''}`;
    const followed = this.#followed.get(event.id);
    if (followed?.reading === true) followed.farewells.push(text);
    else this.#say(followed?.name ?? shortName(eventContainer(event)), text);
    this.#checkFinished();
  }

  #gone(id: string): void {
    this.#alive.delete(id);
    this.#mayReturn.delete(id);
    this.#checkFinished();
  }

  async #stateOf(id: string): Promise<string> {
    try {
      return (await this.#options.engine.inspectContainer(id, this.#options.signal)).state;
    } catch (error) {
      if (isNotFound(error)) return 'removed';
      throw error;
    }
  }

  #track(id: string, name: string): Followed {
    const known = this.#followed.get(id);
    if (known !== undefined) return known;
    this.#options.printer.register(name);
    const followed: Followed = {
      id,
      name,
      mark: { key: '', time: '', count: 0 },
      pendingStarts: 0,
      reading: false,
      farewells: [],
    };
    this.#followed.set(id, followed);
    return followed;
  }

  #startReading(followed: Followed): void {
    if (followed.reading) return;
    followed.reading = true;
    this.#read(followed).catch(this.#options.onFailure);
  }

  async #read(followed: Followed): Promise<void> {
    do {
      followed.pendingStarts = 0;
      await this.#readOnce(followed);
    } while (followed.pendingStarts > 0);
    followed.reading = false;
    for (const text of followed.farewells.splice(0)) this.#say(followed.name, text);
    this.#checkFinished();
  }

  async #readOnce(followed: Followed): Promise<void> {
    const { engine, printer, signal, tail, since, until } = this.#options;
    const { mark } = followed;
    const from = mark.time === '' ? since : unixTime(mark);
    let toSkip = mark.count;
    const skipKey = mark.key;
    const batches = recordsOf(
      engine,
      followed.id,
      {
        follow: true,
        tail: mark.time === '' ? tail : 'all',
        ...(from === undefined ? {} : { since: from }),
        ...(until === undefined ? {} : { until }),
      },
      signal,
    );
    try {
      for await (const batch of batches) {
        for (const record of batch) {
          if (record.key < skipKey) continue;
          if (record.key === skipKey && toSkip-- > 0) continue;
          advance(mark, record);
          printer.record(followed.name, record);
          if (printer.full) await printer.flush();
        }
        await printer.flush();
      }
    } catch (error) {
      // Removed between its start and our question.
      if (!isNotFound(error)) throw error;
    }
  }

  #say(name: string, text: string): void {
    this.#options.printer.status(name, text);
    this.#options.printer.flush().catch(this.#options.onFailure);
  }

  #checkFinished(): void {
    clearTimeout(this.#lingering);
    if (!this.#idle) return;
    if (this.#mayReturn.size === 0) this.#finished?.();
    else this.#lingering = setTimeout(() => this.#finished?.(), LINGER_MS);
  }

  get #idle(): boolean {
    return this.#alive.size === 0 && [...this.#followed.values()].every((one) => !one.reading);
  }
}

function advance(mark: Mark, record: LogRecord): void {
  if (record.key === mark.key) mark.count++;
  else Object.assign(mark, { key: record.key, time: record.time, count: 1 });
}

/** `sec.nanoseconds` of the last line shown. */
function unixTime({ key }: Mark): string {
  return `${Date.parse(`${key.slice(0, 19)}Z`) / 1000}.${key.slice(20)}`;
}

const eventContainer = (event: EngineEvent): { name: string; labels: Readonly<Record<string, string>> } => ({
  name: event.attributes.name ?? event.id.slice(0, 12),
  labels: event.attributes,
});
