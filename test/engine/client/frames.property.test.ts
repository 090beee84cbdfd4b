import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chunks, FrameParser, split } from '../../../src/engine/client/frames.ts';

interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

const frame = fc.record({
  stream: fc.constantFrom<Frame['stream']>('stdout', 'stderr'),
  data: fc.uint8Array({ maxLength: 300 }),
});

const encode = ({ stream, data }: Frame): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = stream === 'stdout' ? 1 : 2;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
};

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, index) => bytes.subarray(at[index] ?? 0, end));
}

const joined = (frames: readonly Frame[], stream: Frame['stream']): Buffer =>
  Buffer.concat(frames.filter((one) => one.stream === stream).map(({ data }) => Buffer.from(data)));

it('gives back what was framed, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 40 }), (frames, places) => {
      const parser = new FrameParser();
      const pieces = cut(Buffer.concat(frames.map(encode)), places).flatMap((chunk) => [...parser.push(chunk)]);
      expect(parser.complete).toBe(true);
      for (const stream of ['stdout', 'stderr'] as const)
        expect(joined(pieces, stream)).toEqual(joined(frames, stream));
    }),
    { numRuns: 500 },
  );
});

it('splits a connection into its two streams without loss, through full buffers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      async (frames, places) => {
        const source = Readable.from(cut(Buffer.concat(frames.map(encode)), places), {
          objectMode: false,
          highWaterMark: 64,
        });
        const { stdout, stderr } = split(source);
        const read = async (stream: Readable): Promise<Buffer> => Buffer.concat(await stream.toArray());
        const [out, err] = await Promise.all([read(stdout), read(stderr)]);
        expect(out).toEqual(joined(frames, 'stdout'));
        expect(err).toEqual(joined(frames, 'stderr'));
      },
    ),
    { numRuns: 100 },
  );
});

it('reads no further than what its two sides can hold', async () => {
  let read = 0;
  const source = new Readable({
    highWaterMark: 64 * 1024,
    read() {
      read += 32 * 1024;
      this.push(read > 64 * 1024 * 1024 ? null : encode({ stream: 'stdout', data: Buffer.alloc(32 * 1024 - 8) }));
    },
  });
  const { stdout, stderr } = split(source);
  await new Promise((resolve) => stdout.once('readable', resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(read).toBeLessThan(1024 * 1024);
  let size = 0;
  stderr.resume();
  for await (const chunk of stdout) size += (chunk as Buffer).length;
  expect(size).toBe(2048 * (32 * 1024 - 8));
});

it("passes a terminal's bytes through as they are", async () => {
  const seen: Buffer[] = [];
  for await (const { stream, data } of chunks(Readable.from([Buffer.from([9, 9, 9]), Buffer.from('raw')]), false)) {
    expect(stream).toBe('stdout');
    seen.push(Buffer.from(data));
  }
  expect(Buffer.concat(seen)).toEqual(Buffer.concat([Buffer.from([9, 9, 9]), Buffer.from('raw')]));
});

it('refuses bytes that are not frames', () => {
  expect(() => [...new FrameParser().push(Buffer.from('not a frame at all'))]).toThrow(/frame of unknown kind/);
});
