// Layers as overlayfs wants them: unpacked once, shared by all images that have them, with short names beside them.
//
//   <layers>/<hex>/{diff/,size}     <links>/<short> → ../layers/<hex>/diff
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { decompressed } from '../../../archive/compression.ts';
import { WindlassError } from '../../../errors.ts';
import { type NativeHost, readIfExists } from '../host.ts';
import { Serial } from '../serial.ts';
import type { Blobs } from './blobs.ts';
import { hexOf, shortName } from './digest.ts';
import { unpackLayer } from './unpack.ts';

export interface LayerFolders {
  readonly layers: string;
  readonly layerLinks: string;
}

export class UnpackedLayers {
  readonly #host: NativeHost;
  readonly #folders: LayerFolders;
  readonly #blobs: Blobs;
  /** Two who want a layer share the work; who wants one that is being removed waits, and unpacks it anew. */
  readonly #serial = new Serial();

  constructor(host: NativeHost, folders: LayerFolders, blobs: Blobs) {
    this.#host = host;
    this.#folders = folders;
    this.#blobs = blobs;
  }

  diff(diffId: string): string {
    return join(this.#path(diffId), 'diff');
  }

  /** Bytes of file content; 0 where it is not there. */
  async size(diffId: string): Promise<number> {
    return Number((await readIfExists(this.#host.files, this.#sizeFile(diffId))) ?? 0);
  }

  /** Unpacks a layer from its blob unless it is there already. A content that is not `diffId` is refused. */
  ensure(diffId: string, blob: string): Promise<void> {
    return this.#serial.run(diffId, async () => {
      if (await this.#isThere(diffId)) return;
      await this.#unpacked(blob, async (temporary, found) => {
        if (found !== diffId)
          throw new WindlassError('IMAGE_DIGEST', `layer unpacks to ${found}, its image says ${diffId}`);
        await this.#place(temporary, diffId);
      });
    });
  }

  /** Unpacks a layer whose diff id is not known yet, and tells it. */
  unpack(blob: string): Promise<string> {
    return this.#unpacked(blob, (temporary, diffId) => this.#serial.run(diffId, () => this.#place(temporary, diffId)));
  }

  /**
   * Takes over a folder that overlayfs wrote as a layer, whose archive is kept as the blob `diffId`: the folder is moved. `size`
   * is in bytes of file content.
   */
  async adopt(folder: string, diffId: string, size: number): Promise<void> {
    await this.#made(async (temporary) => {
      await this.#host.files.rename(folder, join(temporary, 'diff'));
      await this.#noteSize(temporary, size);
      await this.#serial.run(diffId, () => this.#place(temporary, diffId));
    });
  }

  /** One that is not there is no failure. */
  remove(diffId: string): Promise<void> {
    const { files } = this.#host;
    return this.#serial.run(diffId, async () => {
      await files.rm(this.#link(diffId), { force: true });
      await files.rm(this.#path(diffId), { recursive: true, force: true });
    });
  }

  #path(diffId: string): string {
    return join(this.#folders.layers, hexOf(diffId));
  }

  #link(diffId: string): string {
    return join(this.#folders.layerLinks, shortName(diffId));
  }

  #sizeFile(diffId: string): string {
    return join(this.#path(diffId), 'size');
  }

  async #isThere(diffId: string): Promise<boolean> {
    return (await readIfExists(this.#host.files, this.#sizeFile(diffId))) !== undefined;
  }

  #noteSize(temporary: string, size: number): Promise<void> {
    return this.#host.files.writeFile(join(temporary, 'size'), String(size));
  }

  /** Unpacks into a folder beside its place, which `use` takes it to. Returns the diff id. */
  #unpacked(blob: string, use: (temporary: string, diffId: string) => Promise<void>): Promise<string> {
    return this.#made(async (temporary) => {
      const diff = join(temporary, 'diff');
      await this.#host.files.mkdir(diff, { mode: 0o755 });
      const { stream } = await decompressed(this.#blobs.stream(blob));
      const { diffId, size } = await unpackLayer(this.#host, stream, diff);
      await this.#noteSize(temporary, size);
      await use(temporary, diffId);
      return diffId;
    });
  }

  /** Calls `use` with a new folder, of which nothing stays where it was put. */
  async #made<T>(use: (temporary: string) => Promise<T>): Promise<T> {
    const { files } = this.#host;
    const temporary = join(this.#folders.layers, `.${randomBytes(8).toString('hex')}.tmp`);
    await files.mkdir(temporary, { mode: 0o755 });
    try {
      return await use(temporary);
    } finally {
      await files.rm(temporary, { recursive: true, force: true });
    }
  }

  /** Gives a layer its name. Where it is there already, that one stays. */
  async #place(temporary: string, diffId: string): Promise<void> {
    const { files } = this.#host;
    if (!(await this.#isThere(diffId))) {
      await files.chmod(temporary, 0o755);
      await files.rename(temporary, this.#path(diffId));
    }
    const target = `../layers/${hexOf(diffId)}/diff`;
    await files.symlink(target, this.#link(diffId)).catch(async (error: unknown) => {
      if ((await files.readlink(this.#link(diffId)).catch(() => '')) !== target) throw error;
    });
  }
}
