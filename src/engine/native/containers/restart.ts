// Restart policies: whether an ended container is started again, and when.

import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { ContainerStore } from './store.ts';
import type { ContainerRecord } from './types.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** A run of this length counts as a success: the next delay is the first one again. */
const GOOD_RUN_MS = 10_000;

/** Whether the policy wants an ended container started again. Pure. */
export function wantsRestart(record: ContainerRecord): boolean {
  const { Name: policy = 'no', MaximumRetryCount: most = 0 } = record.hostConfig.RestartPolicy ?? {};
  const { stoppedByUser, exitCode, restartCount } = record.state;
  if (stoppedByUser) return false;
  if (policy === 'always' || policy === 'unless-stopped') return true;
  return policy === 'on-failure' && exitCode !== 0 && (most === 0 || restartCount < most);
}

/** The next delay after `before` (0 at first), given how long the container ran. Pure. */
export function nextDelay(before: number, ranMs: number): number {
  if (before === 0 || ranMs >= GOOD_RUN_MS) return FIRST_DELAY_MS;
  return Math.min(before * 2, LONGEST_DELAY_MS);
}

export class RestartPolicies {
  readonly #store: ContainerStore;
  readonly #lifecycle: Lifecycle;
  readonly #delays = new Map<string, number>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(store: ContainerStore, lifecycle: Lifecycle) {
    this.#store = store;
    this.#lifecycle = lifecycle;
    lifecycle.listen({ ended: (record) => this.#ended(record), removed: (record) => this.#forget(record.id) });
  }

  /** Containers that waited for their next start when the last engine ended. */
  resume(): void {
    for (const record of this.#store.all())
      if (record.state.status === 'restarting' && !this.#timers.has(record.id))
        this.#schedule(record.id, FIRST_DELAY_MS);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #ended(record: ContainerRecord): void {
    if (!wantsRestart(record)) {
      this.#forget(record.id);
      return;
    }
    const ran = Date.parse(record.state.finishedAt) - Date.parse(record.state.startedAt);
    const delay = nextDelay(this.#delays.get(record.id) ?? 0, ran);
    this.#delays.set(record.id, delay);
    this.#store.updateState(record.id, { status: 'restarting', restartCount: record.state.restartCount + 1 });
    this.#schedule(record.id, delay);
  }

  #schedule(id: string, delay: number): void {
    clearTimeout(this.#timers.get(id));
    const timer = setTimeout(() => {
      this.#timers.delete(id);
      // Stopped or removed while it waited: then nothing is to be done.
      if (this.#store.get(id)?.state.status !== 'restarting') return;
      this.#lifecycle.start(id).catch((error: unknown) => debug('restart', () => messageOf(error)));
    }, delay);
    this.#timers.set(id, timer);
  }

  #forget(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.#delays.delete(id);
  }
}
