// Stopping all containers, for the engine's own sake: each after those that need it.
import type { Lifecycle } from './lifecycle.ts';
import { startOrder } from './start-order.ts';
import type { ContainerStore } from './store.ts';
import { isLive } from './types.ts';

export interface StopAllParts {
  readonly lifecycle: Pick<Lifecycle, 'stop'>;
  readonly store: Pick<ContainerStore, 'all' | 'save'>;
}

/** Restart policies go on to count: those with one come back with the next engine. Resolves when that is on disk. */
export async function stopAll({ lifecycle, store }: StopAllParts, seconds: number | undefined): Promise<void> {
  const turns = startOrder(store.all().filter(({ state }) => isLive(state.status)));
  const stopping = new Map<string, Promise<unknown>>();
  for (const { record } of turns.toReversed()) {
    const dependents = turns.filter(({ after }) => after.some(({ id }) => id === record.id));
    const before = Promise.all(dependents.map(({ record: { id } }) => stopping.get(id)));
    const stop = async (): Promise<void> => {
      await before;
      await lifecycle.stop(record.id, { seconds, byUser: false });
      await store.save(record.id);
    };
    stopping.set(record.id, stop());
  }
  await Promise.all(stopping.values());
}
