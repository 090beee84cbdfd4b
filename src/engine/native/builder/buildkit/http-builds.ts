// `POST /build?version=2`: a build by BuildKit that is asked for with a plain request, as the docker CLI does without buildx. What
// only the client has comes through its session; progress goes out as lines that hold BuildKit's own messages.
import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { drained } from '../../../../drained.ts';
import type { Credentials } from '../../../../registry/auth.ts';
import { badRequest } from '../../server/api-error.ts';
import { isTrue } from '../../server/query.ts';
import { describeFailure } from './failure.ts';
import type { FrontendParts } from './frontend.ts';
import type { Progress } from './progress.ts';
import { queryRequest, UPLOAD_REQUEST } from './query.ts';
import { solve } from './solve.ts';
import { Uploads } from './uploads.ts';

export interface HttpBuild {
  readonly query: URLSearchParams;
  readonly body: Readable;
  /** Those that came in the request's header. */
  readonly credentials: (registry: string) => Credentials;
  /** Called once there is something to tell: from then on what fails is told in the stream. */
  readonly begin: () => Writable;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}

interface HttpParts extends FrontendParts {
  hostGateway(): string;
}

const UPLOAD_PREFIX = `${UPLOAD_REQUEST}:`;

export class HttpBuilds {
  readonly #parts: HttpParts;
  readonly #uploads = new Uploads();
  readonly #running = new Map<string, AbortController>();

  constructor(parts: HttpParts) {
    this.#parts = parts;
  }

  /** Builds, or hands an archive to the build that waits for it. */
  async build(call: HttpBuild): Promise<void> {
    const id = call.query.get('buildid') ?? '';
    if (id.startsWith(UPLOAD_PREFIX)) {
      await this.#uploads.offer(id.slice(UPLOAD_PREFIX.length), call.body, call.gone);
      call.begin().end();
      return;
    }
    const abort = new AbortController();
    if (id !== '') this.#running.set(id, abort);
    try {
      await this.#parts.builder.during(AbortSignal.any([call.gone, abort.signal]), (signal) =>
        this.#build(call, id, signal),
      );
    } finally {
      if (this.#running.get(id) === abort) this.#running.delete(id);
    }
  }

  /** Ends a build; nothing happens where there is none of that id. */
  cancel(id: string): void {
    if (id === '') throw badRequest('build ID not provided');
    this.#running.get(id)?.abort();
  }

  async #build(call: HttpBuild, id: string, signal: AbortSignal): Promise<void> {
    const ref = randomBytes(12).toString('hex');
    const { query } = call;
    const request = queryRequest(query, { ref, hostGateway: this.#parts.hostGateway() });
    const uploaded = query.get('remote') === UPLOAD_REQUEST ? await this.#uploads.take(id, signal) : undefined;
    const out = new Lines(call.begin);
    const done = solve(
      this.#parts,
      { ...request, archive: uploaded?.body ?? call.body, credentials: call.credentials },
      signal,
    );
    // Looked at below; it may fail while the progress is still being told.
    done.catch(() => undefined);
    try {
      const progress = await this.#parts.jobs.progress(ref, signal);
      await tell(progress, isTrue(query.get('q')) ? undefined : out, signal);
      const image = (await done).get('containerimage.config.digest');
      if (image !== undefined) {
        await out.line({ id: 'moby.image.id', aux: { ID: image } });
        if (isTrue(query.get('q'))) await out.line({ stream: `${image}\n` });
      }
    } catch (error) {
      if (!out.hasBegun) throw error;
      const message = describeFailure(error);
      await out.line({ errorDetail: { message }, error: message });
    } finally {
      await done.catch(() => undefined);
      uploaded?.release();
    }
    out.end();
  }
}

/** Passes on what a build tells; nobody reads it in a quiet one. */
async function tell(progress: Progress, out: Lines | undefined, signal: AbortSignal): Promise<void> {
  for await (const message of progress.follow(signal))
    await out?.line({ id: 'moby.buildkit.trace', aux: message.toString('base64') });
}

/** The answer, which begins with its first line. */
class Lines {
  readonly #begin: () => Writable;
  #out: Writable | undefined;

  constructor(begin: () => Writable) {
    this.#begin = begin;
  }

  get hasBegun(): boolean {
    return this.#out !== undefined;
  }

  /** Resolves when more can be taken. */
  async line(line: Readonly<Record<string, unknown>>): Promise<void> {
    this.#out ??= this.#begin();
    if (!this.#out.destroyed && !this.#out.write(`${JSON.stringify(line)}\r\n`)) await drained(this.#out);
  }

  end(): void {
    this.#out ??= this.#begin();
    this.#out.end();
  }
}
