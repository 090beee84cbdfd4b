// `up --plan FILE`: the options of a plan that was kept, and the check that it still is what would be done.
import { readFile } from 'node:fs/promises';
import { HostError, messageOf, UsageError } from '../errors.ts';
import type { Project } from '../model.ts';
import type { Observation } from '../planner/observation.ts';
import type { UpOptions } from '../planner/options.ts';
import { checkStillHolds, projectDigest } from '../planner/plan-basis.ts';
import { keptPlanFromJson } from '../planner/plan-json.ts';
import { planUp } from '../planner/reconcile.ts';

export interface KeptPlan {
  /** Those the plan was made with. */
  readonly options: UpOptions;
  /** Those of them that say what is done; the rest says how it is shown and awaited. */
  readonly choices: Partial<UpOptions>;
  /** @throws WindlassError when the world or the files have moved since. */
  check(project: Project, observation: Observation): void;
}

/** @throws HostError, WindlassError when the file cannot be read or holds no plan of `up`. */
export async function readKeptPlan(file: string): Promise<KeptPlan> {
  const { plan, basis } = keptPlanFromJson(await textOf(file));
  if (plan.operation !== 'up') throw new UsageError(`"${file}" is a plan of "${plan.operation}", not of "up"`);
  const { options } = basis;
  const { wait, waitTimeoutSeconds, quietPull, ...choices } = options;
  return {
    options,
    choices,
    check(project, observation) {
      const now = planUp(project, observation, options);
      const digest = projectDigest(project, observation);
      checkStillHolds({ plan: withoutExplanations(plan), basis }, { plan: now, digest });
    },
  };
}

/** What was looked up to explain it is not part of what is planned. */
const withoutExplanations = <T extends { readonly verdicts: readonly { readonly changes?: unknown }[] }>(
  plan: T,
): T => ({
  ...plan,
  verdicts: plan.verdicts.map(({ changes: _, ...verdict }) => verdict),
});

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new HostError(`cannot read the plan: ${messageOf(error)}`, {
      cause: error,
      hint: 'make one with: windlass plan --out FILE',
    });
  }
}
