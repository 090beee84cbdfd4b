// Work on one thing at a time: things by key, and rounds that many callers share.

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
