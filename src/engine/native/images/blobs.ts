// Content by its digest: a file each, named by it. Whatever appears under its name is complete: it is made beside it and renamed.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WindlassError } from '../../../errors.ts';
import { exists, type NativeHost } from '../host.ts';
import { Serial } from '../serial.ts';
import { hexOf } from './digest.ts';

const READ_AT_ONCE = 256 * 1024;

export class Blobs {
  readonly folder: string;
  readonly #host: NativeHost;
  /** Who asks for a blob that is being removed waits, and makes it anew. */
  readonly #serial = new Serial();

  constructor(host: NativeHost, folder: string) {
    this.#host = host;
    this.folder = folder;
  }

  path(digest: string): string {
    return join(this.folder, hexOf(digest));
  }

  has(digest: string): Promise<boolean> {
    return this.#serial.run(digest, () => exists(this.#host.files, this.path(digest)));
  }

  /** Keeps a stream. With `expected`, anything else is refused and nothing is kept. */
  async put(source: Readable, expected?: string): Promise<{ digest: string; size: number }> {
    const { files } = this.#host;
    const temporary = join(this.folder, `.${randomBytes(8).toString('hex')}.tmp`);
    const hash = createHash('sha256');
    let size = 0;
    try {
      await pipeline(
        source,
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            hash.update(chunk);
            size += chunk.length;
            yield chunk;
          }
        },
        createWriteStream(temporary, { mode: 0o600 }),
      );
      const digest = `sha256:${hash.digest('hex')}`;
      if (expected !== undefined && digest !== expected)
        throw new WindlassError('IMAGE_DIGEST', `content has digest ${digest}, expected ${expected}`);
      await this.#serial.run(digest, () => files.rename(temporary, this.path(digest)));
      return { digest, size };
    } finally {
      await files.rm(temporary, { force: true });
    }
  }

  async putText(text: string): Promise<string> {
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    await this.#serial.run(digest, () => this.#host.writeAtomic(this.path(digest), text));
    return digest;
  }

  read(digest: string): Promise<Buffer> {
    return this.#host.files.readFile(this.path(digest));
  }

  stream(digest: string): Readable {
    return createReadStream(this.path(digest), { highWaterMark: READ_AT_ONCE });
  }

  /** One that is not there is no failure. */
  remove(digest: string): Promise<void> {
    return this.#serial.run(digest, () => this.#host.files.rm(this.path(digest), { force: true }));
  }
}
