// The output of attached containers, as lines on our own streams: stdout to stdout, stderr to stderr.
import type { Engine, ProcessStreams } from '../../engine/engine.ts';
import { EngineError } from '../../errors.ts';
import type { Io, Output } from '../io.ts';
import { cutLines, LineCutter, type LogLines } from '../output/log-lines.ts';

export class AttachedStreams {
  readonly #engine: Engine;
  readonly #io: Io;
  readonly #lines: LogLines;
  readonly #signal: AbortSignal;
  /** Ends when the container's output has ended, by container id. */
  readonly #open = new Map<string, Promise<void>>();

  constructor(engine: Engine, io: Io, lines: LogLines, signal: AbortSignal) {
    this.#engine = engine;
    this.#io = io;
    this.#lines = lines;
    this.#signal = signal;
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Everything it writes from now on; works before the container is started. */
  async attach(id: string, source: string): Promise<void> {
    let streams: ProcessStreams;
    try {
      streams = await this.#engine.attach(id, { stdin: false }, this.#signal);
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind === 'unavailable') throw error;
      this.followLogs(id, source, undefined);
      return;
    }
    this.#signal.addEventListener('abort', () => streams.close(), { once: true });
    this.#keep(
      id,
      Promise.all([
        copyLines(streams.stdout, (line) => this.#line(this.#io.stdout, source, line)),
        copyLines(streams.stderr, (line) => this.#line(this.#io.stderr, source, line)),
      ]),
    );
  }

  /** Everything it has written since a moment, for one that is already running. */
  followLogs(id: string, source: string, since: string | undefined): void {
    const cutters = {
      stdout: new LineCutter((line) => this.#line(this.#io.stdout, source, line)),
      stderr: new LineCutter((line) => this.#line(this.#io.stderr, source, line)),
    };
    const copy = async (): Promise<void> => {
      const options = { follow: true, tail: 'all', timestamps: false, ...(since === undefined ? {} : { since }) };
      for await (const chunk of this.#engine.logs(id, options, this.#signal)) cutters[chunk.stream].write(chunk.data);
      cutters.stdout.end();
      cutters.stderr.end();
    };
    this.#keep(id, copy());
  }

  /** Resolves when the container's output has been shown, at the latest after `deadlineMs`. */
  async drained(id: string, deadlineMs: number): Promise<void> {
    const ended = this.#open.get(id);
    if (ended === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
    });
    await Promise.race([ended, late]);
    clearTimeout(timer);
  }

  #line(out: Output, source: string, text: string): void {
    if (!this.#signal.aborted) this.#lines.line(out, source, text);
  }

  #keep(id: string, copying: Promise<unknown>): void {
    // A stream that breaks ends like one that is over: the monitor tells what became of the container, or of the engine.
    const ended = copying.then(
      () => {},
      () => {},
    );
    this.#open.set(id, ended);
    ended.then(() => {
      if (this.#open.get(id) === ended) this.#open.delete(id);
    });
  }
}

/** A terminal's lines end with a carriage return, too. */
const copyLines = (from: AsyncIterable<Uint8Array>, take: (line: string) => void): Promise<void> =>
  cutLines(from, (line) => take(line.endsWith('\r') ? line.slice(0, -1) : line));
