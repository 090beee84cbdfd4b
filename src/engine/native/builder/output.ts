// What a build says while it goes on, and the classic builder's way to tell it: lines of JSON. Stages that are built side by side
// take turns there: one after the other is told, in the order of the file, what later ones said meanwhile is kept back.
import type { Writable } from 'node:stream';
import { drained } from '../../../drained.ts';
import type { Stage } from './dockerfile/instructions.ts';

export type Line = Readonly<Record<string, unknown>>;

/** A step as it is told. */
export interface ToldStep {
  /** The instruction as written. */
  readonly text: string;
  readonly kind: 'from' | 'trigger' | Stage['instructions'][number]['kind'];
}

/** Where a stage tells what it does. */
export interface BuildOutput {
  /** A step begins; the one before it is done. */
  step(step: ToldStep): void;
  /** What the step makes was there already. */
  cached(): void;
  /** What a command writes. */
  text(text: string): void;
  /** What the classic builder tells beside: names of states and containers. */
  note(text: string): void;
  /** A line of progress, of a pull. */
  line(line: Line): void;
  /** Resolves when more can be taken: a command that writes faster than the client reads has to wait. */
  ready(): Promise<void>;
}

export interface StageOutput extends BuildOutput {
  /** The stage is done, or has failed. To be called once at least. */
  end(error?: unknown): void;
}

/** What will be built. */
export interface BuildPlan {
  /** Instructions before the first stage. */
  readonly globals: readonly string[];
  /** The stages that are needed, in the order of the file. */
  readonly stages: readonly Stage[];
  /** What is built for, where that is one of several. */
  readonly platform: string | undefined;
}

/** Where a build tells what it does. */
export interface BuildReport {
  /** Called once for every platform; returns an output for each stage. */
  plan(plan: BuildPlan): ReadonlyMap<Stage, StageOutput>;
  /** What concerns no step. */
  note(text: string): void;
}

/** A stage whose turn has not come may say this much; then it waits. */
const MAX_KEPT = 8 * 1024 * 1024;

export class BuildStream implements BuildReport {
  readonly #out: Writable;
  readonly #quiet: boolean;
  readonly #stages: LineOutput[] = [];

  constructor(out: Writable, quiet: boolean) {
    this.#out = out;
    this.#quiet = quiet;
  }

  plan({ globals, stages, platform }: BuildPlan): ReadonlyMap<Stage, StageOutput> {
    const total = globals.length + stages.reduce((sum, stage) => sum + 1 + stage.instructions.length, 0);
    const head = (index: number, text: string): string =>
      `Step ${index}/${total}${platform === undefined ? '' : ` [${platform}]`} : ${text}\n`;
    for (const [index, text] of globals.entries()) this.note(head(index + 1, text));
    let next = globals.length + 1;
    return new Map(
      stages.map((stage) => {
        let number = next;
        next += 1 + stage.instructions.length;
        const output = new LineOutput({
          changed: () => this.#pass(),
          ready: () => this.ready(),
          head: (text) => head(number++, text),
        });
        this.#stages.push(output);
        return [stage, output];
      }),
    );
  }

  note(text: string): void {
    if (!this.#quiet) this.line({ stream: text });
  }

  line(line: Line): void {
    if (!this.#out.destroyed) this.#out.write(`${JSON.stringify(line)}\r\n`);
  }

  async ready(): Promise<void> {
    if (this.#out.writableNeedDrain && !this.#out.destroyed) await drained(this.#out);
  }

  /** Everything that was kept back. */
  flush(): void {
    for (const stage of this.#stages) stage.end();
  }

  #pass(): void {
    for (const stage of this.#stages) {
      for (const line of stage.take()) if (!this.#quiet) this.line(line);
      if (!stage.ended) return;
    }
  }
}

interface StageTurns {
  changed(): void;
  ready(): Promise<void>;
  /** The line that announces a step, numbered. */
  head(text: string): string;
}

class LineOutput implements StageOutput {
  readonly #turns: StageTurns;
  #kept: Line[] = [];
  #keptBytes = 0;
  #waiting: (() => void)[] = [];
  ended = false;

  constructor(turns: StageTurns) {
    this.#turns = turns;
  }

  step({ text, kind }: ToldStep): void {
    if (kind !== 'trigger') this.text(this.#turns.head(text));
  }

  cached(): void {
    this.text(' ---> Using cache\n');
  }

  note(text: string): void {
    this.text(text);
  }

  text(text: string): void {
    this.#keptBytes += text.length;
    this.line({ stream: text });
  }

  line(line: Line): void {
    this.#kept.push(line);
    this.#turns.changed();
  }

  async ready(): Promise<void> {
    if (this.#keptBytes > MAX_KEPT) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#kept.length === 0) await this.#turns.ready();
  }

  end(): void {
    this.ended = true;
    this.#turns.changed();
  }

  /** What has not been told yet. */
  take(): Line[] {
    const kept = this.#kept;
    this.#kept = [];
    this.#keptBytes = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
    return kept;
  }
}
