// Contexts that come with a request of their own: the one that brings an archive and the build that wants it find each other by
// the build's id, whichever is first.
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type Deferred, deferred } from '../../../../deferred.ts';
import { badRequest } from '../../server/api-error.ts';

/** Both are sent at the same moment. */
const WAIT_MS = 5000;

interface Meeting {
  readonly brought: Deferred<Readable>;
  readonly taken: Deferred<void>;
  readonly released: Deferred<void>;
}

export interface Upload {
  readonly body: Readable;
  /** Nothing more is read of it. */
  release(): void;
}

export class Uploads {
  readonly #meetings = new Map<string, Meeting>();

  /** Brings an archive; resolves when it was read, or nobody wants more of it. @throws ApiError where no build asks for it. */
  async offer(id: string, body: Readable, gone: AbortSignal): Promise<void> {
    const { brought, taken, released } = this.#meeting(id);
    brought.resolve(body);
    await this.#inTime(taken.promise, id, gone);
    await Promise.race([released.promise, finished(body).catch(() => undefined)]);
  }

  /** Waits for the archive of a build. It has to be released. */
  async take(id: string, signal: AbortSignal): Promise<Upload> {
    const { brought, taken, released } = this.#meeting(id);
    taken.resolve();
    const body = await this.#inTime(brought.promise, id, signal);
    this.#meetings.delete(id);
    return { body, release: () => released.resolve() };
  }

  #meeting(id: string): Meeting {
    const known = this.#meetings.get(id) ?? { brought: deferred(), taken: deferred(), released: deferred() };
    this.#meetings.set(id, known);
    return known;
  }

  /** @throws ApiError where the other side does not come. */
  #inTime<T>(promise: Promise<T>, id: string, signal: AbortSignal): Promise<T> {
    const late = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]);
    return new Promise((resolve, reject) => {
      const give = (): void => {
        this.#meetings.delete(id);
        reject(badRequest(`build "${id}" and the request that brings its context did not come together`));
      };
      if (late.aborted) return give();
      late.addEventListener('abort', give, { once: true });
      promise.then((value) => {
        late.removeEventListener('abort', give);
        resolve(value);
      }, reject);
    });
  }
}
