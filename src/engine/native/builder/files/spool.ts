// One file on disk that holds the contents of many: written as they come, small pieces together, read again by their place.
import type { FileHandle } from 'node:fs/promises';
import type { NativeHost } from '../../host.ts';
import { badRequest } from '../../server/api-error.ts';

const WRITTEN_AT_ONCE = 1024 * 1024;
const READ_AT_ONCE = 256 * 1024;

interface Piece {
  readonly offset: number;
  readonly bytes: Buffer;
}

export class Spool {
  readonly #file: FileHandle;
  readonly #maxBytes: number;
  #size = 0;
  #kept: Piece[] = [];
  #keptBytes = 0;

  private constructor(file: FileHandle, maxBytes: number) {
    this.#file = file;
    this.#maxBytes = maxBytes;
  }

  /** A new file at `path`, for `maxBytes` at most. */
  static async open(host: NativeHost, path: string, maxBytes: number): Promise<Spool> {
    return new Spool(await host.files.open(path, 'wx+', 0o600), maxBytes);
  }

  /** Bytes of all contents. */
  get size(): number {
    return this.#size;
  }

  /** Room for so many bytes; returns where it begins. */
  reserve(bytes: number): number {
    const offset = this.#size;
    this.#size += bytes;
    if (this.#size > this.#maxBytes) throw badRequest(`the build context is larger than ${this.#maxBytes} bytes`);
    return offset;
  }

  /** Writes bytes to their place, by and by. */
  async write(offset: number, bytes: Buffer): Promise<void> {
    this.#kept.push({ offset, bytes });
    this.#keptBytes += bytes.length;
    if (this.#keptBytes >= WRITTEN_AT_ONCE) await this.flush();
  }

  /** Writes what is kept back: pieces that touch each other in one go. */
  async flush(): Promise<void> {
    const pieces = this.#kept.sort((a, b) => a.offset - b.offset);
    this.#kept = [];
    this.#keptBytes = 0;
    for (let at = 0; at < pieces.length; ) {
      const start = pieces[at]?.offset ?? 0;
      const run: Buffer[] = [];
      for (let end = start; pieces[at]?.offset === end; at += 1) {
        const bytes = pieces[at]?.bytes ?? Buffer.alloc(0);
        run.push(bytes);
        end += bytes.length;
      }
      const joined = Buffer.concat(run);
      for (let done = 0; done < joined.length; ) {
        const { bytesWritten } = await this.#file.write(joined, done, joined.length - done, start + done);
        done += bytesWritten;
      }
    }
  }

  async *read(offset: number, size: number): AsyncGenerator<Buffer> {
    for (let done = 0; done < size; ) {
      const buffer = Buffer.allocUnsafe(Math.min(size - done, READ_AT_ONCE));
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, offset + done);
      if (bytesRead === 0) throw new Error('the build context was cut short on the disk');
      done += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
