// Waiting for moments in the life of containers.
import { timerDelay } from '../../../timers.ts';
import type { ContainerRecord } from './types.ts';

type Waiter = (record: ContainerRecord) => void;

/** Container id → who waits for it. */
export type Waiters = Map<string, Set<Waiter>>;

/** Resolves when `tell` is called for the container; never once `gone` is aborted, for then nobody waits any more. */
export function wait(waiters: Waiters, id: string, gone?: AbortSignal): Promise<ContainerRecord> {
  return new Promise((resolve) => {
    if (gone?.aborted) return;
    const set = waiters.get(id) ?? new Set();
    waiters.set(id, set);
    const leave = (): void => {
      set.delete(waiter);
      if (set.size === 0 && waiters.get(id) === set) waiters.delete(id);
    };
    const waiter: Waiter = (record) => {
      gone?.removeEventListener('abort', leave);
      resolve(record);
    };
    set.add(waiter);
    gone?.addEventListener('abort', leave, { once: true });
  });
}

export function tell(waiters: Waiters, record: ContainerRecord): void {
  const set = waiters.get(record.id);
  waiters.delete(record.id);
  for (const waiter of set ?? []) waiter(record);
}

/** Whether a promise settles in time; no time means for ever. */
export async function within(promise: Promise<unknown>, milliseconds: number | undefined): Promise<boolean> {
  if (milliseconds === undefined) return promise.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timerDelay(milliseconds));
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
