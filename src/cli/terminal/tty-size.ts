// Keeps the size of a terminal inside a container equal to that of ours.
import { setTimeout as delay } from 'node:timers/promises';
import type { Output } from '../io.ts';

/** A terminal appears a moment after its process was asked for; until then resizing fails. */
const ATTEMPTS = 10;
const PAUSE_MS = 10;

export type Resize = (columns: number, rows: number) => Promise<void>;

/** Sets the size now and whenever it changes; the result stops that. A size that cannot be set is no failure. */
export function followSize(out: Output, resize: Resize): () => void {
  let stopped = false;
  const now = (): Promise<void> => resize(out.columns, out.rows);
  const first = async (): Promise<void> => {
    for (let attempt = 1; attempt <= ATTEMPTS && !stopped; attempt++) {
      try {
        return await now();
      } catch {
        await delay(PAUSE_MS * attempt);
      }
    }
  };
  const unsubscribe = out.onResize(() => {
    now().catch(() => {
      // The process has just ended.
    });
  });
  first().catch(() => {});
  return () => {
    stopped = true;
    unsubscribe();
  };
}

/** Programs draw again only when the size changes: makes the prompt appear for somebody who attaches. */
export async function nudgeSize(out: Output, resize: Resize): Promise<void> {
  await resize(out.columns + 1, out.rows + 1).catch(() => {
    // followSize tries again.
  });
}
