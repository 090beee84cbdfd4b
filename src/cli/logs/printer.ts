// Puts records on standard output with their prefix, in large writes, at the reader's pace.
import type { Output } from '../io.ts';
import type { LogLines } from '../output/log-lines.ts';
import { written } from '../terminal/copy-output.ts';
import type { LineFilter } from './filter.ts';
import type { LogRecord } from './record.ts';

const FLUSH_AT = 64 * 1024;

export class LogPrinter {
  readonly #out: Output;
  readonly #buffered: Output;
  readonly #lines: LogLines;
  readonly #timestamps: boolean;
  readonly #accept: LineFilter;
  #buffer: string[] = [];
  #size = 0;

  constructor(options: { out: Output; lines: LogLines; timestamps: boolean; accept: LineFilter }) {
    this.#out = options.out;
    this.#lines = options.lines;
    this.#timestamps = options.timestamps;
    this.#accept = options.accept;
    this.#buffered = {
      ...options.out,
      write: (text) => {
        this.#buffer.push(text.toString());
        this.#size += text.length;
      },
    };
  }

  /** Makes a container known, for padding and colour. */
  register(name: string): void {
    this.#lines.register(name);
  }

  record(name: string, record: LogRecord): void {
    if (!this.#accept(name, record.text)) return;
    this.#lines.line(this.#buffered, name, this.#timestamps ? `${record.time} ${record.text}` : record.text);
  }

  status(name: string, text: string): void {
    this.#lines.status(this.#buffered, name, text);
  }

  /** True when it is time to flush. */
  get full(): boolean {
    return this.#size >= FLUSH_AT;
  }

  async flush(): Promise<void> {
    if (this.#size === 0) return;
    const text = this.#buffer.join('');
    [this.#buffer, this.#size] = [[], 0];
    await written(this.#out, text);
  }
}
