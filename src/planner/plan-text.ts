// A plan as text: what was decided about each resource, then the steps in waves. The same plan gives the same text.
import type { FieldChange, Plan, Step } from './plan.ts';
import { waves } from './plan-builder.ts';

/**
 * ```
 * up of project shop
 *   container shop-web-1  create  missing
 *   network shop_default  create  missing
 * wave 1
 *   create network shop_default: missing
 * wave 2
 *   create container shop-web-1: missing
 *     needs create network shop_default
 * ```
 */
export function formatPlan(plan: Plan): string {
  const lines = [`${plan.operation} of project ${plan.project}`];
  for (const warning of plan.warnings) lines.push(`  warning: ${warning}`);
  lines.push(...verdictTable(plan));
  if (plan.steps.length === 0) lines.push('nothing to do');
  for (const [index, wave] of waves(plan.steps).entries()) {
    lines.push(`wave ${index + 1}`);
    for (const step of wave) lines.push(...stepLines(step));
  }
  if (plan.continues) lines.push('then look again, and plan the rest');
  return `${lines.join('\n')}\n`;
}

function verdictTable({ verdicts }: Plan): string[] {
  const width = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length));
  const [resources, decisions] = [
    width(verdicts.map(({ resource }) => resource)),
    width(verdicts.map(({ decision }) => decision)),
  ];
  return verdicts.flatMap(({ resource, decision, reason, changes = [] }) => [
    `  ${resource.padEnd(resources)}  ${decision.padEnd(decisions)}  ${reason}`,
    ...changes.map((change) => `    ${changeText(change)}`),
  ]);
}

/** `environment.LOG_LEVEL "debug" → "info"`; what was not there or will not be is left out. */
export function changeText({ path, before, after }: FieldChange): string {
  if (before === undefined) return `${path} + ${after ?? ''}`;
  if (after === undefined) return `${path} - ${before}`;
  return `${path} ${before} → ${after}`;
}

function stepLines(step: Step): string[] {
  return [
    `  ${step.id}: ${step.cause}`,
    ...details(step).map((text) => `    ${text}`),
    ...step.dependsOn.map((id) => `    needs ${id}`),
    ...step.after.map((id) => `    after ${id}`),
  ];
}

/** What a step's id does not tell. */
function details(step: Step): string[] {
  const lines: string[] = [];
  if (step.bestEffort !== undefined)
    lines.push(step.bestEffort === 'anything' ? 'may fail' : 'may fail when still in use');
  if (step.action === 'create-container') {
    if (step.id !== `create container ${step.name}`) lines.push(`as ${step.name}`);
    for (const { target, volume, declaredBy } of step.carriedVolumes)
      lines.push(`keeps volume ${volume} at ${target}${declaredBy === 'image' ? ', if the image declares it' : ''}`);
    for (const [service, ref] of Object.entries(step.peers)) lines.push(`with ${ref.name} for service ${service}`);
  }
  if (step.action === 'build-image' && step.fallbackFor !== undefined)
    lines.push(`only if this fails: ${step.fallbackFor}`);
  if (step.action === 'wait-condition' && step.timeoutSeconds !== undefined)
    lines.push(`for at most ${step.timeoutSeconds}s`);
  if (step.action === 'stop-container' && step.timeoutSeconds !== undefined)
    lines.push(`within ${step.timeoutSeconds}s`);
  return lines;
}
