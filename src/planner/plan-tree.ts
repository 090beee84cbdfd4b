// A plan's steps as a tree: what ends a chain of work stands at the root, what it waits for below it.
import type { Plan, Step, StepId } from './plan.ts';

/**
 * ```
 * up of project shop
 * └─ start container shop-web-1: missing
 *    ├─ create container shop-web-1: missing
 *    │  └─ create network shop_default: missing
 *    └─ start container shop-db-1: missing  …
 * ```
 * `…`: what is below stands further up already. A wait for the end of a step, whatever its outcome, is marked `(after)`.
 */
export function formatPlanTree(plan: Plan): string {
  const byId = new Map(plan.steps.map((step) => [step.id, step]));
  const awaited = new Set(plan.steps.flatMap(({ dependsOn, after }) => [...dependsOn, ...after]));
  const roots = plan.steps.filter(({ id }) => !awaited.has(id));
  const lines = [`${plan.operation} of project ${plan.project}`];
  const shown = new Set<StepId>();
  const branch = (step: Step, mark: string, indent: string, isLast: boolean): void => {
    const below = [
      ...step.dependsOn.map((id) => [id, ''] as const),
      ...step.after.map((id) => [id, ' (after)'] as const),
    ];
    const again = shown.has(step.id) && below.length > 0;
    lines.push(`${indent}${isLast ? '└─ ' : '├─ '}${step.id}: ${step.cause}${mark}${again ? '  …' : ''}`);
    if (again) return;
    shown.add(step.id);
    for (const [index, [id, its]] of below.entries()) {
      const next = byId.get(id);
      if (next !== undefined) branch(next, its, `${indent}${isLast ? '   ' : '│  '}`, index === below.length - 1);
    }
  };
  for (const [index, root] of roots.entries()) branch(root, '', '', index === roots.length - 1);
  const untouched = plan.verdicts.filter(({ decision }) => decision === 'keep').map(({ resource }) => resource);
  if (untouched.length > 0) lines.push(`untouched: ${untouched.join(', ')}`);
  if (plan.steps.length === 0) lines.push('nothing to do');
  if (plan.continues) lines.push('then look again, and plan the rest');
  return `${lines.join('\n')}\n`;
}
