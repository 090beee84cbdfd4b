// A build told as BuildKit tells it: a vertex for every step that makes files, `[stage 2/3] RUN …`.
import type { Stage } from '../dockerfile/instructions.ts';
import type { BuildPlan, BuildReport, Line, StageOutput, ToldStep } from '../output.ts';
import { baseStage } from '../stage-graph.ts';
import { describeFailure } from './failure.ts';
import type { Progress, Vertex } from './progress.ts';

/** Steps that are told; the others change the configuration alone. */
const TOLD: ReadonlySet<ToldStep['kind']> = new Set(['from', 'run', 'copy', 'add', 'workdir', 'trigger']);
/** What a client shows as cancelled, not as failed. */
const CANCELLED = 'context canceled';

export class VertexReport implements BuildReport {
  readonly #progress: Progress;
  /** Where notes are put that concern no step. */
  readonly #definition: Vertex;
  /** Failures that were told; a stage that fails with another's is merely cut short. */
  readonly #failures = new Set<unknown>();

  constructor(progress: Progress, definition: Vertex) {
    this.#progress = progress;
    this.#definition = definition;
  }

  plan({ stages, platform }: BuildPlan): ReadonlyMap<Stage, StageOutput> {
    const alone = stages.length === 1;
    const prefix = platform === undefined ? [] : [platform];
    const describe = (error: unknown): string => {
      if (this.#failures.has(error)) return CANCELLED;
      this.#failures.add(error);
      return describeFailure(error);
    };
    return new Map(
      stages.map((stage) => {
        const name = alone ? [] : [stage.name ?? `stage-${stage.index}`];
        // What starts from another stage has nothing to fetch, and waits for that one untold.
        const hasBase = baseStage(stages, stage.base, stages.indexOf(stage)) === undefined;
        const total = Number(hasBase) + stage.instructions.filter(({ kind }) => TOLD.has(kind)).length;
        const head = (number: number): string => `[${[...prefix, ...name, `${number}/${total}`].join(' ')}]`;
        return [stage, new StageVertices(this.#progress, { head, hasBase, describe })];
      }),
    );
  }

  note(text: string): void {
    this.#definition.warn(text.trimEnd());
  }
}

interface StageFacts {
  readonly head: (number: number) => string;
  /** Its first step is to be told: it starts from an image. */
  readonly hasBase: boolean;
  readonly describe: (error: unknown) => string;
}

class StageVertices implements StageOutput {
  readonly #progress: Progress;
  readonly #facts: StageFacts;
  #current: Vertex | undefined;
  #number = 0;
  #cached = false;

  constructor(progress: Progress, facts: StageFacts) {
    this.#progress = progress;
    this.#facts = facts;
  }

  step({ text, kind }: ToldStep): void {
    this.#current?.done({ cached: this.#cached });
    this.#current = undefined;
    this.#cached = false;
    if (!TOLD.has(kind) || (kind === 'from' && !this.#facts.hasBase)) return;
    if (kind !== 'trigger') this.#number += 1;
    // Documents and the stage's own name do not belong to the line that is shown.
    const [first = ''] = text.split('\n', 1);
    const shown = kind === 'from' ? first.replace(/\s+as\s+\S+$/i, '') : first;
    this.#current = this.#progress.vertex(`${this.#facts.head(this.#number)} ${shown}`);
  }

  cached(): void {
    this.#cached = true;
  }

  text(text: string): void {
    this.#current?.log(text);
  }

  note(): void {}

  line({ status, id, progressDetail }: Line): void {
    if (typeof status !== 'string' || typeof id !== 'string') return;
    const { current, total } = (progressDetail ?? {}) as { readonly current?: number; readonly total?: number };
    this.#current?.part(`${status} ${id}`, {
      ...(current === undefined ? {} : { current }),
      ...(total === undefined ? {} : { total }),
      done: current === undefined || current === total,
    });
  }

  ready(): Promise<void> {
    return this.#progress.ready();
  }

  end(error?: unknown): void {
    this.#current?.done(error === undefined ? { cached: this.#cached } : { error: this.#facts.describe(error) });
    this.#current = undefined;
  }
}
