// What `down` plans.
import { describe, expect, test } from 'vitest';
import type { DownOptions } from '../../src/planner/options.ts';
import { planDown } from '../../src/planner/reconcile.ts';
import type { FakeSettings } from '../support/fake-engine.ts';
import { expectPlan, PlannedWorld } from '../support/planned-world.ts';
import { aProject, dependsOnStarted, type ProjectDraft } from '../support/project-builder.ts';

const CHAIN: ProjectDraft = {
  services: {
    proxy: { depends_on: { web: dependsOnStarted } },
    web: {
      depends_on: { db: dependsOnStarted },
      pre_stop: [{ command: ['drain'] }],
      networks: { default: null, back: null },
    },
    db: { networks: { back: null }, volumes: [{ type: 'volume', source: 'data', target: '/data' }] },
  },
  networks: {
    default: { name: 'shop_default' },
    back: { name: 'shop_back' },
    out: { name: 'outside', external: true },
  },
  volumes: { data: { name: 'shop_data' }, kept: { name: 'elsewhere', external: true } },
};

const CASES: Readonly<
  Record<string, { from?: ProjectDraft; to?: ProjectDraft; options?: Partial<DownOptions>; settings?: FakeSettings }>
> = {
  'down-in-reverse-order': {},
  'down-with-volumes': { options: { volumes: true } },
  'down-within-time': { options: { timeoutSeconds: 0 } },
  'down-one-service': { options: { services: ['web'], volumes: true } },
  'down-with-orphans': {
    to: { services: { web: { depends_on: {} } } },
    options: { removeOrphans: true },
  },
  'down-without-orphans': { to: { services: { web: {} } } },
  'down-local-images': {
    from: {
      services: {
        built: { build: { context: '.' } },
        named: { build: { context: '.' }, image: 'shop/named:1' },
        plain: {},
      },
    },
    settings: {
      images: [
        { tags: ['busybox'] },
        { tags: ['shop/named:1'], labels: { 'com.docker.compose.project': 'shop' } },
        { tags: ['shop-built'] },
      ],
    },
    options: { images: 'local' },
  },
  'down-all-images': {
    from: { services: { built: { build: { context: '.' } }, plain: {} } },
    settings: { images: [{ tags: ['busybox'] }, { tags: ['shop-built'] }] },
    options: { images: 'all' },
  },
};

describe('down', () => {
  for (const [name, { from = CHAIN, to = from, options, settings }] of Object.entries(CASES))
    test(name.replaceAll('-', ' '), async () => {
      const world = new PlannedWorld(settings);
      world.fake.putNetwork('outside');
      world.fake.putVolume('elsewhere');
      await world.up(aProject(from));
      const plan = await world.plan(aProject(to), (project, observation) =>
        planDown(project, observation, options ?? {}),
      );
      await expectPlan(plan, name);
    });

  test('with nothing there, there is nothing to do', async () => {
    const plan = await new PlannedWorld().plan(aProject(), (project, observation) =>
      planDown(project, observation, {}),
    );
    expect(plan.steps).toEqual([]);
  });

  test('services of profiles that are off stay, and the network they are on stays in use', async () => {
    const world = new PlannedWorld();
    const both = aProject({ services: { web: {}, debug: {} } });
    await world.up(both);
    const { web, debug } = both.services;
    if (web === undefined || debug === undefined) throw new Error('the builder lost a service');
    const off = { ...both, services: { web }, disabledServices: { debug } };
    await world.run(off, (project, observation) => planDown(project, observation, {}));
    expect(world.fake.summary()).toEqual({
      containers: ['shop-debug-1 running'],
      networks: ['shop_default'],
      volumes: [],
    });
    expect(world.said()).toContain('Network shop_default Resource is still in use');
  });

  test('a name that is no service is refused', async () => {
    const world = new PlannedWorld();
    const planned = world.plan(aProject(), (project, observation) =>
      planDown(project, observation, { services: ['wbe'] }),
    );
    await expect(planned).rejects.toThrow('no such service: wbe');
  });
});
