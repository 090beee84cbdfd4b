// A folder for what a bundle is put together from, or taken apart into: contents on disk, named by digest.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { reasonOf } from '../../errors.ts';
import { BundleError } from './bundle-error.ts';

/** A content on disk. */
export interface Spooled {
  readonly file: string;
  readonly size: number;
  readonly digest: string;
}

export class Spool {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** A new folder beside the file that is to be written: on the same disk, and nobody else's to read. */
  static async beside(file: string): Promise<Spool> {
    const folder = await mkdtemp(`${file}.making-`).catch((cause: unknown) => {
      throw new BundleError(`cannot write "${file}": ${reasonOf(cause)}`, {
        cause,
        hint: 'name a file in a folder that is there and can be written to',
      });
    });
    return new Spool(folder);
  }

  /** Keeps a content. The same content is kept once. */
  async put(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Spooled> {
    const temporary = join(this.folder, `new-${randomBytes(8).toString('hex')}`);
    const hash = createHash('sha256');
    let size = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done): void {
        hash.update(chunk);
        size += chunk.length;
        done(null, chunk);
      },
    });
    await pipeline(Readable.from(content), measure, createWriteStream(temporary, { mode: 0o600 }));
    const hex = hash.digest('hex');
    const file = this.fileOf(`sha256:${hex}`);
    await rename(temporary, file);
    return { file, size, digest: `sha256:${hex}` };
  }

  /** Where a content of this digest is, or would be. */
  fileOf(digest: string): string {
    return join(this.folder, digest.slice('sha256:'.length));
  }

  async find(digest: string): Promise<Spooled | undefined> {
    const file = this.fileOf(digest);
    const found = await stat(file).catch(() => undefined);
    return found === undefined ? undefined : { file, size: found.size, digest };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const readSpooled = ({ file }: Pick<Spooled, 'file'>): Readable => createReadStream(file);
