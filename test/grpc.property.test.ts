import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frame, frames } from '../src/grpc-frames.ts';

async function* cut(bytes: Buffer, places: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const place of [...places].sort((a, b) => a - b)) {
    const to = Math.min(place, bytes.length);
    yield bytes.subarray(from, to);
    from = to;
  }
  yield bytes.subarray(from);
}

async function read(stream: AsyncIterable<Buffer>): Promise<string[]> {
  const found: string[] = [];
  for await (const message of frames(stream)) found.push(message.toString('hex'));
  return found;
}

it('messages come out as they went in, wherever the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }),
      fc.array(fc.nat({ max: 4000 }), { maxLength: 30 }),
      async (messages, places) => {
        const bytes = Buffer.concat(messages.map((message) => frame(message)));
        expect(await read(cut(bytes, places))).toEqual(messages.map((message) => Buffer.from(message).toString('hex')));
      },
    ),
  );
});

it('what is compressed or larger than anything has to be is refused before it is here', async () => {
  const head = (flag: number, length: number): Buffer => {
    const bytes = Buffer.alloc(5);
    bytes[0] = flag;
    bytes.writeUInt32BE(length, 1);
    return bytes;
  };
  await expect(read(cut(head(1, 3), []))).rejects.toThrow('compressed');
  await expect(read(cut(head(0, 64 * 1024 * 1024), [2]))).rejects.toThrow('larger than');
});
