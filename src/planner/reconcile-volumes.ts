// Volumes: those of the project are created; external ones must be there; data is never thrown away unasked.
import { volumeHash } from '../config-hash.ts';
import type { ObservedVolume } from '../engine/engine.ts';
import { WindlassError } from '../errors.ts';
import { STATUS } from '../events.ts';
import type { Project, Volume } from '../model.ts';
import { LABEL } from '../names.ts';
import type { Observation } from './observation.ts';
import type { UpOptions } from './options.ts';
import type { StepId } from './plan.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { ResourceSteps } from './reconcile-networks.ts';
import { sortedNames } from './services.ts';

/** Real names of volumes whose definition changed: replacing one loses its data, so the user is asked before. */
export function divergedVolumes(project: Project, observation: Observation): readonly string[] {
  return sortedNames(project.volumes).flatMap((key) => {
    const volume = project.volumes[key];
    const existing = volume === undefined ? undefined : observation.volumes[volume.name];
    return volume !== undefined && existing !== undefined && isDiverged(volume, existing) ? [volume.name] : [];
  });
}

const isDiverged = (volume: Volume, existing: ObservedVolume): boolean => {
  const hash = existing.labels[LABEL.configHash];
  return volume.external !== true && hash !== undefined && hash !== volumeHash(volume);
};

export function reconcileVolumes(
  plan: PlanBuilder,
  project: Project,
  observation: Observation,
  options: UpOptions,
): ResourceSteps {
  const created = new Map<string, StepId>();
  const removed = new Map<string, StepId>();
  for (const key of sortedNames(project.volumes)) {
    const volume = project.volumes[key];
    if (volume === undefined) continue;
    const existing = observation.volumes[volume.name];
    const resource = `volume ${volume.name}`;
    if (volume.external === true) {
      if (existing === undefined) throw missingExternal(volume);
      plan.verdict({ resource, decision: 'foreign', reason: 'external', differences: [] });
      continue;
    }
    if (existing === undefined) {
      plan.verdict({ resource, decision: 'create', reason: 'missing', differences: [] });
      created.set(key, addCreate(plan, key, volume, 'missing'));
      continue;
    }
    warnOfOwner(plan, project, key, existing);
    if (!isDiverged(volume, existing)) {
      plan.verdict({ resource, decision: 'keep', reason: 'exists', differences: [] });
    } else if (!mayEmpty(volume, options)) {
      plan.verdict({ resource, decision: 'keep', reason: 'definition changed, data kept', differences: ['config'] });
    } else {
      plan.verdict({ resource, decision: 'recreate', reason: 'definition changed', differences: ['config'] });
      const removal = addRemoveVolume(plan, volume.name, 'definition changed');
      removed.set(key, removal);
      created.set(key, addCreate(plan, key, volume, 'definition changed', [removal]));
    }
  }
  return { created, removed };
}

const mayEmpty = ({ name }: Volume, { recreateVolumes }: UpOptions): boolean =>
  recreateVolumes === 'all' || recreateVolumes.includes(name);

function addCreate(plan: PlanBuilder, key: string, volume: Volume, cause: string, dependsOn: StepId[] = []): StepId {
  return plan.add({
    action: 'create-volume',
    id: `create volume ${volume.name}`,
    resource: `volume ${volume.name}`,
    cause,
    dependsOn,
    volume: key,
    progress: { id: `Volume ${volume.name}`, working: STATUS.creating, done: STATUS.created },
  });
}

export function addRemoveVolume(
  plan: PlanBuilder,
  name: string,
  cause: string,
  after: readonly StepId[] = [],
  bestEffort = false,
): StepId {
  return plan.add({
    action: 'remove-volume',
    id: `remove volume ${name}`,
    resource: `volume ${name}`,
    cause,
    after,
    name,
    ...(bestEffort ? { bestEffort: 'in-use' } : {}),
    progress: { id: `Volume ${name}`, working: STATUS.removing, done: STATUS.removed },
  });
}

function warnOfOwner(plan: PlanBuilder, project: Project, key: string, existing: ObservedVolume): void {
  const owner = existing.labels[LABEL.project];
  if (owner === project.name) return;
  const hint = `set "external: true" on volumes.${key} to use an existing volume`;
  plan.warn(
    owner === undefined
      ? `volume "${existing.name}" already exists but was not created by Docker Compose; ${hint}`
      : `volume "${existing.name}" already exists but was created for project "${owner}" (expected "${project.name}"); ${hint}`,
  );
}

const missingExternal = (volume: Volume): WindlassError =>
  new WindlassError('PLAN_NO_VOLUME', `external volume "${volume.name}" not found`, {
    hint: `create it with "docker volume create ${volume.name}", or leave out "external"`,
  });
