// Containers that carry the project's labels though no file declares their service any more.

import { serviceOf } from '../engine/project-container.ts';
import type { Project } from '../model.ts';
import { addStopAndRemove } from './container-steps.ts';
import type { Observation } from './observation.ts';
import type { UpOptions } from './options.ts';
import type { StepId } from './plan.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { orphansOf } from './replicas.ts';

/** Returns the steps after which orphans are gone; by then their ports and names are free. */
export function reconcileOrphans(
  plan: PlanBuilder,
  project: Project,
  observation: Observation,
  options: Pick<UpOptions, 'orphans' | 'timeoutSeconds'>,
): readonly StepId[] {
  const orphans = orphansOf(project, observation.observed.containers);
  if (orphans.length === 0) return [];
  const removes = options.orphans === 'remove';
  for (const { name, labels } of orphans)
    plan.verdict({
      resource: `container ${name}`,
      decision: removes ? 'remove' : 'foreign',
      reason: 'orphan: its service is in no file',
      differences: [],
      service: labels['com.docker.compose.service'] ?? '',
    });
  if (options.orphans === 'warn')
    plan.warn(
      `Found orphan containers ([${orphans.map(({ name }) => name).join(' ')}]) for this project. If you removed or renamed this ` +
        'service in your compose file, you can run this command with the --remove-orphans flag to clean it up.',
    );
  if (!removes) return [];
  return orphans.map(
    (container) =>
      addStopAndRemove(plan, {
        container,
        service: undefined,
        cause: `orphan of service ${serviceOf(container)}`,
        timeoutSeconds: options.timeoutSeconds,
        volumes: false,
      }).removed,
  );
}
