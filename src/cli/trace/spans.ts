// Where the time of a command went, as data: one span a step, and which of them nobody could have gone without.
import type { Action } from '../../planner/plan.ts';

export type Category = 'pull' | 'build' | 'create' | 'start' | 'wait' | 'stop' | 'remove' | 'look' | 'other';

export interface Span {
  /** Unique in its trace. */
  readonly id: string;
  readonly category: Category;
  /** Milliseconds since the trace began. */
  readonly start: number;
  readonly end: number;
  /** Spans that had to end before this one could begin. */
  readonly after: readonly string[];
  readonly cause: string;
  readonly outcome: 'done' | 'failed' | 'cancelled' | 'skipped';
}

const CATEGORIES: Readonly<Record<Action, Category>> = {
  'pull-image': 'pull',
  'build-image': 'build',
  'remove-image': 'remove',
  'create-network': 'create',
  'remove-network': 'remove',
  'create-volume': 'create',
  'remove-volume': 'remove',
  'create-container': 'create',
  'copy-files': 'create',
  'start-container': 'start',
  'stop-container': 'stop',
  'restart-container': 'start',
  'kill-container': 'stop',
  'pause-container': 'other',
  'unpause-container': 'start',
  'rename-container': 'create',
  'remove-container': 'remove',
  'run-hook': 'other',
  'run-provider': 'other',
  'wait-condition': 'wait',
};

export const categoryOf = (action: Action): Category => CATEGORIES[action];

/**
 * The chain of spans that made it take as long as it did, first to last: the one that ended last, the one before it that ended last
 * of those it waited for, and so on. Shortening any other span would have gained nothing.
 */
export function criticalPath(spans: readonly Span[]): readonly Span[] {
  const byId = new Map(spans.map((span) => [span.id, span]));
  const path: Span[] = [];
  let next = latest(spans);
  while (next !== undefined && !path.includes(next)) {
    path.unshift(next);
    next = latest(next.after.flatMap((id) => byId.get(id) ?? []));
  }
  return path;
}

const latest = (spans: readonly Span[]): Span | undefined =>
  spans.reduce<Span | undefined>((best, span) => (best === undefined || span.end > best.end ? span : best), undefined);

/** Milliseconds by category, overlaps counted once; longest first. */
export function timeByCategory(spans: readonly Span[]): readonly (readonly [Category, number])[] {
  const found = new Map<Category, Span[]>();
  for (const span of spans) found.set(span.category, [...(found.get(span.category) ?? []), span]);
  return [...found].map(([category, all]) => [category, covered(all)] as const).sort((a, b) => b[1] - a[1]);
}

/** How long at least one of the spans was under way. */
function covered(spans: readonly Span[]): number {
  let [total, reached] = [0, 0];
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    total += Math.max(0, end - Math.max(start, reached));
    reached = Math.max(reached, end);
  }
  return total;
}

/** Rows for drawing: spans of one row do not overlap. In order of their starts. */
export function rowsOf(spans: readonly Span[]): ReadonlyMap<string, number> {
  const ends: number[] = [];
  const rows = new Map<string, number>();
  for (const span of [...spans].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const free = ends.findIndex((end) => end <= span.start);
    const row = free === -1 ? ends.length : free;
    ends[row] = span.end;
    rows.set(span.id, row);
  }
  return rows;
}
