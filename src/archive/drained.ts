// Waiting for a stream that has enough for now.
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Resolves when more can be written, or nothing any more. Leaves no listener behind: it happens with every file of a large layer. */
export async function drained(stream: Writable): Promise<void> {
  if (stream.closed) return;
  const over = new AbortController();
  const waits = ['drain', 'close'].map((event) => once(stream, event, { signal: over.signal }));
  for (const wait of waits) wait.catch(() => undefined);
  await Promise.race(waits).finally(() => over.abort());
}
