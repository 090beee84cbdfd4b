// A fake engine and the way of a command through it: observe, plan, execute, as often as the plan says that it goes on.
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ProgressEvent } from '../../src/events.ts';
import type { Project } from '../../src/model.ts';
import type { ExecutionContext, ExecutionResult } from '../../src/planner/execution.ts';
import { executePlan } from '../../src/planner/executor.ts';
import type { Observation } from '../../src/planner/observation.ts';
import { observeProject } from '../../src/planner/observe.ts';
import { type UpOptions, upOptions } from '../../src/planner/options.ts';
import type { Plan } from '../../src/planner/plan.ts';
import { formatPlan } from '../../src/planner/plan-text.ts';
import { planUp } from '../../src/planner/reconcile.ts';
import { FakeEngine, type FakeSettings } from './fake-engine.ts';

export type Planner = (project: Project, observation: Observation) => Plan;

export class PlannedWorld {
  readonly fake: FakeEngine;
  readonly events: ProgressEvent[] = [];

  constructor(settings: FakeSettings = {}) {
    this.fake = new FakeEngine(settings);
  }

  async plan(project: Project, planner: Planner): Promise<Plan> {
    return planner(project, await observeProject(this.fake.engine, project));
  }

  async planUp(project: Project, options: Partial<UpOptions> = {}): Promise<Plan> {
    return this.plan(project, (wanted, observation) => planUp(wanted, observation, upOptions(options)));
  }

  async execute(project: Project, plan: Plan, context: Partial<ExecutionContext> = {}): Promise<ExecutionResult> {
    return executePlan(plan, {
      engine: this.fake.engine,
      project,
      onEvent: (event) => this.events.push(event),
      signal: new AbortController().signal,
      parallel: 0,
      ...context,
    });
  }

  /** Carries out what a planner says; fails the test when a step fails. */
  async run(project: Project, planner: Planner): Promise<ExecutionResult> {
    const result = await this.execute(project, await this.plan(project, planner));
    expect(result.errors).toEqual([]);
    return result;
  }

  /** `up` to its end; returns the last result. Failures are left to the test. */
  async tryUp(
    project: Project,
    options: Partial<UpOptions> = {},
    context: Partial<ExecutionContext> = {},
  ): Promise<ExecutionResult> {
    let round: Partial<UpOptions> = {};
    for (;;) {
      const plan = await this.planUp(project, { ...options, ...round });
      const result = await this.execute(project, plan, {
        ...context,
        providerVariables: round.providerVariables ?? {},
      });
      if (!plan.continues || result.errors.length > 0 || result.cancelled) return result;
      round = { imagesReady: true, providerVariables: result.providerVariables };
    }
  }

  async up(project: Project, options: Partial<UpOptions> = {}): Promise<ExecutionResult> {
    const result = await this.tryUp(project, options);
    expect(result.errors).toEqual([]);
    return result;
  }

  /** Events as lines: `Container shop-web-1 Created`. */
  said(): string[] {
    return this.events.map(({ id, status }) => `${id} ${status}`);
  }
}

/** Compares a plan's text with test/golden/plans/<name>.txt. `npx vitest run --project unit test/planner -u` refreshes them. */
export async function expectPlan(plan: Plan, name: string): Promise<void> {
  await expect(formatPlan(plan)).toMatchFileSnapshot(join(import.meta.dirname, '../golden/plans', `${name}.txt`));
}
