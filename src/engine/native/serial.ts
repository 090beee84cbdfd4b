// Work that waits for other work: for that on the same thing, for a round that many callers share, for all of several.

/** Runs tasks of one key one after the other, in the order of their calls; tasks of different keys side by side. */
export class Serial {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const result = before.then(task, task);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    return result;
  }
}

/** A job that brings the world up to date: calls made while it runs share one further round. */
export class Rounds {
  readonly #job: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(job: () => Promise<void>) {
    this.#job = job;
  }

  /** Resolves when a round that began after this call has ended. */
  request(): Promise<void> {
    if (this.#next) return this.#next;
    const start = (): Promise<void> => {
      this.#next = undefined;
      const round = this.#job().finally(() => {
        if (this.#running === round) this.#running = undefined;
      });
      this.#running = round;
      return round;
    };
    this.#next = (this.#running ?? Promise.resolve()).then(start, start);
    return this.#next;
  }
}

/** All results; when one fails, the others are waited for before its error is thrown, so that nothing goes on behind it. */
export async function allSettled<T extends readonly unknown[]>(
  work: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
