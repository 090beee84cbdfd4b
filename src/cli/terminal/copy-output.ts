// Copies a stream to one of the process's outputs without losing a byte or running ahead of whoever reads it.
import type { Readable } from 'node:stream';
import type { Output } from '../io.ts';

/** Resolves when the last chunk has been handed to the operating system. Leaves the output open. */
export async function copyToOutput(from: Readable, to: Output, signal?: AbortSignal): Promise<void> {
  const stop = () => from.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of from) await written(to, chunk);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  signal?.throwIfAborted();
}

/** Waits for the chunk to leave, so that a slow reader slows the source and memory stays small. */
export function written(to: Output, chunk: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    to.stream.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
