// Carries out a plan: steps as soon as what they wait for has ended, as many at a time as allowed. It decides nothing: what
// happens after a failure is written on the steps.
import { EngineError, isAbort, messageOf, WindlassError } from '../errors.ts';
import { STATUS } from '../events.ts';
import { performStep } from './actions.ts';
import { withApiSocketAndCredentials } from './api-socket.ts';
import type { ExecutionContext, ExecutionResult } from './execution.ts';
import { ExecutionState } from './execution-state.ts';
import type { Plan, Step, StepId, StepOutcome } from './plan.ts';
import { predecessors } from './plan-builder.ts';

export type { ExecutionContext, ExecutionResult } from './execution.ts';

/** Resolves when every step has an outcome; failures are in the result. Rejects only for a bug. */
export async function executePlan(plan: Plan, context: ExecutionContext): Promise<ExecutionResult> {
  const project = await withApiSocketAndCredentials(context.project);
  const execution = new Execution(plan, { ...context, project });
  return execution.run();
}

class Execution {
  readonly #steps: readonly Step[];
  readonly #byId: ReadonlyMap<StepId, Step>;
  readonly #dependents = new Map<StepId, Step[]>();
  readonly #waitsFor = new Map<StepId, number>();
  readonly #outcomes = new Map<StepId, StepOutcome>();
  readonly #ready: Step[] = [];
  readonly #state: ExecutionState;
  readonly #limit: number;
  #active = 0;
  #finish: () => void = () => undefined;

  constructor(plan: Plan, context: ExecutionContext) {
    this.#steps = plan.steps;
    this.#byId = new Map(plan.steps.map((step) => [step.id, step]));
    this.#state = new ExecutionState(context);
    this.#limit = context.parallel > 0 ? context.parallel : Number.POSITIVE_INFINITY;
    for (const step of plan.steps) {
      const before = new Set(predecessors(step));
      this.#waitsFor.set(step.id, before.size);
      for (const id of before) {
        const dependents = this.#dependents.get(id);
        if (dependents === undefined) this.#dependents.set(id, [step]);
        else dependents.push(step);
      }
    }
  }

  async run(): Promise<ExecutionResult> {
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    for (const step of this.#steps) if (this.#waitsFor.get(step.id) === 0) this.#release(step);
    this.#pump();
    if (this.#outcomes.size < this.#steps.length) await finished;
    this.#state.watch.end();
    return this.#result();
  }

  /** Everything before the step has ended: it may begin, unless one of those it depends on was not done. */
  #release(step: Step): void {
    const { signal } = this.#state.context;
    const missing = step.dependsOn.find((id) => !this.#isDone(id));
    if (missing !== undefined) {
      const cancelled = this.#outcomes.get(missing)?.status === 'cancelled';
      this.#settle(step, cancelled ? { status: 'cancelled' } : { status: 'skipped', because: missing });
    } else if (signal.aborted) this.#settle(step, { status: 'cancelled' });
    else if (step.action === 'build-image' && step.fallbackFor !== undefined && this.#succeeded(step.fallbackFor))
      this.#settle(step, { status: 'done' });
    else this.#ready.push(step);
  }

  /** Starts what is ready, in the plan's order. Gates only wait, and take no place. */
  #pump(): void {
    for (let next = this.#takeReady(); next !== undefined; next = this.#takeReady()) void this.#begin(next);
    if (this.#outcomes.size === this.#steps.length) this.#finish();
  }

  #takeReady(): Step | undefined {
    const index = this.#ready.findIndex((step) => isGate(step) || this.#active < this.#limit);
    return index === -1 ? undefined : this.#ready.splice(index, 1)[0];
  }

  async #begin(step: Step): Promise<void> {
    const place = isGate(step) ? 0 : 1;
    this.#active += place;
    const start = performance.now();
    const outcome = await this.#perform(step);
    this.#state.context.onTiming?.({ step, start, end: performance.now(), outcome });
    this.#active -= place;
    this.#settle(step, outcome);
    this.#pump();
  }

  async #perform(step: Step): Promise<StepOutcome> {
    const { signal } = this.#state.context;
    if (signal.aborted) return { status: 'cancelled' };
    this.#tell(step, 'working');
    try {
      await performStep(step, this.#state);
      this.#tell(step, 'done');
      return { status: 'done' };
    } catch (thrown) {
      if (signal.aborted || isAbort(thrown)) return { status: 'cancelled' };
      const error = thrown instanceof Error ? thrown : new Error(messageOf(thrown));
      this.#tellFailure(step, error);
      return { status: 'failed', error };
    }
  }

  #settle(step: Step, outcome: StepOutcome): void {
    this.#outcomes.set(step.id, outcome);
    for (const dependent of this.#dependents.get(step.id) ?? []) {
      const left = (this.#waitsFor.get(dependent.id) ?? 0) - 1;
      this.#waitsFor.set(dependent.id, left);
      if (left === 0) this.#release(dependent);
    }
  }

  #succeeded(id: StepId): boolean {
    return this.#outcomes.get(id)?.status === 'done';
  }

  #isDone(id: StepId): boolean {
    const [outcome, step] = [this.#outcomes.get(id), this.#byId.get(id)];
    return (
      outcome?.status === 'done' ||
      (outcome?.status === 'failed' && step !== undefined && isForgiven(step, outcome.error))
    );
  }

  #tell(step: Step, which: 'working' | 'done'): void {
    const status = step.progress?.[which];
    if (step.progress !== undefined && status !== undefined)
      this.#state.emit({ id: step.progress.id, status, kind: which });
  }

  #tellFailure(step: Step, error: Error): void {
    if (isGate(step)) return; // told by the gate itself, container by container
    const id = step.progress?.id ?? step.resource.replace(/^./, (first) => first.toUpperCase());
    // A pull is told under the names of its services.
    const ids = step.action === 'pull-image' ? step.services : [id];
    if (!isForgiven(step, error))
      for (const one of ids) this.#state.emit({ id: one, status: STATUS.error, kind: 'error', text: error.message });
    else if (step.bestEffort === 'in-use')
      this.#state.emit({ id, status: 'Resource is still in use', kind: 'warning' });
    else this.#state.emit({ id: step.group ?? id, status: 'Warning', kind: 'warning', text: error.message });
  }

  #result(): ExecutionResult {
    const failures = this.#steps.flatMap((step) => {
      const outcome = this.#outcomes.get(step.id);
      return outcome?.status === 'failed' && !isForgiven(step, outcome.error) ? [outcome.error] : [];
    });
    const bug = failures.find((error) => !(error instanceof WindlassError));
    if (bug !== undefined) throw bug;
    return {
      outcomes: this.#outcomes,
      containers: this.#state.containers,
      providerVariables: this.#state.providerVariables,
      errors: failures.filter((error) => error instanceof WindlassError),
      cancelled: [...this.#outcomes.values()].some(({ status }) => status === 'cancelled'),
    };
  }
}

const isGate = ({ action }: Step): boolean => action === 'wait-condition';

/** Whether the plan goes on as if the step were done. docker answers 403 for a network with endpoints. */
function isForgiven(step: Step, error: Error): boolean {
  if (step.bestEffort === 'anything') return error instanceof WindlassError;
  return (
    step.bestEffort === 'in-use' && error instanceof EngineError && (error.kind === 'conflict' || error.status === 403)
  );
}
