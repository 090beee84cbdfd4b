// A connection within a call: its bytes are the messages (`BytesMessage`) that go both ways.
import { Duplex } from 'node:stream';
import { bytesOf, decode, encode } from '../../../../protobuf.ts';

/** Pieces of a write that is larger: what is sent has to be well below what the other side takes. */
const MAX_PIECE = 1024 * 1024;

export function messageConnection(
  messages: AsyncIterable<Buffer>,
  send: (message: Uint8Array) => Promise<void>,
): Duplex {
  const incoming = messages[Symbol.asyncIterator]();
  const write = async (bytes: Buffer): Promise<void> => {
    for (let at = 0; at < bytes.length; at += MAX_PIECE) await send(encode({ 1: bytes.subarray(at, at + MAX_PIECE) }));
  };
  return new Duplex({
    // Small writes that wait for each other go out together.
    writev: (chunks, done) => {
      write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer))).then(() => done(), done);
    },
    read() {
      const take = (): void => {
        incoming.next().then(
          ({ value, done }) => {
            if (done === true) this.push(null);
            else {
              const bytes = bytesOf(decode(value), 1);
              // Nothing at all would be taken for the end.
              if (bytes.length === 0) take();
              else this.push(bytes);
            }
          },
          (error: Error) => this.destroy(error),
        );
      };
      take();
    },
  });
}
