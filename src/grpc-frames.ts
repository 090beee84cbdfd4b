// Messages of gRPC on a stream: a byte for compression (none), four for the length, the message.

import type { Writable } from 'node:stream';
import { drained } from './drained.ts';

const HEADER = 5;
/** Larger messages than either side ever has reason to send would only fill memory. BuildKit's limit. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export function frame(body: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE(body.length, 1);
  return Buffer.concat([header, body]);
}

/**
 * The messages of a stream, however it is cut.
 * @throws RangeError for a message that is compressed (nobody was told that this is understood) or too large.
 */
export async function* frames(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted = HEADER;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    // Joined when there is something to give out, so that a large message is not copied with every piece of it.
    while (size >= wanted) {
      const [first] = chunks;
      const joined = first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
      const length = lengthOf(joined);
      const end = HEADER + length;
      if (joined.length >= end) yield joined.subarray(HEADER, end);
      const rest = joined.length >= end ? joined.subarray(end) : joined;
      chunks = [rest];
      size = rest.length;
      wanted = rest === joined ? end : HEADER;
    }
  }
}

function lengthOf(bytes: Buffer): number {
  if (bytes[0] !== 0) throw new RangeError('a message is compressed, which was not agreed on');
  const length = bytes.readUInt32BE(1);
  if (length > MAX_MESSAGE_BYTES) throw new RangeError(`a message is larger than ${MAX_MESSAGE_BYTES} bytes`);
  return length;
}

/** Writes a message; resolves when the stream takes more, or has closed. */
export async function writeFrame(stream: Writable, message: Uint8Array): Promise<void> {
  if (!stream.write(frame(message)) && !stream.destroyed) await drained(stream);
}
