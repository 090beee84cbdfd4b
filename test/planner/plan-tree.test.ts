// The plan as a tree and as tables: every step once, what it waits for or why it is done, and what is left alone.
import { expect, test } from 'vitest';
import { formatPlanTable } from '../../src/planner/plan-table.ts';
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

test('the tables tell what changes and why, what stays, and the steps in waves', async () => {
  const world = new PlannedWorld();
  await world.up(project('1'));
  const plan = await world.planUp(project('2'));
  const changes = [
    { path: 'environment.LEVEL', before: '"1"', after: '"2"' },
    { path: 'ports', after: '["80"]' },
  ];
  const explained = plan.verdicts.map((one) => (one.decision === 'recreate' ? { ...one, changes } : one));
  expect(
    formatPlanTable({ ...plan, verdicts: explained, warnings: ['an orphan is there'] }),
  ).toBe(`up of project shop: 1 to recreate

warning: an orphan is there

RESOURCE             DECISION  WHY
container shop-db-1  recreate  environment.LEVEL "1" → "2"
                               ports + ["80"]

untouched: container shop-web-1; network shop_default

WAVE  STEP
1     create container shop-db-1
2     stop container shop-db-1
3     remove container shop-db-1
4     rename container shop-db-1
5     start container shop-db-1
`);
  for (const { id } of plan.steps) expect(formatPlanTable(plan)).toContain(id);
  expect(formatPlanTable(plan)).toContain('recreate  config changed\n');
  await world.up(project('2'));
  expect(formatPlanTable(await world.planUp(project('2')))).toBe(
    'up of project shop: nothing to do\n\nuntouched: containers shop-db-1, shop-web-1; network shop_default\n',
  );
});
