// Folders of the client with content by digest (OCI layouts), as its session serves them: containerd's content service.
import { Readable } from 'node:stream';
import { WindlassError } from '../../../../errors.ts';
import { CallFailed } from '../../../../grpc-client.ts';
import { GRPC } from '../../../../grpc-server.ts';
import { bytesOf, decode, encode, numberOf } from '../../../../protobuf.ts';
import type { CacheTarget } from '../caches/export-cache.ts';
import type { ReadBlob } from '../caches/imported-cache.ts';
import type { SessionConnection } from '../session-connection.ts';

const CONTENT = '/containerd.services.content.v1.Content';
/** Actions of a write. */
const [WRITE, COMMIT] = [1, 2];
const PIECE_BYTES = 256 * 1024;

export class ContentStore {
  readonly #session: SessionConnection;
  readonly #headers: Readonly<Record<string, string>>;

  /** `id` is the client's name of the folder. */
  constructor(session: SessionConnection, id: string) {
    this.#session = session;
    this.#headers = { 'buildkit-attachable-store-id': id };
  }

  readonly read: ReadBlob = async (digest) => {
    const call = this.#session.call(`${CONTENT}/Read`, this.#headers);
    await call.send(encode({ 1: digest }));
    call.end();
    const pieces = async function* (): AsyncGenerator<Buffer> {
      for await (const message of call.messages) yield bytesOf(decode(message), 2);
    };
    return Readable.from(pieces(), { objectMode: false });
  };

  /** A place to put a cache; `finish` is told of its manifest. */
  target(finish: CacheTarget['manifest']): CacheTarget {
    return {
      has: (digest) => this.#has(digest),
      put: (digest, size, open) => this.#put(digest, size, open),
      manifest: async (document) => {
        const { digest, size } = document.descriptor;
        if (!(await this.#has(digest)))
          await this.#put(digest, size, () => Readable.from([Buffer.from(document.text)]));
        await finish(document);
      },
    };
  }

  async #has(digest: string): Promise<boolean> {
    const call = this.#session.call(`${CONTENT}/Info`, this.#headers);
    await call.send(encode({ 1: digest }));
    call.end();
    try {
      for await (const _ of call.messages);
      return true;
    } catch (error) {
      if (error instanceof CallFailed && error.status === GRPC.notFound) return false;
      throw error;
    }
  }

  async #put(digest: string, size: number, open: () => Readable): Promise<void> {
    const call = this.#session.call(`${CONTENT}/Write`, this.#headers);
    const common = { 2: `windlass-${digest}`, 3: size, 4: digest };
    let offset = 0;
    for await (const chunk of open())
      for (let at = 0; at < (chunk as Buffer).length; at += PIECE_BYTES) {
        const data = (chunk as Buffer).subarray(at, at + PIECE_BYTES);
        await call.send(encode({ 1: WRITE, ...common, 5: offset, 6: data }));
        offset += data.length;
        // Every message is answered before the next: what was written is told.
        const { value, done } = await call.messages.next();
        if (done === true || numberOf(decode(value), 4) !== offset)
          throw new WindlassError('BUILD_CACHE', `the client did not write ${digest}`);
      }
    await call.send(encode({ 1: COMMIT, ...common, 5: offset }));
    call.end();
    for await (const _ of call.messages);
  }
}
