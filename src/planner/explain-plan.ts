// Says of every container that is going to be replaced which attributes differ. Asks the engine about those containers only.
import type { Engine } from '../engine/engine.ts';
import { isNotFound } from '../errors.ts';
import type { Project } from '../model.ts';
import { fieldChanges } from './field-changes.ts';
import type { FieldChange, Plan, Verdict } from './plan.ts';

/** The same plan, its verdicts about containers to be recreated with their `changes`. */
export async function explainPlan(engine: Engine, project: Project, plan: Plan, signal?: AbortSignal): Promise<Plan> {
  const verdicts = await Promise.all(
    plan.verdicts.map(async (verdict) => {
      const changes = await changesOf(engine, project, plan, verdict, signal);
      return changes.length === 0 ? verdict : { ...verdict, changes };
    }),
  );
  return { ...plan, verdicts };
}

async function changesOf(
  engine: Engine,
  project: Project,
  plan: Plan,
  verdict: Verdict,
  signal: AbortSignal | undefined,
): Promise<readonly FieldChange[]> {
  const service = verdict.service === undefined ? undefined : project.services[verdict.service];
  if (verdict.decision !== 'recreate' || service === undefined || !verdict.differences.includes('config')) return [];
  // The old one's id stands in the step that removes it; its name may be a temporary one.
  const removal = plan.steps.find(
    (step) => step.action === 'remove-container' && step.id === `remove ${verdict.resource}` && 'id' in step.container,
  );
  if (removal?.action !== 'remove-container' || !('id' in removal.container)) return [];
  try {
    const details = await engine.inspectContainer(removal.container.id, signal);
    return fieldChanges(project, service, details, await engine.findImage(details.imageId, signal));
  } catch (error) {
    // It went meanwhile: then there is nothing to compare with.
    if (isNotFound(error)) return [];
    throw error;
  }
}
