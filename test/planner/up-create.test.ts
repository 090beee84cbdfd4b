// What `up` plans for a project that is not there yet, in part or as a whole.
import { describe, expect, test } from 'vitest';
import type { UpOptions } from '../../src/planner/options.ts';
import type { FakeSettings } from '../support/fake-engine.ts';
import { expectPlan, PlannedWorld } from '../support/planned-world.ts';
import {
  aProject,
  dependsOnCompleted,
  dependsOnHealthy,
  dependsOnStarted,
  type ProjectDraft,
} from '../support/project-builder.ts';

const healthcheck = { test: ['CMD', 'true'] };

const CASES: Readonly<Record<string, { draft: ProjectDraft; options?: Partial<UpOptions>; settings?: FakeSettings }>> =
  {
    'create-one': { draft: {} },
    'create-in-order': {
      draft: {
        services: {
          proxy: { depends_on: { web: dependsOnStarted } },
          web: { depends_on: { db: dependsOnHealthy, seed: dependsOnCompleted } },
          db: { healthcheck },
          seed: { depends_on: { db: dependsOnHealthy } },
        },
      },
    },
    'create-replicas': {
      draft: { services: { web: { scale: 3 }, job: { deploy: { replicas: 2 } }, none: { scale: 0 } } },
    },
    'create-scale-option': { draft: { services: { web: { scale: 3 } } }, options: { scale: { web: 1 } } },
    'create-volumes-and-networks': {
      draft: {
        services: {
          web: {
            networks: { front: null, back: { aliases: ['w'], priority: 10 } },
            volumes: [
              { type: 'volume', source: 'data', target: '/data' },
              { type: 'bind', source: '/srv', target: '/srv' },
            ],
          },
        },
        networks: { front: { name: 'shop_front', ipam: {} }, back: { name: 'outside', external: true } },
        volumes: { data: { name: 'shop_data' } },
      },
    },
    'create-optional-dependency': {
      draft: {
        services: {
          web: {
            depends_on: {
              cache: { ...dependsOnHealthy, required: false },
              log: { ...dependsOnStarted, required: false },
            },
          },
          cache: { healthcheck },
          log: {},
        },
      },
    },
    'create-without-start': {
      draft: { services: { web: { depends_on: { db: dependsOnStarted } }, db: {} } },
      options: { start: false },
    },
    'create-named-with-dependencies': {
      draft: {
        services: { web: { depends_on: { db: dependsOnStarted } }, db: { networks: { back: null } }, other: {} },
        networks: { default: { name: 'shop_default' }, back: { name: 'shop_back' }, unused: { name: 'shop_unused' } },
      },
      options: { services: ['web'] },
    },
    'create-named-without-dependencies': {
      draft: { services: { web: { depends_on: { db: dependsOnStarted } }, db: {} } },
      options: { services: ['web'], noDeps: true },
    },
    'create-shared-namespaces': {
      draft: {
        services: {
          vpn: {},
          client: { network_mode: 'service:vpn', pid: 'service:vpn' },
          reader: { volumes_from: ['vpn:ro', 'container:elsewhere'] },
          old: { links: ['vpn:gate'], external_links: ['elsewhere:there'] },
        },
      },
    },
    'create-files-and-hooks': {
      draft: {
        services: {
          web: {
            configs: [{ source: 'site' }],
            secrets: [{ source: 'key' }],
            post_start: [{ command: ['warm'] }, { command: ['up'] }],
          },
          after: { depends_on: { web: dependsOnStarted } },
        },
        configs: { site: { name: 'shop_site', content: 'text' } },
        secrets: { key: { name: 'shop_key', environment: 'KEY' } },
        environment: { KEY: 'hidden' },
      },
    },
    'create-replicas-on-a-port-range': {
      draft: { services: { web: { scale: 3, ports: [{ target: 80, published: '8000-8002' }] } } },
    },
    'create-and-wait': {
      draft: {
        services: {
          web: { depends_on: { seed: dependsOnCompleted } },
          seed: {},
          db: { healthcheck },
        },
      },
      options: { wait: true, waitTimeoutSeconds: 30 },
    },
    'create-with-images-to-bring': {
      draft: {
        services: {
          pulled: { image: 'nginx' },
          twin: { image: 'nginx' },
          built: { build: { context: '.' } },
          either: { image: 'shop/either', build: { context: '.', additional_contexts: { base: 'service:built' } } },
          fresh: { pull_policy: 'always' },
          mounts: { volumes: [{ type: 'image', source: 'assets', target: '/assets' }] },
        },
      },
    },
    'create-with-provider': {
      draft: {
        services: { web: { depends_on: { cloud: dependsOnStarted } }, cloud: { provider: { type: 'bucket' } } },
      },
    },
    'create-dependency-of-none': {
      draft: { services: { web: { depends_on: { db: dependsOnHealthy } }, db: { scale: 0, healthcheck } } },
    },
  };

describe('up of a project that is not there', () => {
  for (const [name, { draft, options, settings }] of Object.entries(CASES))
    test(name.replaceAll('-', ' '), async () => {
      const world = new PlannedWorld(settings);
      world.fake.putNetwork('outside');
      await expectPlan(await world.planUp(aProject(draft), options), name);
    });
});

describe('what cannot be brought up is said before anything changes', () => {
  const refused: Readonly<Record<string, { draft: ProjectDraft; options?: Partial<UpOptions>; says: string }>> = {
    'an external network that is not there': {
      draft: { networks: { default: { name: 'gone', external: true } } },
      says: 'network gone declared as external, but could not be found',
    },
    'an external volume that is not there': {
      draft: { volumes: { data: { name: 'gone', external: true } } },
      says: 'external volume "gone" not found',
    },
    'an image that may not be pulled': {
      draft: { services: { web: { image: 'nginx', pull_policy: 'never' } } },
      says: 'service "web": there is no image "nginx"',
    },
    'an image that may not be built': {
      draft: { services: { web: { build: { context: '.' } } } },
      options: { build: 'never' },
      says: 'service "web": there is no image "shop-web"',
    },
    'a fixed name for two replicas': {
      draft: { services: { web: { container_name: 'one', scale: 2 } } },
      says: 'the "web" service is using the custom container name "one"',
    },
    'one name for two services': {
      draft: { services: { web: { container_name: 'one' }, db: { container_name: 'one' } } },
      says: 'services "db" and "web" have the same container name "one"',
    },
    'an external secret': {
      draft: { services: { web: { secrets: [{ source: 'key' }] } }, secrets: { key: { name: 'key', external: true } } },
      says: 'unsupported external secret "key"',
    },
    'a copied config in a read-only service': {
      draft: {
        services: { web: { read_only: true, configs: [{ source: 'site' }] } },
        configs: { site: { name: 'site', content: 'x' } },
      },
      says: 'cannot create config "site" in read-only service "web"',
    },
    'a secret from an unset variable': {
      draft: {
        services: { web: { secrets: [{ source: 'key' }] } },
        secrets: { key: { name: 'key', environment: 'KEY' } },
      },
      says: 'environment variable "KEY" required by secret "key" is not set',
    },
    'a namespace of a service without containers': {
      draft: { services: { web: { network_mode: 'service:vpn' }, vpn: { scale: 0 } } },
      says: 'cannot share network namespace with service vpn: container missing',
    },
    'a scale for a service that is not there': {
      draft: {},
      options: { scale: { webb: 2 } },
      says: 'no such service: webb',
    },
    'a pull policy that is none': {
      draft: { services: { web: { pull_policy: 'every_moon' } } },
      says: 'service "web": invalid pull policy "every_moon"',
    },
    models: {
      draft: { services: { web: { models: { llm: null } } } },
      says: 'service "web": "models" needs Docker Model Runner',
    },
  };
  for (const [name, { draft, options, says }] of Object.entries(refused))
    test(name, async () => {
      const world = new PlannedWorld();
      await expect(world.planUp(aProject(draft), options)).rejects.toThrow(says);
      expect(world.fake.calls).toEqual([]);
    });

  test('a network of that name that stands for something else', async () => {
    const world = new PlannedWorld();
    world.fake.putNetwork('shop_default');
    await expect(world.planUp(aProject())).rejects.toThrow('has incorrect label com.docker.compose.network set to ""');
  });

  test('a network whose definition changed while an orphan that stays is on it', async () => {
    const world = new PlannedWorld();
    await world.up(aProject({ services: { web: {}, old: {} } }));
    const changed = aProject({ networks: { default: { name: 'shop_default', internal: true } } });
    await expect(world.planUp(changed)).rejects.toThrow(
      'the definition of network "shop_default" changed, but container "shop-old-1" still uses it',
    );
    expect((await world.planUp(changed, { orphans: 'remove' })).steps).not.toEqual([]);
  });
});
