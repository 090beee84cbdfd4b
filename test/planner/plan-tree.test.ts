// The plan as a tree: every step once with all it waits for, and what is left alone.
import { expect, test } from 'vitest';
import { formatPlanTree } from '../../src/planner/plan-tree.ts';
import { PlannedWorld } from '../support/planned-world.ts';
import { aProject, dependsOnStarted } from '../support/project-builder.ts';

const project = (level: string) =>
  aProject({ services: { web: { depends_on: { db: dependsOnStarted } }, db: { environment: { LEVEL: level } } } });

test('what is started last stands at the root', async () => {
  expect(formatPlanTree(await new PlannedWorld().planUp(project('1')))).toBe(`up of project shop
└─ start container shop-web-1: missing
   ├─ create container shop-web-1: missing
   │  └─ create network shop_default: missing
   └─ start container shop-db-1: missing
      └─ create container shop-db-1: missing
         └─ create network shop_default: missing
`);
});

test('what is left alone is named, and every step is there', async () => {
  const world = new PlannedWorld();
  await world.up(project('1'));
  const plan = await world.planUp(project('2'));
  const text = formatPlanTree(plan);
  for (const { id } of plan.steps) expect(text).toContain(`─ ${id}: `);
  expect(text).toContain('untouched: container shop-web-1, network shop_default\n');
  await world.up(project('2'));
  expect(formatPlanTree(await world.planUp(project('2')))).toMatch(/nothing to do\n$/);
});
