// Collects the spans of one command while its work is carried out.
import type { StepTiming } from '../../planner/execution.ts';
import { predecessors } from '../../planner/plan-builder.ts';
import { categoryOf, type Span } from './spans.ts';

export class TraceRecorder {
  readonly #began: number;
  readonly #spans: Span[] = [];
  readonly #ids = new Set<string>();
  /** Names of this round's steps → ids of their spans: a later round may have steps of the same names. */
  #round = new Map<string, string>();
  /** What everything that comes now had to wait for. */
  #gate: readonly string[] = [];

  /** `began`: when the command did, on the clock of `performance.now()`. Files have been read since. */
  constructor(began: number) {
    this.#began = began;
    const load = {
      category: 'look',
      start: began,
      end: performance.now(),
      after: [],
      cause: '',
      outcome: 'done',
    } as const;
    this.#gate = [this.#add('read the files', load)];
  }

  get spans(): readonly Span[] {
    return this.#spans;
  }

  /** Work that is no step, such as looking and planning; whatever follows had to wait for it. */
  async look<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      const after = this.#lastOfRound();
      const id = this.#add(name, {
        category: 'look',
        start,
        end: performance.now(),
        after,
        cause: '',
        outcome: 'done',
      });
      [this.#round, this.#gate] = [new Map(), [id]];
    }
  }

  readonly step = ({ step, start, end, outcome }: StepTiming): void => {
    const waited = predecessors(step).flatMap((name) => this.#round.get(name) ?? []);
    const id = this.#add(step.id, {
      category: categoryOf(step.action),
      ...{ start, end, cause: step.cause, outcome: outcome.status },
      after: waited.length === 0 ? this.#gate : waited,
    });
    this.#round.set(step.id, id);
  };

  #lastOfRound(): readonly string[] {
    return this.#round.size === 0 ? this.#gate : [...this.#round.values()];
  }

  #add(name: string, span: Omit<Span, 'id'>): string {
    let id = name;
    for (let count = 2; this.#ids.has(id); count++) id = `${name} (${count})`;
    this.#ids.add(id);
    this.#spans.push({ ...span, id, start: span.start - this.#began, end: span.end - this.#began });
    return id;
  }
}
