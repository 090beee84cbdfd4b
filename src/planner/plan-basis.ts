// What a plan that is kept was made from, so that it can be told later whether it still holds.
import { createHash } from 'node:crypto';
import { networkHash, serviceHash, volumeHash } from '../config-hash.ts';
import { WindlassError } from '../errors.ts';
import type { Project } from '../model.ts';
import type { Observation } from './observation.ts';
import type { UpOptions } from './options.ts';
import type { Plan, Verdict } from './plan.ts';

/** Kept with a plan. */
export interface PlanBasis {
  /** SHA-256 of the project's definitions, of what its configs and secrets contain, and of which images its names lead to. */
  readonly digest: string;
  readonly options: UpOptions;
}

/** The same for the same definitions, wherever and whenever they are loaded. */
export function projectDigest(project: Project, observation: Observation): string {
  const sorted = <T>(all: Readonly<Record<string, T>>, hash: (value: T) => string): (readonly [string, string])[] =>
    Object.entries(all)
      .map(([name, value]) => [name, hash(value)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = [
    project.name,
    sorted(project.services, serviceHash),
    sorted(project.networks, networkHash),
    sorted(project.volumes, volumeHash),
    sorted(observation.contentHashes, (hash) => hash ?? ''),
    // Neither is part of the digest by which containers are compared.
    sorted(project.services, ({ build }) => JSON.stringify(build ?? null)),
    sorted(observation.images, ({ id }) => id),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * Refuses when a plan that was kept is not what would be planned now.
 * @throws WindlassError that names the first resource about which the two disagree
 */
export function checkStillHolds(
  kept: { readonly plan: Plan; readonly basis: PlanBasis },
  now: { readonly plan: Plan; readonly digest: string },
): void {
  if (kept.plan.project !== now.plan.project)
    throw stale(`it is for project "${kept.plan.project}", not "${now.plan.project}"`);
  if (kept.basis.digest !== now.digest) throw stale('the files, or what they refer to, have changed');
  const before = new Map(kept.plan.verdicts.map((verdict) => [verdict.resource, verdict]));
  for (const verdict of now.plan.verdicts) {
    const old = before.get(verdict.resource);
    if (old === undefined || words(old) !== words(verdict))
      throw stale(`${verdict.resource}: ${old === undefined ? 'was not there' : words(old)}, now ${words(verdict)}`);
    before.delete(verdict.resource);
  }
  for (const [resource, verdict] of before) throw stale(`${resource}: ${words(verdict)}, now not there`);
  if (JSON.stringify(kept.plan.steps) !== JSON.stringify(now.plan.steps))
    throw stale('containers, networks or volumes were replaced by others of the same name');
}

const words = ({ decision, reason }: Verdict): string => `${decision} (${reason})`;

const stale = (why: string): WindlassError =>
  new WindlassError('PLAN_STALE', `the plan does not hold any more: ${why}`, {
    hint: 'nothing was changed; make a new one with: windlass plan --out FILE',
  });
