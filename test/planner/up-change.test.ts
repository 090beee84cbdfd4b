// What `up` plans for a project that runs already: what stays, what is replaced, and why.
import { describe, test } from 'vitest';
import type { Project } from '../../src/model.ts';
import { LABEL } from '../../src/names.ts';
import type { UpOptions } from '../../src/planner/options.ts';
import type { FakeEngine, FakeSettings } from '../support/fake-engine.ts';
import { expectPlan, PlannedWorld } from '../support/planned-world.ts';
import {
  aProject,
  dependsOnHealthy,
  dependsOnStarted,
  type ProjectDraft,
  type ServiceDraft,
} from '../support/project-builder.ts';

interface Change {
  /** What is running. */
  readonly from: ProjectDraft;
  /** What is wanted; the same unless given. */
  readonly to?: ProjectDraft;
  /** What happened in between. */
  readonly meanwhile?: (fake: FakeEngine) => void;
  readonly options?: Partial<UpOptions>;
  readonly settings?: FakeSettings;
}

const healthcheck = { test: ['CMD', 'true'] };
const restarting = { ...dependsOnStarted, restart: true };
const services = (web: ServiceDraft, others: Readonly<Record<string, ServiceDraft>> = {}): ProjectDraft => ({
  services: { web, ...others },
});
const volume = { type: 'volume', source: 'data', target: '/data' } as const;
const withVolume = (driver?: string): ProjectDraft => ({
  services: { web: { volumes: [volume, { type: 'volume', target: '/cache' }] }, other: {} },
  volumes: { data: { name: 'shop_data', ...(driver === undefined ? {} : { driver_opts: { type: driver } }) } },
});
const withSite = (content: string): ProjectDraft => ({
  services: { web: { configs: [{ source: 'site' }] } },
  configs: { site: { name: 'shop_site', content } },
});
const withNetwork = (internal: boolean): ProjectDraft => ({
  services: {
    web: { depends_on: { db: dependsOnStarted } },
    db: { networks: { default: null, back: null } },
    off: { networks: { back: null } },
  },
  networks: { default: { name: 'shop_default' }, back: { name: 'shop_back', ...(internal ? { internal } : {}) } },
});

const CASES: Readonly<Record<string, Change>> = {
  'change-nothing': { from: services({ depends_on: { db: dependsOnHealthy } }, { db: { healthcheck } }) },
  'change-config': { from: services({}, { db: {} }), to: services({ command: ['new'] }, { db: {} }) },
  'change-image': {
    from: services({}),
    meanwhile: (fake) => fake.putImage({ tags: ['busybox'], id: 'sha256:newer' }),
  },
  'change-image-with-volumes': {
    from: services({ image: 'db' }),
    to: services({ image: 'db', command: ['new'] }),
    settings: { images: [{ tags: ['db'], volumes: ['/var/lib/db'] }] },
  },
  'change-renews-anonymous-volumes': {
    from: services({ image: 'db' }),
    settings: { images: [{ tags: ['db'], volumes: ['/var/lib/db'] }] },
    options: { renewAnonymousVolumes: true, recreate: 'force' },
  },
  'change-image-to-be-pulled': {
    from: services({ image: 'nginx' }),
    to: services({ image: 'nginx', pull_policy: 'always' }),
    settings: { images: [{ tags: ['nginx'] }] },
  },
  'change-image-to-be-built': {
    from: services({ build: { context: '.' } }),
    options: { build: 'always' },
    settings: { images: [{ tags: ['shop-web'] }] },
  },
  'change-stale-daily-image': {
    from: services({ image: 'nginx' }),
    to: services({ image: 'nginx', pull_policy: 'daily' }),
    settings: { images: [{ tags: ['nginx'], lastTagged: '2026-01-01T00:00:00Z' }] },
    options: { now: Date.parse('2026-01-02T00:00:01Z') },
  },
  'change-fresh-daily-image': {
    from: services({ image: 'nginx' }),
    to: services({ image: 'nginx', pull_policy: 'daily' }),
    settings: { images: [{ tags: ['nginx'], lastTagged: '2026-01-01T00:00:00Z' }] },
    options: { now: Date.parse('2026-01-01T23:59:59Z') },
  },
  'change-forced': {
    from: services({ depends_on: { db: dependsOnStarted } }, { db: {} }),
    options: { recreate: 'force' },
  },
  'change-forced-named': {
    from: services({ depends_on: { db: dependsOnStarted } }, { db: {} }),
    options: { recreate: 'force', services: ['web'] },
  },
  'change-forced-dependencies': {
    from: services({ depends_on: { db: dependsOnStarted } }, { db: {} }),
    options: { recreateDependencies: 'force', services: ['web'] },
  },
  'change-never': {
    from: services({}),
    to: services({ command: ['new'] }),
    options: { recreate: 'never', recreateDependencies: 'never' },
  },
  'change-within-time': { from: services({}), to: services({ command: ['new'] }), options: { timeoutSeconds: 3 } },
  'change-content': {
    from: withSite('old'),
    to: withSite('new'),
  },
  'change-content-unknown': {
    from: withSite('old'),
    to: withSite('new'),
    meanwhile: (fake) => {
      const { [LABEL.contentHash]: _, ...labels } = fake.container('shop-web-1').labels;
      fake.alter('shop-web-1', { labels });
    },
  },
  'change-stopped': {
    from: services({}),
    meanwhile: (fake) => fake.alter('shop-web-1', { state: 'exited', exitCode: 0 }),
  },
  'change-paused': { from: services({}), meanwhile: (fake) => fake.alter('shop-web-1', { state: 'paused' }) },
  'change-scale-up': {
    from: services({ scale: 2 }),
    to: services({ scale: 4 }),
    meanwhile: (fake) => fake.remove('shop-web-1'),
  },
  'change-scale-down': { from: services({ scale: 3 }), to: services({ scale: 1 }) },
  'change-scale-down-obsolete-first': {
    from: services({ scale: 3 }),
    to: services({ scale: 2 }),
    meanwhile: (fake) => {
      fake.alter('shop-web-1', { labels: { ...fake.container('shop-web-1').labels, [LABEL.configHash]: 'other' } });
    },
  },
  'change-scale-down-with-hook': {
    from: services({ scale: 2, pre_stop: [{ command: ['drain'] }] }),
    to: services({ scale: 1, pre_stop: [{ command: ['drain'] }] }),
  },
  'change-dependency-with-restart': {
    from: services(
      { depends_on: { db: restarting }, pre_stop: [{ command: ['drain'] }] },
      { db: {}, far: { depends_on: { web: restarting } } },
    ),
    to: services(
      { depends_on: { db: restarting }, pre_stop: [{ command: ['drain'] }] },
      { db: { command: ['new'] }, far: { depends_on: { web: restarting } } },
    ),
  },
  'change-dependency-without-restart': {
    from: services({ depends_on: { db: dependsOnStarted } }, { db: {} }),
    to: services({ depends_on: { db: dependsOnStarted } }, { db: { command: ['new'] } }),
  },
  'change-shared-namespace': {
    from: services({ network_mode: 'service:vpn' }, { vpn: {} }),
    to: services({ network_mode: 'service:vpn' }, { vpn: { command: ['new'] } }),
  },
  'change-shared-volumes': {
    from: services({ volumes_from: ['store'] }, { store: {} }),
    to: services({ volumes_from: ['store'] }, { store: { command: ['new'] } }),
  },
  'change-network-definition': { from: withNetwork(false), to: withNetwork(true) },
  'change-network-lost': {
    from: services({}),
    meanwhile: (fake) => {
      fake.alter('shop-web-1', { state: 'exited', exitCode: 0 });
      const container = fake.container('shop-web-1');
      Object.assign(container, { networks: { shop_default: { id: 'another', address: '' } } });
    },
  },
  'change-shared-namespace-of-a-new-container': {
    from: {
      services: { a: {}, b: { scale: 0 }, c: { network_mode: 'service:a' } },
      networks: { default: { name: 'shop_default' }, back: { name: 'shop_back', internal: true } },
    },
    to: {
      services: {
        a: { networks: { back: null } },
        b: { volumes_from: ['a'] },
        c: { network_mode: 'service:b', depends_on: { a: restarting } },
      },
      networks: { default: { name: 'shop_default' }, back: { name: 'shop_back' } },
    },
  },
  'change-volume-definition-kept': { from: withVolume(), to: withVolume('tmpfs') },
  'change-volume-definition-replaced': {
    from: withVolume(),
    to: withVolume('tmpfs'),
    options: { recreateVolumes: 'all' },
  },
  'change-ports-swapped': {
    from: services(
      { ports: [{ target: 80, published: '8080' }] },
      { other: { ports: [{ target: 80, published: '9090' }] } },
    ),
    to: services(
      { ports: [{ target: 80, published: '9090' }] },
      { other: { ports: [{ target: 80, published: '8080' }] } },
    ),
  },
  'change-container-name': { from: services({}), to: services({ container_name: 'front' }) },
  'change-orphan-warned': { from: services({}, { old: {} }), to: services({}) },
  'change-orphan-removed': {
    from: services({}, { old: { ports: [{ target: 80, published: '80' }] } }),
    to: services({ ports: [{ target: 80, published: '80' }] }),
    options: { orphans: 'remove' },
  },
  'change-orphan-ignored': { from: services({}, { old: {} }), to: services({}), options: { orphans: 'ignore' } },
  'change-waits-for-what-runs': {
    from: services({}, { db: { healthcheck } }),
    settings: { behaviours: { db: { health: 'unhealthy' } } },
    options: { wait: true },
  },
};

describe('up of a project that runs', () => {
  for (const [name, change] of Object.entries(CASES))
    test(name.replaceAll('-', ' '), async () => {
      const world = new PlannedWorld(change.settings);
      const before: Project = aProject(change.from);
      await world.up(before);
      change.meanwhile?.(world.fake);
      await expectPlan(await world.planUp(aProject(change.to ?? change.from), change.options), name);
    });

  test('a service whose profile is off is no orphan', async () => {
    const world = new PlannedWorld();
    const both = aProject(services({}, { debug: { profiles: ['debug'] } }));
    await world.up(both);
    const { debug, ...rest } = both.services;
    const off = { ...both, services: rest, disabledServices: debug === undefined ? {} : { debug } };
    await expectPlan(await world.planUp(off, { orphans: 'remove' }), 'change-disabled-is-no-orphan');
  });
});
