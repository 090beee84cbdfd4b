// What carrying out a plan needs and what it returns.
import type { Engine } from '../engine/engine.ts';
import type { WindlassError } from '../errors.ts';
import type { ProgressListener } from '../events.ts';
import type { Host } from '../host.ts';
import type { Project } from '../model.ts';
import type { BuildSettings } from './build-request.ts';
import type { ProviderVariables } from './desired.ts';
import type { Step, StepId, StepOutcome } from './plan.ts';

/** When a step was under way, on the clock of `performance.now()`. */
export interface StepTiming {
  readonly step: Step;
  readonly start: number;
  readonly end: number;
  readonly outcome: StepOutcome;
}

export interface ExecutionContext {
  readonly engine: Engine;
  /** The project the plan was made from. */
  readonly project: Project;
  readonly onEvent: ProgressListener;
  /** Once aborted no step begins; the ones under way are told, and end as the engine lets them. */
  readonly signal: AbortSignal;
  /** Steps at a time; 0 or less = no bound. Gates that wait do not count. */
  readonly parallel: number;
  /** For providers; programs are not run without it. */
  readonly host?: Host;
  /** What hooks (`source` is `web-1 ->`) and builders (`source` is the service) write, in pieces of any size. */
  readonly onOutput?: (source: string, text: string) => void;
  /** What providers set in earlier plans of the same work. */
  readonly providerVariables?: ProviderVariables;
  /** Told of every step that was begun, once it has ended. */
  readonly onTiming?: (timing: StepTiming) => void;
  /** Flags of `build` that hold for every image built on the way. */
  readonly build?: BuildSettings;
}

export interface ExecutionResult {
  /** One per step of the plan. */
  readonly outcomes: ReadonlyMap<StepId, StepOutcome>;
  /** Ids of the containers created, by step. */
  readonly containers: ReadonlyMap<StepId, string>;
  /** Variables that providers set, by service. */
  readonly providerVariables: ProviderVariables;
  /** Failures that count, in the plan's order. */
  readonly errors: readonly WindlassError[];
  /** The signal was aborted before everything was done. */
  readonly cancelled: boolean;
}
