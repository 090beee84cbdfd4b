// Plans written down: they follow the published schema, come back as they were, and what is no plan is refused.
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import planSchema from '../../schemas/plan.schema.json' with { type: 'json' };
import type { Plan } from '../../src/planner/plan.ts';
import { planFromJson, planToJson } from '../../src/planner/plan-json.ts';
import {
  planDown,
  planKill,
  planPause,
  planRemove,
  planRestart,
  planRun,
  planStop,
  planUnpause,
} from '../../src/planner/reconcile.ts';
import { PlannedWorld } from '../support/planned-world.ts';
import { aProject, dependsOnHealthy, dependsOnStarted } from '../support/project-builder.ts';

const RICH = aProject({
  services: {
    web: {
      image: 'shop/web',
      build: { context: '.' },
      depends_on: { db: dependsOnHealthy, cloud: dependsOnStarted },
      configs: [{ source: 'site' }],
      pre_stop: [{ command: ['drain'] }],
      post_start: [{ command: ['warm'] }],
      volumes: [
        { type: 'volume', source: 'data', target: '/data' },
        { type: 'volume', target: '/cache' },
      ],
    },
    db: { healthcheck: { test: ['CMD', 'true'] } },
    client: { network_mode: 'service:db' },
    cloud: { provider: { type: 'bucket' } },
  },
  volumes: { data: { name: 'shop_data' } },
  configs: { site: { name: 'site', content: 'x' } },
});
const NO_PROVIDER = { providerVariables: { cloud: { URL: 'x' } } };
const changed = aProject({
  ...RICH,
  services: {
    ...RICH.services,
    db: { ...RICH.services.db, command: ['new'] },
    web: { ...RICH.services.web, command: ['new'] },
  },
});

/** Plans that together have a step of every action. */
async function plans(): Promise<readonly Plan[]> {
  const world = new PlannedWorld();
  const made = [await world.planUp(RICH, { wait: true, waitTimeoutSeconds: 1 })];
  await world.tryUp(RICH, NO_PROVIDER);
  const seen = await world.plan(RICH, (project, observation) =>
    planDown(project, observation, { volumes: true, images: 'all' }),
  );
  made.push(seen, await world.planUp(changed, NO_PROVIDER));
  const oneOff = {
    slug: '0'.repeat(64),
    useAliases: false,
    autoRemove: true,
    tty: true,
    openStdin: true,
    attachStdin: true,
  };
  const all = { services: [] };
  for (const planner of [planStop, planRestart, planPause])
    made.push(await world.plan(RICH, (project, observation) => planner(project, observation, all)));
  made.push(
    await world.plan(RICH, (project, observation) => planKill(project, observation, { ...all, signal: 'KILL' })),
    await world.plan(RICH, (project, observation) =>
      planRemove(project, observation, { ...all, force: true, stop: true, volumes: true }),
    ),
    await world.plan(RICH, (project, observation) =>
      planRun(project, observation, { service: 'web', name: 'once', oneOff, noDeps: false, ...NO_PROVIDER }),
    ),
  );
  world.fake.alter('shop-db-1', { state: 'paused' });
  made.push(await world.plan(RICH, (project, observation) => planUnpause(project, observation, all)));
  return made;
}

describe('the schema', () => {
  test('admits every plan, and every action appears in one of them', async () => {
    const validate = new Ajv({ allErrors: true }).compile(planSchema);
    const actions = new Set<string>();
    for (const plan of await plans()) {
      expect(validate(JSON.parse(planToJson(plan))), JSON.stringify(validate.errors)).toBe(true);
      for (const { action } of plan.steps) actions.add(action);
      expect(planFromJson(planToJson(plan))).toEqual(plan);
    }
    const known = planSchema.definitions.step.oneOf.map(({ properties }) => properties.action.const);
    expect([...actions].sort()).toEqual([...known].sort());
  });
});

describe('what is no plan is refused', () => {
  const plan = { version: 1, project: 'p', operation: 'up', verdicts: [], steps: [], warnings: [], continues: false };
  const broken: Readonly<Record<string, string>> = {
    'it is not JSON': '{',
    'it has no "version": 1': JSON.stringify({ ...plan, version: 2 }),
    '"project" is not a text': JSON.stringify({ ...plan, project: 1 }),
    '"steps" is not a list': JSON.stringify({ ...plan, steps: {} }),
    '"continues" is not true or false': JSON.stringify({ ...plan, continues: 'no' }),
    'a step lacks its "action" or "id"': JSON.stringify({ ...plan, steps: [{ id: 'x' }] }),
  };
  for (const [why, text] of Object.entries(broken))
    test(why, () => expect(() => planFromJson(text)).toThrow(`this is not a plan: ${why}`));
});
