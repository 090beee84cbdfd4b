// The framing of standard output and error on one connection: eight bytes of head (stream, length) before each piece.

const STREAM_NUMBER = { stdin: 0, stdout: 1, stderr: 2 } as const;

export type StreamName = 'stdout' | 'stderr';

/** One frame: `[stream, 0, 0, 0, length as 32 bits big-endian]` and the data. */
export function frame(stream: StreamName, data: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head[0] = STREAM_NUMBER[stream];
  head.writeUInt32BE(data.length, 4);
  return Buffer.concat([head, data]);
}
