// Builds that clients have under way over BuildKit's protocol. A client speaks of one build in several calls at once, which come
// in any order: what is not there yet is waited for.
import { randomBytes } from 'node:crypto';
import { deferred } from '../../../../deferred.ts';
import { GRPC, GrpcFailure } from '../../../../grpc-server.ts';
import type { Made } from '../builder.ts';
import { Progress } from './progress.ts';

/** How long a call waits for the one that it belongs to. BuildKit's clients send them at the same moment. */
const WAIT_MS = 5000;
/** How long what a build has told is kept for a client that has not asked yet. */
const TOLD_MS = 10_000;

/** How a client's own part of a build ended: the id of a result, none, or a failure. */
export type Returned = { readonly result: string | undefined } | { readonly failure: GrpcFailure };

export class Job {
  readonly ref: string;
  readonly session: string;
  readonly progress = new Progress();
  readonly signal: AbortSignal;
  readonly returned: Promise<Returned>;
  /** Told by the client when its own part is over. */
  readonly finish: (returned: Returned) => void;
  readonly #results = new Map<string, Made>();
  readonly #solving = new Set<Promise<unknown>>();

  constructor(ref: string, session: string, signal: AbortSignal) {
    this.ref = ref;
    this.session = session;
    this.signal = signal;
    const { promise, resolve } = deferred<Returned>();
    this.returned = promise;
    this.finish = resolve;
  }

  /** Work that has to be over before the job is. Its outcome is kept under the id that is returned. */
  async solve(work: () => Promise<Made>): Promise<string> {
    this.signal.throwIfAborted();
    const solving = work();
    this.#solving.add(solving);
    try {
      const made = await solving;
      const id = randomBytes(16).toString('hex');
      this.#results.set(id, made);
      return id;
    } finally {
      this.#solving.delete(solving);
    }
  }

  result(id: string): Made | undefined {
    return this.#results.get(id);
  }

  /** Waits for what is under way, and lets go of the results. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#solving);
    await Promise.all([...this.#results.values()].map((made) => made.release()));
    this.#results.clear();
    this.progress.end();
  }
}

export class Jobs {
  readonly #jobs = new Map<string, Job>();
  /** What ended jobs have told, for clients that ask a moment later. */
  readonly #told = new Map<string, Progress>();
  #changed = deferred<void>();

  open(ref: string, session: string, signal: AbortSignal): Job {
    if (ref === '' || this.#jobs.has(ref))
      throw new GrpcFailure(GRPC.alreadyExists, `build "${ref}" is under way already`);
    const job = new Job(ref, session, signal);
    this.#jobs.set(ref, job);
    this.#told.delete(ref);
    this.#changed.resolve();
    this.#changed = deferred<void>();
    return job;
  }

  async close(job: Job): Promise<void> {
    try {
      await job.close();
    } finally {
      this.#jobs.delete(job.ref);
      this.#told.set(job.ref, job.progress);
      setTimeout(() => {
        if (this.#told.get(job.ref) === job.progress) this.#told.delete(job.ref);
      }, TOLD_MS).unref();
    }
  }

  /** The job of a ref. */
  find(ref: string, signal: AbortSignal): Promise<Job> {
    return this.#wait(`no such job ${ref}`, () => this.#jobs.get(ref), signal);
  }

  /** What the job of a ref tells, even when it has just ended. */
  progress(ref: string, signal: AbortSignal): Promise<Progress> {
    return this.#wait(`no such job ${ref}`, () => this.#jobs.get(ref)?.progress ?? this.#told.get(ref), signal);
  }

  /** A result of any job that is under way. */
  result(id: string): Made | undefined {
    for (const job of this.#jobs.values()) {
      const made = job.result(id);
      if (made) return made;
    }
    return undefined;
  }

  async #wait<T>(missing: string, look: () => T | undefined, signal: AbortSignal): Promise<T> {
    const late = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]);
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (late.aborted) throw new GrpcFailure(GRPC.notFound, missing);
      const over = deferred<void>();
      const wake = (): void => over.resolve();
      late.addEventListener('abort', wake, { once: true });
      await Promise.race([this.#changed.promise, over.promise]);
      late.removeEventListener('abort', wake);
    }
  }
}
