// Restart policies: whether an ended container is started again, and when; and which come back when an engine opens.
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import type { EventBus } from '../events.ts';
import type { Lifecycle } from './lifecycle.ts';
import { type Condition, startOrder } from './start-order.ts';
import type { ContainerStore } from './store.ts';
import { type ContainerRecord, isLive, NEVER } from './types.ts';
import { within } from './waiting.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** A run of this length counts as a success: the next delay is the first one again. */
const GOOD_RUN_MS = 10_000;
/** After a reboot a container waits no longer for another to become healthy. */
const HEALTH_DEADLINE_MS = 120_000;

/** Whether the policy wants an ended container started again. Pure. */
export function wantsRestart(record: ContainerRecord): boolean {
  const { Name: policy = 'no', MaximumRetryCount: most = 0 } = record.hostConfig.RestartPolicy ?? {};
  const { stoppedByUser, exitCode, restartCount } = record.state;
  if (stoppedByUser) return false;
  if (policy === 'always' || policy === 'unless-stopped') return true;
  return policy === 'on-failure' && exitCode !== 0 && (most === 0 || restartCount < most);
}

/**
 * Whether the first engine after a boot starts it: what waits for its start, and, as in Docker, `always` although the user
 * had stopped it. Pure.
 */
export const comesBackAfterBoot = ({ state, hostConfig }: ContainerRecord): boolean =>
  state.status === 'restarting' ||
  (state.status === 'exited' && hostConfig.RestartPolicy?.Name === 'always' && state.startedAt !== NEVER);

/** The next delay after `before` (0 at first), given how long the container ran. Pure. */
export function nextDelay(before: number, ranMs: number): number {
  if (before === 0 || ranMs >= GOOD_RUN_MS) return FIRST_DELAY_MS;
  return Math.min(before * 2, LONGEST_DELAY_MS);
}

export interface RestartParts {
  readonly store: ContainerStore;
  readonly lifecycle: Lifecycle;
  readonly events: EventBus;
  /** The machine was started since the last engine: ends that are seen now are no failures. */
  readonly afterBoot: boolean;
}

export class RestartPolicies {
  readonly #parts: RestartParts;
  readonly #delays = new Map<string, number>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Until the engine is open, and once it stops its containers, ends are noted and nothing is started. */
  #holding = true;
  #counting: boolean;

  constructor(parts: RestartParts) {
    this.#parts = parts;
    this.#counting = !parts.afterBoot;
    parts.lifecycle.listen({ ended: (record) => this.#ended(record), removed: (record) => this.#forget(record.id) });
  }

  /** Starts what waited for its next start when the last engine ended, each after those it depends on. */
  resume(): void {
    const { store, afterBoot } = this.#parts;
    this.#holding = false;
    this.#counting = true;
    const waiting = store
      .all()
      .filter((record) => (afterBoot ? comesBackAfterBoot(record) : record.state.status === 'restarting'));
    const begun = new Map<string, Promise<void>>();
    for (const { record, after } of startOrder(waiting)) {
      const before = after.map(({ id, condition }) =>
        (begun.get(id) ?? Promise.resolve()).then(() => this.#reached(id, condition)),
      );
      begun.set(
        record.id,
        Promise.all(before).then(() => this.#bringBack(record.id)),
      );
    }
  }

  /** From now on containers that end are left to the next engine. */
  hold(): void {
    this.#holding = true;
    this.#counting = false;
    for (const id of [...this.#timers.keys()]) this.#clearTimer(id);
  }

  close(): void {
    this.hold();
  }

  #ended(record: ContainerRecord): void {
    if (!wantsRestart(record)) {
      this.#forget(record.id);
      return;
    }
    const restartCount = record.state.restartCount + (this.#counting ? 1 : 0);
    this.#parts.store.updateState(record.id, { status: 'restarting', restartCount });
    if (this.#holding) return;
    const ran = Date.parse(record.state.finishedAt) - Date.parse(record.state.startedAt);
    const delay = nextDelay(this.#delays.get(record.id) ?? 0, ran);
    this.#delays.set(record.id, delay);
    this.#clearTimer(record.id);
    const timer = setTimeout(() => {
      this.#timers.delete(record.id);
      // Stopped or removed while it waited: then nothing is to be done.
      if (this.#parts.store.get(record.id)?.state.status === 'restarting') void this.#start(record.id);
    }, delay);
    this.#timers.set(record.id, timer);
  }

  async #bringBack(id: string): Promise<void> {
    const record = this.#parts.store.get(id);
    if (this.#holding || !record || isLive(record.state.status)) return;
    await this.#start(id);
  }

  async #start(id: string): Promise<void> {
    await this.#parts.lifecycle.start(id).catch((error: unknown) => debug('restart', () => messageOf(error)));
  }

  /** Resolves when a container that was started is as another needs it, or will not be. */
  async #reached(id: string, condition: Condition): Promise<void> {
    const { store, events } = this.#parts;
    const isReached = (): boolean => {
      const state = store.get(id)?.state;
      if (!state || condition === 'started') return true;
      return !isLive(state.status) || (condition === 'healthy' && state.health?.Status !== 'starting');
    };
    if (isReached()) return;
    let stop = (): void => undefined;
    const reached = new Promise<void>((resolve) => {
      stop = events.listen(() => {
        if (isReached()) resolve();
      });
    });
    await within(reached, HEALTH_DEADLINE_MS);
    stop();
  }

  #clearTimer(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  #forget(id: string): void {
    this.#clearTimer(id);
    this.#delays.delete(id);
  }
}
