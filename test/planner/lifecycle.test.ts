// What the commands that change no definition plan.
import { describe, expect, test } from 'vitest';
import {
  planKill,
  planPause,
  planRemove,
  planRestart,
  planStart,
  planStop,
  planUnpause,
} from '../../src/planner/reconcile.ts';
import { expectPlan, type PlannedWorld, type Planner, PlannedWorld as World } from '../support/planned-world.ts';
import { aProject, dependsOnHealthy, dependsOnStarted } from '../support/project-builder.ts';

const healthcheck = { test: ['CMD', 'true'] };
const SHOP = aProject({
  services: {
    proxy: { depends_on: { web: { ...dependsOnStarted, restart: true } } },
    web: {
      depends_on: { db: { ...dependsOnHealthy, restart: true }, cache: dependsOnStarted },
      pre_stop: [{ command: ['drain'] }],
      post_start: [{ command: ['warm'] }],
    },
    db: { healthcheck },
    cache: {},
  },
});

const CASES: Readonly<Record<string, { planner: Planner; before?: (world: PlannedWorld) => Promise<unknown> }>> = {
  'stop-all': { planner: (project, seen) => planStop(project, seen, { services: [] }) },
  'stop-some': {
    planner: (project, seen) => planStop(project, seen, { services: ['db', 'proxy'], timeoutSeconds: 1 }),
  },
  'start-all': {
    before: (world) => world.run(SHOP, (project, seen) => planStop(project, seen, { services: [] })),
    planner: (project, seen) => planStart(project, seen, { services: [], wait: true, waitTimeoutSeconds: 5 }),
  },
  'start-named-with-dependencies': {
    before: (world) => world.run(SHOP, (project, seen) => planStop(project, seen, { services: [] })),
    planner: (project, seen) => planStart(project, seen, { services: ['web'] }),
  },
  'restart-all': { planner: (project, seen) => planRestart(project, seen, { services: [] }) },
  'restart-one-with-dependents': {
    planner: (project, seen) => planRestart(project, seen, { services: ['db'], timeoutSeconds: 2 }),
  },
  'restart-one-alone': { planner: (project, seen) => planRestart(project, seen, { services: ['db'], noDeps: true }) },
  'kill-all': { planner: (project, seen) => planKill(project, seen, { services: [], signal: 'SIGKILL' }) },
  'kill-one': { planner: (project, seen) => planKill(project, seen, { services: ['web'], signal: 'HUP' }) },
  'pause-all': { planner: (project, seen) => planPause(project, seen, { services: [] }) },
  'unpause-one': {
    before: (world) => world.run(SHOP, (project, seen) => planPause(project, seen, { services: [] })),
    planner: (project, seen) => planUnpause(project, seen, { services: ['db'] }),
  },
  'rm-stopped': {
    before: (world) => world.run(SHOP, (project, seen) => planStop(project, seen, { services: ['proxy'] })),
    planner: (project, seen) => planRemove(project, seen, { services: [], force: false, stop: false, volumes: true }),
  },
  'rm-running-too': {
    planner: (project, seen) =>
      planRemove(project, seen, { services: ['db'], force: true, stop: true, volumes: false }),
  },
};

describe('lifecycle', () => {
  for (const [name, { planner, before }] of Object.entries(CASES))
    test(name.replaceAll('-', ' '), async () => {
      const world = new World();
      await world.up(SHOP);
      await before?.(world);
      await expectPlan(await world.plan(SHOP, planner), name);
    });

  test('a service that was never created cannot be started', async () => {
    const planned = new World().plan(SHOP, (project, seen) => planStart(project, seen, { services: [] }));
    await expect(planned).rejects.toThrow('service "cache" has no container to start');
  });

  test('what is stopped is not stopped again', async () => {
    const world = new World();
    await world.up(SHOP);
    const stop: Planner = (project, seen) => planStop(project, seen, { services: [] });
    await world.run(SHOP, stop);
    expect((await world.plan(SHOP, stop)).steps).toEqual([]);
  });

  test('stopped services come up again, hooks and all', async () => {
    const world = new World();
    await world.up(SHOP);
    await world.run(SHOP, (project, seen) => planStop(project, seen, { services: [] }));
    await world.run(SHOP, (project, seen) => planStart(project, seen, { services: [] }));
    expect(world.fake.containers.every(({ state }) => state === 'running')).toBe(true);
    expect(world.fake.calls.filter((call) => call.startsWith('exec'))).toEqual([
      'exec shop-web-1 warm',
      'exec shop-web-1 drain',
      'exec shop-web-1 warm',
    ]);
  });
});
