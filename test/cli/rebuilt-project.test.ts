// `-p shop` without Compose files: the project is what its containers tell, and a slip in a name must not mean all of it.
import { expect, test } from 'vitest';
import { perform } from '../../src/cli/perform.ts';
import { loadOrRebuildTarget, type Target } from '../../src/cli/project.ts';
import { observeProject } from '../../src/planner/observe.ts';
import { upOptions } from '../../src/planner/options.ts';
import type { Plan } from '../../src/planner/plan.ts';
import { planDown, planKill, planPause, planRemove, planStop, planUp } from '../../src/planner/reconcile.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { aProject } from '../support/project-builder.ts';
import { defaultGlobals, fakeContext } from './support/fake-output.ts';

async function targetOf(...args: readonly string[]) {
  const fake = new FakeEngine();
  const project = aProject({ services: { db: {}, web: {}, 'web-admin': {} } });
  const plan = (seen: Parameters<typeof planUp>[1], round: object) => planUp(project, seen, upOptions({ ...round }));
  await perform(fakeContext({ engine: fake.engine }), { project, plan });
  const context = fakeContext({ engine: fake.engine, globals: { ...defaultGlobals({}), projectName: 'shop' } });
  const target = await loadOrRebuildTarget(context, args);
  return { target, said: context.io.stderr.text(), seen: await observeProject(fake.engine, target.project) };
}

test.each<[string, (target: Target, seen: Parameters<typeof planUp>[1]) => Plan]>([
  ['stop', ({ project, services }, seen) => planStop(project, seen, { services })],
  ['kill', ({ project, services }, seen) => planKill(project, seen, { services, signal: 'KILL', removeOrphans: true })],
  ['pause', ({ project, services }, seen) => planPause(project, seen, { services })],
  [
    'rm',
    ({ project, services }, seen) => planRemove(project, seen, { services, force: true, stop: true, volumes: true }),
  ],
  ['down', ({ project, services }, seen) => planDown(project, seen, { services, removeOrphans: true, volumes: true })],
])('%s of a service that is not there does nothing', async (_, plan) => {
  const { target, said, seen } = await targetOf('wbe');
  expect(plan(target, seen).steps).toEqual([]);
  expect(said).toBe('warning: project "shop" has no container of service "wbe"; did you mean "web"?\n');
});

test('names and patterns that are there count, others are told', async () => {
  const { target, said } = await targetOf('web*', 'cache');
  expect(target.services).toEqual(['web', 'web-admin']);
  expect(said).toBe('warning: project "shop" has no container of service "cache"\n');
  expect((await targetOf()).target.services).toEqual([]);
});
