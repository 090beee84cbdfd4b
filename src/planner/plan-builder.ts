// Collects verdicts and steps while reconciling, and puts the steps in an order that respects their dependencies.
import { WindlassError } from '../errors.ts';
import type { Plan, Step, StepId, Verdict } from './plan.ts';

export type Edges = { readonly dependsOn?: readonly StepId[]; readonly after?: readonly StepId[] };
/** A step as it is written down: `dependsOn` and `after` may be left out. */
export type DraftStep = Step extends infer S
  ? S extends Step
    ? Omit<S, 'dependsOn' | 'after'> & Edges
    : never
  : never;

export class PlanBuilder {
  readonly #project: string;
  readonly #operation: string;
  readonly #steps = new Map<StepId, Step>();
  readonly #verdicts: Verdict[] = [];
  readonly #warnings: string[] = [];

  constructor(project: string, operation: string) {
    this.#project = project;
    this.#operation = operation;
  }

  /** Adds a step and returns its id. The same step asked for twice is there once, with the dependencies of both. */
  add(draft: DraftStep): StepId {
    const known = this.#steps.get(draft.id);
    if (known === undefined)
      this.#steps.set(draft.id, { ...draft, dependsOn: unique(draft.dependsOn), after: unique(draft.after) } as Step);
    else this.require(draft.id, draft.dependsOn ?? [], draft.after ?? []);
    return draft.id;
  }

  /** Makes a step wait for more. */
  require(id: StepId, dependsOn: readonly StepId[], after: readonly StepId[] = []): void {
    const step = this.#steps.get(id);
    if (step === undefined) throw new Error(`no step "${id}" in the plan`);
    this.#steps.set(id, {
      ...step,
      dependsOn: unique([...step.dependsOn, ...dependsOn]),
      after: unique([...step.after, ...after]),
    });
  }

  has(id: StepId): boolean {
    return this.#steps.has(id);
  }

  verdict(verdict: Verdict): void {
    this.#verdicts.push(verdict);
  }

  warn(text: string): void {
    if (!this.#warnings.includes(text)) this.#warnings.push(text);
  }

  build(continues = false): Plan {
    return {
      project: this.#project,
      operation: this.#operation,
      verdicts: [...this.#verdicts].sort((a, b) => compare(a.resource, b.resource)),
      steps: inOrder([...this.#steps.values()]),
      warnings: this.#warnings,
      continues,
    };
  }
}

const unique = (ids: readonly StepId[] = []): StepId[] => [...new Set(ids)];
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Steps that must have ended before this one begins. */
export const predecessors = (step: Step): readonly StepId[] => [...step.dependsOn, ...step.after];

/** Waves of steps that may run side by side: a step comes in the wave after the last of its predecessors. */
export function waves(steps: readonly Step[]): Step[][] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const depth = new Map<StepId, number>();
  const visiting = new Set<StepId>();
  const depthOf = (step: Step): number => {
    const known = depth.get(step.id);
    if (known !== undefined) return known;
    if (visiting.has(step.id)) throw new WindlassError('PLAN_CYCLE', `the plan has a cycle through "${step.id}"`);
    visiting.add(step.id);
    let wave = 0;
    for (const id of predecessors(step)) {
      const before = byId.get(id);
      if (before === undefined) throw new Error(`step "${step.id}" waits for "${id}", which is not in the plan`);
      wave = Math.max(wave, depthOf(before) + 1);
    }
    visiting.delete(step.id);
    depth.set(step.id, wave);
    return wave;
  };
  const result: Step[][] = [];
  for (const step of steps) {
    const wave = depthOf(step);
    while (result.length <= wave) result.push([]);
    result[wave]?.push(step);
  }
  return result;
}

/** Wave by wave; within a wave in the order the steps were written down. */
const inOrder = (steps: readonly Step[]): Step[] => waves(steps).flat();
