// Containers' output as lines with a prefix: `web-1  | text`, padded to the longest name and coloured per container.
import type { Output } from '../io.ts';

/** docker compose's order of colours: five plain ones, then the bright ones. */
const COLORS = ['36', '33', '32', '35', '34', '36;1', '33;1', '32;1', '35;1', '34;1'];
/** Name and colour of the lines that `watch` writes. */
const WATCH_SOURCE = 'watch';
const WATCH_COLOR = '92';

export interface LogLinesOptions {
  readonly color: boolean;
  readonly prefix: boolean;
  /** Puts the local time before each line. */
  readonly timestamps: boolean;
  /** Milliseconds since the epoch; for tests. */
  readonly now?: () => number;
}

interface Source {
  readonly name: string;
  readonly paint: (text: string) => string;
  prefix: string;
}

/** Writes lines of many sources. Sources are known by name; those named first get the first colours. */
export class LogLines {
  readonly #sources = new Map<string, Source>();
  readonly #options: LogLinesOptions;
  #nextColor = 0;

  constructor(options: LogLinesOptions) {
    this.#options = options;
  }

  /** Makes a source known before it speaks, so that the padding is right from the first line on. */
  register(name: string): void {
    this.#source(name);
  }

  /** One line, without its newline. */
  line(out: Output, name: string, text: string): void {
    const { prefix } = this.#source(name);
    const time = this.#options.timestamps ? `${rfc3339Nano((this.#options.now ?? Date.now)())} ` : '';
    out.write(`${prefix}${time}${text}\n`);
  }

  /** A line about a source: `web-1 exited with code 0`. */
  status(out: Output, name: string, text: string): void {
    const { paint } = this.#source(name);
    // Clears what a half-drawn line may have left; only where there are lines to be drawn.
    out.write(paint(`${out.isTTY ? '\r\u001b[K' : ''}${name} ${text}\n`));
  }

  #source(name: string): Source {
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    const source: Source = { name, paint: this.#painter(name), prefix: '' };
    this.#sources.set(name, source);
    if (this.#options.prefix) this.#layOut();
    return source;
  }

  /** A hook (`web-1 ->`) takes the colour of its container. */
  #painter(name: string): Source['paint'] {
    if (!this.#options.color) return (text) => text;
    if (name === WATCH_SOURCE) return painter(WATCH_COLOR);
    const space = name.indexOf(' ');
    if (space > 0) return this.#source(name.slice(0, space)).paint;
    const code = COLORS[this.#nextColor % COLORS.length] ?? '36';
    this.#nextColor += 1;
    return painter(code);
  }

  #layOut(): void {
    const width = Math.max(...[...this.#sources.values()].map((source) => source.name.length)) + 1;
    for (const source of this.#sources.values())
      source.prefix = source.paint(
        source.name === WATCH_SOURCE ? `${' '.repeat(width)} ⦿ ` : `${source.name.padEnd(width)} | `,
      );
  }
}

const painter =
  (code: string) =>
  (text: string): string =>
    `\u001b[${code}m${text}\u001b[0m`;

/** Go's RFC 3339 with nine digits; the clock gives three of them. */
const rfc3339Nano = (milliseconds: number): string => new Date(milliseconds).toISOString().replace('Z', '000000Z');

/** Cuts a stream of bytes into lines of text; `end` gives what is left without a newline. */
export class LineCutter {
  readonly #decoder = new TextDecoder('utf-8');
  readonly #take: (line: string) => void;
  #rest = '';

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  write(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    // What is left is not looked through again with every piece: a bar that is drawn for an hour without a line end is one line.
    const [first = '', ...others] = text.split('\n');
    this.#rest += first;
    for (const next of others) {
      this.#take(this.#rest);
      this.#rest = next;
    }
  }

  end(): void {
    this.#rest += this.#decoder.decode();
    if (this.#rest !== '') this.#take(this.#rest);
    this.#rest = '';
  }
}

/** Calls back with every line of a stream. */
export async function cutLines(from: AsyncIterable<Uint8Array>, take: (line: string) => void): Promise<void> {
  const cutter = new LineCutter(take);
  for await (const chunk of from) cutter.write(chunk);
  cutter.end();
}

/** Cuts the output of several sources, which comes in pieces of any size, into lines. */
export function linesBySource(take: (source: string, line: string) => void): {
  readonly write: (source: string, text: string) => void;
  /** Gives what is left without a newline. */
  readonly end: () => void;
} {
  const cutters = new Map<string, LineCutter>();
  const encoder = new TextEncoder();
  return {
    write(source, text) {
      const cutter = cutters.get(source) ?? new LineCutter((line) => take(source, line.replace(/\r$/, '')));
      cutters.set(source, cutter);
      cutter.write(encoder.encode(text));
    },
    end() {
      for (const cutter of cutters.values()) cutter.end();
      cutters.clear();
    },
  };
}
