// Writing to streams no faster than they take it.
import type { Writable } from 'node:stream';

/** Resolves when more can be written, or nothing any more. Leaves no listener behind: it may happen with every piece of a long stream. */
export function drained(stream: Writable): Promise<void> {
  if (stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    const go = (): void => {
      stream.off('drain', go).off('close', go);
      resolve();
    };
    stream.on('drain', go).on('close', go);
  });
}

/** Writes a piece; resolves when there is room for more. To a stream that has gone nothing is written, and that is no failure. */
export async function send(stream: Writable, data: Uint8Array): Promise<void> {
  if (!stream.destroyed && !stream.write(data)) await drained(stream);
}
