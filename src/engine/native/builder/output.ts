// What a build says, as the classic builder's lines of JSON. Stages that are built side by side take turns: one after the other
// is told, in the order of the file, what later ones said meanwhile is kept back.
import { once } from 'node:events';
import type { Writable } from 'node:stream';

export type Line = Readonly<Record<string, unknown>>;

export interface BuildOutput {
  /** Text for the terminal. */
  text(text: string): void;
  /** A line of progress, of a pull. */
  line(line: Line): void;
  /** Resolves when more can be taken: a command that writes faster than the client reads has to wait. */
  ready(): Promise<void>;
}

/** A stage whose turn has not come may say this much; then it waits. */
const MAX_KEPT = 8 * 1024 * 1024;

export class BuildStream {
  readonly #out: Writable;
  readonly #quiet: boolean;
  readonly #stages: StageOutput[] = [];

  constructor(out: Writable, quiet: boolean) {
    this.#out = out;
    this.#quiet = quiet;
  }

  /** The outputs of the stages, in their order; each has to be ended. */
  stage(): StageOutput {
    const stage = new StageOutput({ changed: () => this.#pass(), ready: () => this.ready() });
    this.#stages.push(stage);
    return stage;
  }

  text(text: string): void {
    if (!this.#quiet) this.line({ stream: text });
  }

  line(line: Line): void {
    if (!this.#out.destroyed) this.#out.write(`${JSON.stringify(line)}\r\n`);
  }

  async ready(): Promise<void> {
    if (this.#out.writableNeedDrain && !this.#out.destroyed)
      await Promise.race([once(this.#out, 'drain'), once(this.#out, 'close')]).catch(() => undefined);
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
}

export class StageOutput implements BuildOutput {
  readonly #turns: StageTurns;
  #kept: Line[] = [];
  #keptBytes = 0;
  #waiting: (() => void)[] = [];
  ended = false;

  constructor(turns: StageTurns) {
    this.#turns = turns;
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
