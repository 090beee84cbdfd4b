// A plan for who has to decide on it: what changes and why, what stays, then the steps in waves. What waits for what is left to
// the other forms (plan-text.ts, plan-tree.ts). The same plan gives the same text.
import type { Decision, Plan, Step, Verdict } from './plan.ts';
import { waves } from './plan-builder.ts';
import { changeText } from './plan-text.ts';

/**
 * ```
 * up of project shop: 1 to recreate, 1 to update
 *
 * RESOURCE              DECISION  WHY
 * container shop-api-1  update    restarted: dependency db is replaced
 * container shop-db-1   recreate  environment.LOG_LEVEL "debug" → "info"
 *
 * untouched: network shop_default; volumes shop_cache, shop_data
 *
 * WAVE  STEP
 * 1     create container shop-db-1
 *       stop container shop-api-1
 * 2     stop container shop-db-1
 * ```
 */
export function formatPlanTable(plan: Plan): string {
  const changed = plan.verdicts.filter(({ decision }) => !UNTOUCHED.has(decision));
  const untouched = plan.verdicts.filter(({ decision }) => UNTOUCHED.has(decision));
  const blocks = [
    [`${plan.operation} of project ${plan.project}: ${summary(changed, plan)}`],
    plan.warnings.map((warning) => `warning: ${warning}`),
    changed.length === 0 ? [] : columns([['RESOURCE', 'DECISION', 'WHY'], ...changed.flatMap(verdictRows)]),
    untouched.length === 0 ? [] : [`untouched: ${byKind(untouched)}`],
    plan.steps.length === 0 ? [] : columns([['WAVE', 'STEP'], ...stepRows(plan)]),
    plan.continues ? ['then look again, and plan the rest'] : [],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

const UNTOUCHED: ReadonlySet<Decision> = new Set<Decision>(['keep', 'foreign']);
const ORDER: readonly Decision[] = ['create', 'recreate', 'update', 'remove'];

function summary(changed: readonly Verdict[], { steps }: Plan): string {
  if (steps.length === 0) return 'nothing to do';
  const counts = ORDER.map(
    (decision) => [decision, changed.filter((one) => one.decision === decision).length] as const,
  );
  const told = counts.filter(([, count]) => count > 0).map(([decision, count]) => `${count} to ${decision}`);
  return told.length === 0 ? `${steps.length} steps` : told.join(', ');
}

/** The attributes that differ say more than that the configuration did. */
function verdictRows({ resource, decision, reason, changes = [] }: Verdict): string[][] {
  const others = reason.split(', ').filter((one) => one !== 'config changed' || changes.length === 0);
  const [first = '', ...rest] = [...(others.length === 0 ? [] : [others.join(', ')]), ...changes.map(changeText)];
  return [[resource, decision, first], ...rest.map((line) => ['', '', line])];
}

/** `network a; volumes b, c` */
function byKind(verdicts: readonly Verdict[]): string {
  const kinds = new Map<string, string[]>();
  for (const { resource } of verdicts) {
    const [kind = '', ...name] = resource.split(' ');
    kinds.set(kind, [...(kinds.get(kind) ?? []), name.join(' ')]);
  }
  return [...kinds].map(([kind, names]) => `${kind}${names.length > 1 ? 's' : ''} ${names.join(', ')}`).join('; ');
}

function stepRows(plan: Plan): string[][] {
  const reasons = new Map(plan.verdicts.map(({ resource, reason }) => [resource, reason]));
  return waves(plan.steps).flatMap((wave, number) =>
    wave.map((step, index) => [
      index === 0 ? String(number + 1) : '',
      stepText(step, reasons.get(step.resource) ?? '', plan.operation),
    ]),
  );
}

/** The cause only where neither the verdict nor the title has told it. */
function stepText(step: Step, reason: string, operation: string): string {
  const told = reason.includes(step.cause) || step.cause.startsWith(operation);
  const cause = told ? '' : `: ${step.cause}`;
  const notes = [
    ...(step.bestEffort === undefined ? [] : ['may fail']),
    ...(step.action === 'build-image' && step.fallbackFor !== undefined ? ['if it cannot be pulled'] : []),
    ...(step.action === 'create-container'
      ? step.carriedVolumes.map(({ target }) => `keeps the volume at ${target}`)
      : []),
  ];
  return `${step.id}${cause}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((widest, row) => {
    for (const [index, cell] of row.entries()) widest[index] = Math.max(widest[index] ?? 0, cell.length);
    return widest;
  }, []);
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd((widths[index] ?? 0) + 2))
      .join('')
      .trimEnd(),
  );
}
