// The log that the monitor writes, line by line: `<time> <stdout|stderr> <F|P> <text>`. F ends a line of output, P is a
// piece of one that goes on, so the text of all entries is the output byte for byte. Pure.

export interface LogEntry {
  /** RFC 3339 with nanoseconds, in UTC: `2026-11-21T13:07:21.079598217Z`. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** The line ends here, and its newline is put back in `data`. */
  readonly complete: boolean;
  readonly data: Buffer;
}

const NEWLINE = Buffer.from('\n');

/** Reads one line of the file, without its newline; undefined for what is no entry. */
export function parseLogLine(line: Buffer): LogEntry | undefined {
  const first = line.indexOf(0x20);
  const second = line.indexOf(0x20, first + 1);
  const third = line.indexOf(0x20, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const stream = line.toString('latin1', first + 1, second);
  const tag = line.toString('latin1', second + 1, third);
  if ((stream !== 'stdout' && stream !== 'stderr') || (tag !== 'F' && tag !== 'P')) return undefined;
  const text = line.subarray(third + 1);
  return {
    time: line.toString('latin1', 0, first).replace(/\+00:00$/, 'Z'),
    stream,
    complete: tag === 'F',
    data: tag === 'F' ? Buffer.concat([text, NEWLINE]) : text,
  };
}

/** Cuts a stream of bytes into lines; what is left of the last one waits for the next piece. */
export class LineCutter {
  #rest: Buffer = Buffer.alloc(0);

  push(piece: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      lines.push(bytes.subarray(start, end));
      start = end + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(start));
    return lines;
  }
}

/** `2026-11-21T13:07:21.5Z`, Unix seconds with a fraction, → nanoseconds since 1970. Undefined when it is neither. */
export function parseTime(text: string): bigint | undefined {
  const unix = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (unix) return BigInt(unix[1] ?? '0') * 1_000_000_000n + BigInt((unix[2] ?? '').padEnd(9, '0'));
  const stamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  const milliseconds = stamp ? Date.parse(`${stamp[1]}${stamp[3] ?? 'Z'}`) : Number.NaN;
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt((stamp?.[2] ?? '').padEnd(9, '0'));
}
