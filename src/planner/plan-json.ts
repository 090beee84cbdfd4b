// A plan as JSON, to be kept or handed on. The shape is that of schemas/plan.schema.json; its version changes when a reader
// of the old one would misunderstand the new.

import { WindlassError } from '../errors.ts';
import { isRecord } from '../json.ts';
import type { Plan } from './plan.ts';
import type { PlanBasis } from './plan-basis.ts';

const VERSION = 1;

/** With `basis`, a plan to be carried out later. */
export const planToJson = (plan: Plan, basis?: PlanBasis): string =>
  `${JSON.stringify({ version: VERSION, ...plan, ...(basis === undefined ? {} : { basis }) }, undefined, 2)}\n`;

/** A plan that was kept, and what it was made from. @throws WindlassError when the text is no such plan. */
export function keptPlanFromJson(text: string): { readonly plan: Plan; readonly basis: PlanBasis } {
  const plan = planFromJson(text);
  const { basis } = plan as Plan & { readonly basis?: unknown };
  if (!isRecord(basis) || typeof basis.digest !== 'string' || !isRecord(basis.options))
    throw notAPlan(
      'it does not say what it was made from',
      undefined,
      'plans to be kept are written by "windlass plan --out FILE"',
    );
  return { plan, basis: basis as unknown as PlanBasis };
}

/** @throws WindlassError when the text is not a plan of this version. */
export function planFromJson(text: string): Plan {
  const value = parse(text);
  if (!isRecord(value) || value.version !== VERSION) throw notAPlan(`it has no "version": ${VERSION}`);
  const { version: _, ...plan } = value;
  for (const key of ['project', 'operation'] as const)
    if (typeof plan[key] !== 'string') throw notAPlan(`"${key}" is not a text`);
  for (const key of ['verdicts', 'steps', 'warnings'] as const)
    if (!Array.isArray(plan[key])) throw notAPlan(`"${key}" is not a list`);
  if (typeof plan.continues !== 'boolean') throw notAPlan('"continues" is not true or false');
  const steps: readonly unknown[] = Array.isArray(plan.steps) ? plan.steps : [];
  if (!steps.every((step) => isRecord(step) && typeof step.action === 'string' && typeof step.id === 'string'))
    throw notAPlan('a step lacks its "action" or "id"');
  return plan as unknown as Plan;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notAPlan('it is not JSON', error);
  }
}

const notAPlan = (why: string, cause?: unknown, hint = 'plans are written by "windlass plan --json"'): WindlassError =>
  new WindlassError('PLAN_FORMAT', `this is not a plan: ${why}`, { hint, cause });
