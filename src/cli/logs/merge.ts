// Several logs → one, in the order of time. Each log is sorted already; the earliest head goes first.
import type { LogRecord } from './record.ts';

export interface Sourced<S> {
  readonly source: S;
  readonly record: LogRecord;
}

interface Cursor<S> {
  readonly source: S;
  readonly batches: AsyncIterator<readonly LogRecord[]>;
  batch: readonly LogRecord[];
  at: number;
}

const head = <S>(cursor: Cursor<S>): string => cursor.batch[cursor.at]?.key ?? '';

/** Moves to the next record; false at the end. */
async function advance<S>(cursor: Cursor<S>): Promise<boolean> {
  cursor.at++;
  while (cursor.at >= cursor.batch.length) {
    const next = await cursor.batches.next();
    if (next.done === true) return false;
    [cursor.batch, cursor.at] = [next.value, 0];
  }
  return true;
}

/** Inserts a cursor where its head belongs; among equals, behind those that are there. */
function insert<S>(sorted: Cursor<S>[], cursor: Cursor<S>): void {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = sorted[middle];
    if (other !== undefined && head(other) <= head(cursor)) low = middle + 1;
    else high = middle;
  }
  sorted.splice(low, 0, cursor);
}

/** Holds one batch per log in memory, however long the logs are. */
export async function* mergeByTime<S>(
  logs: readonly { readonly source: S; readonly batches: AsyncIterable<readonly LogRecord[]> }[],
): AsyncGenerator<Sourced<S>> {
  const cursors = logs.map(
    ({ source, batches }): Cursor<S> => ({ source, batches: batches[Symbol.asyncIterator](), batch: [], at: -1 }),
  );
  try {
    const alive = await Promise.all(cursors.map(advance));
    const sorted: Cursor<S>[] = [];
    cursors.forEach((cursor, index) => {
      if (alive[index] === true) insert(sorted, cursor);
    });
    for (let first = sorted.shift(); first !== undefined; first = sorted.shift()) {
      const record = first.batch[first.at];
      if (record !== undefined) yield { source: first.source, record };
      if (await advance(first)) insert(sorted, first);
    }
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.batches.return?.()));
  }
}
