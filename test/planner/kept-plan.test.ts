// A plan that is kept says later whether it still holds.
import { expect, test } from 'vitest';
import type { ObservedImage } from '../../src/engine/engine.ts';
import type { Build } from '../../src/model.ts';
import { observeProject } from '../../src/planner/observe.ts';
import { upOptions } from '../../src/planner/options.ts';
import type { Plan } from '../../src/planner/plan.ts';
import { checkStillHolds, type PlanBasis, projectDigest } from '../../src/planner/plan-basis.ts';
import { keptPlanFromJson, planToJson } from '../../src/planner/plan-json.ts';
import { planUp } from '../../src/planner/reconcile.ts';
import { PlannedWorld } from '../support/planned-world.ts';
import { aProject } from '../support/project-builder.ts';

const OLD = aProject({ services: { web: { environment: { A: '1' } } } });
const NEW = aProject({ services: { web: { environment: { A: '2' } } } });
const NEWER = aProject({ services: { web: { environment: { A: '3' } } } });
const options = upOptions();

async function planned(world: PlannedWorld, project = NEW): Promise<{ plan: Plan; digest: string }> {
  const observation = await observeProject(world.fake.engine, project);
  return { plan: planUp(project, observation, options), digest: projectDigest(project, observation) };
}

/** The plan from OLD to NEW, written down and read again. */
async function kept(): Promise<{ world: PlannedWorld; plan: Plan; basis: PlanBasis }> {
  const world = new PlannedWorld();
  await world.up(OLD);
  const { plan, digest } = await planned(world);
  return { world, ...keptPlanFromJson(planToJson(plan, { digest, options })) };
}

test('holds while nothing changes', async () => {
  const { world, plan, basis } = await kept();
  const now = await planned(world);
  expect(() => checkStillHolds({ plan, basis }, now)).not.toThrow();
  expect(now.plan.steps.length).toBeGreaterThan(0);
});

test('does not hold for other definitions, though the steps are the same', async () => {
  const { world, plan, basis } = await kept();
  const now = await planned(world, NEWER);
  expect(now.plan.steps).toEqual(plan.steps);
  expect(() => checkStillHolds({ plan, basis }, now)).toThrow('the files, or what they refer to, have changed');
});

test('does not hold for another build, nor for another image behind a name', async () => {
  const observation = await observeProject(new PlannedWorld().fake.engine, NEW);
  const image = { id: 'sha256:1' } as ObservedImage;
  const digest = (build: Build, found: ObservedImage = image): string => {
    const project = aProject({ services: { web: { build } } });
    return projectDigest(project, { ...observation, images: { 'shop-web': found } });
  };
  const context = { context: '/a' };
  expect(digest(context)).toBe(digest({ ...context }));
  expect(digest(context)).not.toBe(digest({ ...context, args: { A: '1' } }));
  expect(digest(context)).not.toBe(digest(context, { ...image, id: 'sha256:2' }));
});

test('does not hold once it was carried out', async () => {
  const { world, plan, basis } = await kept();
  await world.up(NEW);
  const now = await planned(world);
  expect(() => checkStillHolds({ plan, basis }, now)).toThrow(
    'container shop-web-1: recreate (config changed), now keep (running)',
  );
});

test('does not hold for another container of the same name', async () => {
  const { world, plan, basis } = await kept();
  await world.up(OLD, { recreate: 'force' });
  const now = await planned(world);
  expect(() => checkStillHolds({ plan, basis }, now)).toThrow('replaced by others of the same name');
});

test('does not hold when something went', async () => {
  const { world, plan, basis } = await kept();
  world.fake.remove('shop-web-1');
  const now = await planned(world);
  expect(() => checkStillHolds({ plan, basis }, now)).toThrow('container shop-web-1: recreate');
});

test('has to say what it was made from', async () => {
  const { plan } = await kept();
  const { basis: _, ...bare } = plan as Plan & { basis?: unknown };
  expect(() => keptPlanFromJson(planToJson(bare))).toThrow('it does not say what it was made from');
});
