// What `run` plans: the one-off container of a service whose dependencies are there.
import { describe, expect, test } from 'vitest';
import { planRun } from '../../src/planner/reconcile.ts';
import { expectPlan, PlannedWorld } from '../support/planned-world.ts';
import { aProject, dependsOnCompleted, dependsOnHealthy, dependsOnStarted } from '../support/project-builder.ts';

const SHOP = aProject({
  services: {
    job: {
      depends_on: {
        db: dependsOnHealthy,
        cache: { ...dependsOnHealthy, required: false },
        seed: dependsOnCompleted,
        log: dependsOnStarted,
      },
      image: 'tools',
      configs: [{ source: 'site' }],
      volumes: [{ type: 'volume', source: 'scratch', target: '/scratch' }],
    },
    db: { healthcheck: { test: ['CMD', 'true'] } },
    cache: { healthcheck: { test: ['CMD', 'true'] } },
    seed: {},
    log: {},
    beside: { network_mode: 'service:db' },
  },
  volumes: { scratch: { name: 'shop_scratch' } },
  configs: { site: { name: 'site', content: 'x' } },
});
const oneOff = {
  slug: 'a'.repeat(64),
  useAliases: false,
  autoRemove: true,
  tty: false,
  openStdin: false,
  attachStdin: false,
};
const request = { service: 'job', name: 'shop-job-run-aaaaaaaaaaaa', oneOff, noDeps: false };

/** With the dependencies up: the database not healthy yet, the seed done. */
async function withDependencies(): Promise<PlannedWorld> {
  const world = new PlannedWorld({
    behaviours: { db: { health: 'starting' }, cache: { health: 'unhealthy' }, seed: { exits: 0 } },
  });
  await world.up(SHOP, { services: ['beside', 'cache', 'seed', 'log'] });
  return world;
}

describe('run', () => {
  test('waits for the conditions of its dependencies, and creates', async () => {
    const world = await withDependencies();
    await expectPlan(await world.plan(SHOP, (project, seen) => planRun(project, seen, request)), 'run');
  });

  test('alone waits for nobody', async () => {
    const world = await withDependencies();
    const plan = await world.plan(SHOP, (project, seen) => planRun(project, seen, { ...request, noDeps: true }));
    await expectPlan(plan, 'run-alone');
  });

  test('joins the container of the service it refers to', async () => {
    const world = await withDependencies();
    const beside = { ...request, service: 'beside', name: 'shop-beside-run-aaaaaaaaaaaa', noDeps: true };
    await world.run(SHOP, (project, seen) => planRun(project, seen, beside));
    const { labels } = world.fake.container('shop-beside-run-aaaaaaaaaaaa');
    expect(labels['com.docker.compose.oneoff']).toBe('True');
    expect(labels['com.docker.compose.config-hash']).toBe(
      world.fake.container('shop-beside-1').labels['com.docker.compose.config-hash'],
    );
  });

  test('is refused while a network it would have to replace is in use', async () => {
    const world = await withDependencies();
    const changed = { ...SHOP, networks: { default: { name: 'shop_default', internal: true } } };
    const planned = world.plan(changed, (project, seen) => planRun(project, seen, request));
    await expect(planned).rejects.toThrow('the definition of network "shop_default" changed');
  });

  test('is neither counted as a replica nor an orphan while it runs', async () => {
    const world = await withDependencies();
    world.fake.putImage({ tags: ['tools'] });
    await world.up(SHOP, { services: ['log'] });
    await world.run(SHOP, (project, seen) => planRun(project, seen, { ...request, noDeps: true }));
    const plan = await world.planUp(SHOP, { services: ['log'], orphans: 'remove' });
    expect(plan.steps).toEqual([]);
  });
});

test('settings of mounted files that a mount cannot give are told of', async () => {
  const project = aProject({
    services: { web: { read_only: true, secrets: [{ source: 'key', uid: '7', mode: '0400' }] } },
    secrets: { key: { name: 'key', file: '/srv/key' } },
  });
  const world = new PlannedWorld();
  const said =
    'service "web": "uid", "mode" of secret "key" ignored: the service is read-only, so it is mounted as it is';
  expect((await world.planUp(project)).warnings).toEqual([said]);
  await world.up(project);
  expect((await world.planUp(project)).warnings).toEqual([]);
});
