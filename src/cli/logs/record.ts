// A container's log as records: the bytes of `logs?timestamps=1` → lines with the engine's time.

export interface LogRecord {
  /** As the engine writes it: RFC 3339 with nanoseconds. */
  readonly time: string;
  /** UTC with nine digits, so that comparing texts compares times. */
  readonly key: string;
  /** Without its newline. */
  readonly text: string;
}

const STAMP = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;
/** Longer than any timestamp. */
const STAMP_LIMIT = 40;
/** Docker cuts longer lines into messages of this many bytes, each with a timestamp of its own. */
const MESSAGE_BYTES = 16 * 1024;
const NEWLINE = 0x0a;
const SPACE = 0x20;

/** A time that sorts as text, or undefined when it is not a timestamp. */
export function timeKey(stamp: string): string | undefined {
  const match = STAMP.exec(stamp);
  if (match === null) return undefined;
  const [, seconds = '', fraction = '', zone = 'Z'] = match;
  const utc = zone === 'Z' ? seconds : new Date(`${seconds}${zone}`).toISOString().slice(0, 19);
  return `${utc}.${fraction.padEnd(9, '0')}`;
}

/** Cuts one stream of one container into records. Bytes in, records out, nothing lost. */
export class RecordCutter {
  #rest: Buffer = Buffer.alloc(0);
  /** Parts of a line whose end has not come. */
  #parts: Buffer[] = [];
  #time = '';
  #key = '';
  #state: 'stamp' | 'text' = 'stamp';

  /** Records that this chunk completes. */
  write(chunk: Uint8Array): LogRecord[] {
    const data = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const records: LogRecord[] = [];
    let at = 0;
    while (at < data.length) {
      const next = this.#state === 'stamp' ? this.#readStamp(data, at) : this.#readText(data, at, records);
      if (next === undefined) break;
      at = next;
    }
    this.#rest = data.subarray(at);
    return records;
  }

  /** The last line, when it has no newline. */
  end(): LogRecord[] {
    if (this.#rest.length > 0) this.#parts.push(this.#rest);
    this.#rest = Buffer.alloc(0);
    return this.#parts.length > 0 ? [this.#take()] : [];
  }

  /** Position after the timestamp, or undefined when it is not all there yet. */
  #readStamp(data: Buffer, at: number): number | undefined {
    const space = data.subarray(at, at + STAMP_LIMIT).indexOf(SPACE);
    if (space < 0 && data.length - at < STAMP_LIMIT) return undefined;
    const stamp = space < 0 ? '' : data.toString('latin1', at, at + space);
    const key = timeKey(stamp);
    this.#state = 'text';
    // Text without a time belongs to the message before it.
    if (key === undefined) return at;
    if (this.#parts.length === 0) [this.#time, this.#key] = [stamp, key];
    return at + space + 1;
  }

  #readText(data: Buffer, at: number, records: LogRecord[]): number | undefined {
    const newline = data.subarray(at, at + MESSAGE_BYTES).indexOf(NEWLINE);
    if (newline < 0 && data.length - at < MESSAGE_BYTES) return undefined;
    this.#state = 'stamp';
    const end = newline < 0 ? at + MESSAGE_BYTES : at + newline;
    this.#parts.push(data.subarray(at, end));
    if (newline < 0) return end;
    records.push(this.#take());
    return end + 1;
  }

  #take(): LogRecord {
    const text = (this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts))?.toString('utf8') ?? '';
    this.#parts = [];
    return { time: this.#time, key: this.#key, text };
  }
}
