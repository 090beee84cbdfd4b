// What a client is shown of a build while it goes on: vertices (steps) with their times, logs and progress, as messages of
// `moby.buildkit.v1.Control/Status`. Kept until somebody asks, so that nothing is missed at the beginning.
import { randomBytes } from 'node:crypto';
import { encode } from '../../../../protobuf.ts';

/** Fields of a StatusResponse. */
const [VERTEX, STATUS, LOG, WARNING] = [1, 2, 3, 4];
/** A build says this much before it waits for a client that does not read, or, where there is none, falls silent. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
/** One message holds about this much. */
const BATCH_BYTES = 512 * 1024;

interface Told {
  readonly field: number;
  readonly bytes: Buffer;
}

class Listener {
  readonly told: Told[] = [];
  bytes = 0;
  wake: () => void = () => undefined;

  add(told: Told): void {
    this.told.push(told);
    this.bytes += told.bytes.length;
    this.wake();
  }

  /** The next message, of as much as fits. */
  take(): Buffer {
    const fields: Record<number, Buffer[]> = {};
    let size = 0;
    let count = 0;
    for (const { field, bytes } of this.told) {
      if (count > 0 && size + bytes.length > BATCH_BYTES) break;
      const fieldBytes = fields[field] ?? [];
      fields[field] = fieldBytes;
      fieldBytes.push(bytes);
      size += bytes.length;
      count += 1;
    }
    this.told.splice(0, count);
    this.bytes -= size;
    return encode(fields);
  }
}

export class Progress {
  /** What was told before anybody listened. */
  #first: Listener | undefined = new Listener();
  readonly #listeners = new Set<Listener>();
  #waiting: (() => void)[] = [];
  #ended = false;

  /** A step that begins now. */
  vertex(name: string): Vertex {
    return new Vertex(name, (told) => this.#tell(told));
  }

  /** Nothing more will be told. */
  end(): void {
    this.#ended = true;
    for (const listener of this.#listeners) listener.wake();
  }

  /** Resolves when more can be taken. */
  async ready(): Promise<void> {
    while ([...this.#listeners].some(({ bytes }) => bytes > MAX_KEPT_BYTES))
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Messages as they come, until the build's end or that of the one who asks. The first gets what was told before. */
  async *follow(signal: AbortSignal): AsyncGenerator<Buffer> {
    const listener = this.#first ?? new Listener();
    this.#first = undefined;
    this.#listeners.add(listener);
    const leave = (): void => listener.wake();
    signal.addEventListener('abort', leave, { once: true });
    try {
      while (!signal.aborted && (listener.told.length > 0 || !this.#ended)) {
        if (listener.told.length > 0) yield listener.take();
        else
          await new Promise<void>((resolve) => {
            listener.wake = resolve;
          });
        this.#release();
      }
    } finally {
      signal.removeEventListener('abort', leave);
      this.#listeners.delete(listener);
      this.#release();
    }
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #tell(told: Told): void {
    for (const listener of this.#listeners) listener.add(told);
    if (this.#first && (told.field !== LOG || this.#first.bytes < MAX_KEPT_BYTES)) this.#first.add(told);
  }
}

/** A step: shown from its beginning until it is done. */
export class Vertex {
  readonly #digest = `sha256:${randomBytes(32).toString('hex')}`;
  readonly #name: string;
  readonly #tell: (told: Told) => void;
  readonly #started = now();
  #isDone = false;

  constructor(name: string, tell: (told: Told) => void) {
    this.#name = name;
    this.#tell = tell;
    this.#update({});
  }

  log(text: string): void {
    this.#tell({ field: LOG, bytes: encode({ 1: this.#digest, 2: now(), 3: 1, 4: text }) });
  }

  warn(text: string): void {
    this.#tell({ field: WARNING, bytes: encode({ 1: this.#digest, 2: 1, 3: text }) });
  }

  /** How far a part of the step is; equal names are the same part. */
  part(name: string, facts: { readonly current?: number; readonly total?: number; readonly done?: boolean }): void {
    const { current, total, done = false } = facts;
    const bytes = encode({
      ...{ 1: name, 2: this.#digest, 3: name, 4: current, 5: total, 6: now(), 7: this.#started },
      8: done ? now() : undefined,
    });
    this.#tell({ field: STATUS, bytes });
  }

  /** Once is enough; what comes later counts no more. */
  done(facts: { readonly cached?: boolean; readonly error?: string } = {}): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#update({ cached: facts.cached, completed: now(), error: facts.error });
  }

  #update(facts: {
    readonly cached?: boolean | undefined;
    readonly completed?: Buffer;
    readonly error?: string | undefined;
  }): void {
    const fields = {
      1: this.#digest,
      3: this.#name,
      4: facts.cached,
      5: this.#started,
      6: facts.completed,
      7: facts.error,
    };
    this.#tell({ field: VERTEX, bytes: encode(fields) });
  }
}

/** A `google.protobuf.Timestamp`. */
export function timestampOf(milliseconds: number): Buffer {
  const seconds = Math.floor(milliseconds / 1000);
  return encode({ 1: seconds, 2: Math.floor((milliseconds - seconds * 1000) * 1e6) });
}

const now = (): Buffer => timestampOf(Date.now());
