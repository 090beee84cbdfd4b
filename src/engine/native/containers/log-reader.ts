// Reading a container's log: all of it, its end, or as it grows.
import type { FileHandle } from 'node:fs/promises';
import type { NativeHost } from '../host.ts';
import { FileChange } from './file-change.ts';
import { LineCutter, type LogEntry, parseLogLine, parseTime } from './log-file.ts';
import { createLog, type OpenLog, openAll, openNext } from './log-files.ts';

const CHUNK = 64 * 1024;

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

/** The entries of a log, of the files put aside too; none when there is no file. */
export async function* readLog(host: NativeHost, path: string, options: ReadLogOptions): AsyncGenerator<LogEntry> {
  const follow = options.ended !== undefined;
  const { logs, offset: start } = await openFrom(host, path, options, follow);
  // What is written from now on is for those who follow: a writer may be faster than its reader, who would never be done.
  const end = follow ? Number.POSITIVE_INFINITY : ((await logs.at(-1)?.handle.stat())?.size ?? 0);
  let current = logs.shift();
  if (!current) return;
  let change = follow ? new FileChange(path) : undefined;
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
  // Left while the file was being opened: the event is over.
  if (options.signal?.aborted) stop();
  try {
    const cutter = new LineCutter();
    const buffer = Buffer.allocUnsafe(CHUNK);
    let offset = start;
    while (!stopped) {
      // Asked before reading: what is written before the end is then surely read.
      const last = ended;
      const left = logs.length > 0 ? CHUNK : Math.max(0, Math.min(CHUNK, end - offset));
      const { bytesRead } = await current.handle.read(buffer, 0, left, offset);
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
      const next: OpenLog | undefined =
        logs.shift() ?? (follow ? await openNext(host, path, current.inode) : undefined);
      if (next) {
        // The monitor may have written to the file between the last read and the moment it was put aside.
        const rest = await current.handle.read(buffer, 0, CHUNK, offset);
        if (rest.bytesRead > 0) {
          logs.unshift(next);
          continue;
        }
        await current.handle.close();
        current = next;
        offset = 0;
        if (follow) {
          change?.close();
          change = new FileChange(path);
        }
        continue;
      }
      if (last) return;
      await change?.next();
    }
  } finally {
    options.signal?.removeEventListener('abort', stop);
    change?.close();
    await Promise.all([current, ...logs].map(({ handle }) => handle.close()));
  }
}

interface Start {
  readonly logs: OpenLog[];
  /** Where in the first of them to begin. */
  readonly offset: number;
}

async function openFrom(host: NativeHost, path: string, options: ReadLogOptions, follow: boolean): Promise<Start> {
  const all = await openAll(host, path);
  if (all.length === 0) return { logs: follow ? [await createLog(host, path)] : [], offset: 0 };
  const begin = options.offset === undefined ? await tailOf(all, options.tail) : await placeOf(all, options.offset);
  await Promise.all(all.slice(0, begin.index).map(({ handle }) => handle.close()));
  return { logs: all.slice(begin.index), offset: begin.offset };
}

/** A place in the file that is written to; its start where another one has taken its place meanwhile. */
async function placeOf(all: readonly OpenLog[], offset: number): Promise<{ index: number; offset: number }> {
  const size = (await all.at(-1)?.handle.stat())?.size ?? 0;
  return { index: all.length - 1, offset: offset > size ? 0 : offset };
}

/** Where the last `count` lines begin: which file, and where in it. */
async function tailOf(all: readonly OpenLog[], count: number | undefined): Promise<{ index: number; offset: number }> {
  if (count === undefined) return { index: 0, offset: 0 };
  let wanted = count;
  for (let index = all.length - 1; index >= 0; index--) {
    const log = all[index];
    if (!log) break;
    const { offset, lines } = await tailOffset(log.handle, wanted, index === all.length - 1);
    wanted -= lines;
    if (wanted <= 0) return { index, offset };
  }
  return { index: 0, offset: 0 };
}

/**
 * Where the last `count` lines of output begin, and how many of them there are. Pieces of a line (P) belong to the line that
 * ends them; without an end, which `newest` alone may lack, they are a line too.
 */
async function tailOffset(
  handle: FileHandle,
  count: number,
  newest: boolean,
): Promise<{ readonly offset: number; readonly lines: number }> {
  const { size } = await handle.stat();
  if (count <= 0) return { offset: size, lines: 0 };
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
      const isLast = newest && position + end + 1 >= size;
      if (complete || isLast) {
        lines += 1;
        if (lines > count) return { offset: position + end + 1, lines: count };
      }
      if (start === 0) break;
    }
    const first = bytes.indexOf(0x0a);
    after = Buffer.from(first < 0 ? bytes : bytes.subarray(0, first + 1));
  }
  return { offset: 0, lines };
}
