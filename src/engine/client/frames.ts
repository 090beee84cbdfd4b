// The engine's framing of a process's output without a terminal: 8 bytes of header (stream, 3 × 0, length big-endian), then that many bytes.
import type { PassThrough, Readable } from 'node:stream';
import type { LogChunk } from '../engine.ts';
import { stream as streams } from './builtin.ts';

const HEADER = 8;

/** Takes chunks cut anywhere and gives the pieces of each stream in order. Holds back at most one header; bodies pass through uncopied. */
export class FrameParser {
  #header: Buffer = Buffer.alloc(0);
  #stream: LogChunk['stream'] = 'stdout';
  #remaining = 0;

  /**
   * The pieces that a chunk holds.
   * @throws Error when the bytes are not frames: a stream number other than 0–3.
   */
  *push(chunk: Buffer): Generator<LogChunk> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#remaining > 0) {
        const piece = chunk.subarray(at, at + this.#remaining);
        at += piece.length;
        this.#remaining -= piece.length;
        yield { stream: this.#stream, data: piece };
        continue;
      }
      const missing = chunk.subarray(at, at + HEADER - this.#header.length);
      at += missing.length;
      this.#header = this.#header.length === 0 ? missing : Buffer.concat([this.#header, missing]);
      if (this.#header.length === HEADER) this.#open();
    }
  }

  /** Nothing is half read. */
  get complete(): boolean {
    return this.#remaining === 0 && this.#header.length === 0;
  }

  #open(): void {
    const kind = this.#header[0] ?? 0;
    // 3 carries the engine's own errors; they belong with the complaints.
    if (kind > 3) throw new Error(`the engine sent a frame of unknown kind ${kind}`);
    this.#stream = kind >= 2 ? 'stderr' : 'stdout';
    this.#remaining = this.#header.readUInt32BE(4);
    this.#header = Buffer.alloc(0);
  }
}

/** Output as chunks; `framed` is false with a terminal. Reading stops when the consumer pauses, so nothing piles up. */
export async function* chunks(source: AsyncIterable<Buffer>, framed: boolean): AsyncGenerator<LogChunk> {
  const parser = new FrameParser();
  for await (const chunk of source) {
    if (framed) yield* parser.push(chunk);
    else yield { stream: 'stdout', data: chunk };
  }
}

export interface SplitOutput {
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/**
 * Splits a framed connection. The source is read only as fast as both sides are consumed: a full side stops the source
 * until it drains, so a reader must consume both (or resume the one it does not want).
 */
export function split(source: Readable): SplitOutput {
  const sides = { stdout: new (streams().PassThrough)(), stderr: new (streams().PassThrough)() };
  const parser = new FrameParser();
  const finish = (error?: Error): void => {
    for (const side of [sides.stdout, sides.stderr]) {
      if (error === undefined) side.end();
      else side.destroy(error);
    }
  };
  const waiting = new Set<PassThrough>();
  source.on('data', (chunk: Buffer) => {
    try {
      for (const { stream, data } of parser.push(chunk)) {
        const side = sides[stream];
        if (side.write(data) || waiting.has(side) || side.destroyed) continue;
        waiting.add(side);
        source.pause();
        const release = (): void => {
          side.off('drain', release).off('close', release);
          if (waiting.delete(side) && waiting.size === 0) source.resume();
        };
        side.once('drain', release).once('close', release);
      }
    } catch (error) {
      source.destroy();
      finish(error instanceof Error ? error : new Error(String(error)));
    }
  });
  source.on('end', () => finish());
  source.on('error', (error) => finish(error));
  source.on('close', () => {
    if (!source.readableEnded) finish();
  });
  return sides;
}
