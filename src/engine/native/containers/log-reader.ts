// Reading a container's log: all of it, its end, or as it grows.
import { type FSWatcher, watch } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { hasCode, type NativeHost } from '../host.ts';
import { LineCutter, type LogEntry, parseLogLine, parseTime } from './log-file.ts';

const CHUNK = 64 * 1024;
/** A watch may be missing where the kernel has no more of them: then the file is looked at this often. */
const POLL_MS = 500;

export interface ReadLogOptions {
  /** Where in the file to begin; the start unless given. */
  readonly offset?: number;
  /** The last so many lines. */
  readonly tail?: number;
  /** Nanoseconds since 1970. */
  readonly since?: bigint;
  readonly until?: bigint;
  /** Go on until this resolves, then to the end of the file. */
  readonly ended?: Promise<unknown>;
  /** Stop at once. */
  readonly signal?: AbortSignal;
}

/** The entries of a log file; none when there is no file. */
export async function* readLog(host: NativeHost, path: string, options: ReadLogOptions): AsyncGenerator<LogEntry> {
  const follow = options.ended !== undefined;
  const handle = await openLog(host, path, follow);
  if (!handle) return;
  const change = follow ? new Change(path) : undefined;
  let ended = !follow;
  let stopped = false;
  void options.ended?.then(() => {
    ended = true;
    change?.wake();
  });
  const stop = (): void => {
    stopped = true;
    change?.wake();
  };
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const cutter = new LineCutter();
    let offset = options.offset ?? (options.tail === undefined ? 0 : await tailOffset(handle, options.tail));
    const buffer = Buffer.allocUnsafe(CHUNK);
    while (!stopped) {
      // Asked before reading: what is written before the end is then surely read.
      const last = ended;
      const { bytesRead } = await handle.read(buffer, 0, CHUNK, offset);
      offset += bytesRead;
      for (const line of cutter.push(buffer.subarray(0, bytesRead))) {
        const entry = parseLogLine(line);
        if (!entry) continue;
        const time = options.since === undefined && options.until === undefined ? undefined : parseTime(entry.time);
        if (time !== undefined && options.since !== undefined && time < options.since) continue;
        if (time !== undefined && options.until !== undefined && time > options.until) return;
        yield entry;
      }
      if (bytesRead > 0) continue;
      if (last) return;
      await change?.next();
    }
  } finally {
    options.signal?.removeEventListener('abort', stop);
    change?.close();
    await handle.close();
  }
}

async function openLog(host: NativeHost, path: string, create: boolean): Promise<FileHandle | undefined> {
  try {
    // A follower may come before the first start: the monitor appends to what is there.
    return await host.files.open(path, create ? 'a+' : 'r', 0o600);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Where the last `count` lines of output begin. Pieces of a line (P) belong to the line that ends them. */
async function tailOffset(handle: FileHandle, count: number): Promise<number> {
  const { size } = await handle.stat();
  if (count <= 0) return size;
  let position = size;
  let lines = 0;
  let after = Buffer.alloc(0);
  while (position > 0) {
    const length = Math.min(CHUNK, position);
    position -= length;
    const piece = Buffer.alloc(length);
    await handle.read(piece, 0, length, position);
    const bytes = Buffer.concat([piece, after]);
    for (let end = bytes.lastIndexOf(0x0a); end > 0; end = bytes.lastIndexOf(0x0a, end - 1)) {
      const start = bytes.lastIndexOf(0x0a, end - 1) + 1;
      if (start === 0 && position > 0) break;
      const complete = parseLogLine(bytes.subarray(start, end))?.complete ?? true;
      const isLast = position + end + 1 >= size;
      if (complete || isLast) {
        lines += 1;
        if (lines > count) return position + end + 1;
      }
      if (start === 0) break;
    }
    const first = bytes.indexOf(0x0a);
    after = Buffer.from(first < 0 ? bytes : bytes.subarray(0, first + 1));
  }
  return 0;
}

/** Wakes a reader when the file may have grown. */
class Change {
  readonly #watcher: FSWatcher | undefined;
  readonly #timer: NodeJS.Timeout;
  #changed = false;
  #waiting: (() => void) | undefined;

  constructor(path: string) {
    try {
      this.#watcher = watch(path, () => this.wake());
      this.#watcher.on('error', () => this.wake());
    } catch {
      this.#watcher = undefined;
    }
    this.#timer = setInterval(() => this.wake(), POLL_MS);
  }

  wake(): void {
    this.#changed = true;
    this.#waiting?.();
  }

  async next(): Promise<void> {
    if (!this.#changed)
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    this.#waiting = undefined;
    this.#changed = false;
  }

  close(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
  }
}
