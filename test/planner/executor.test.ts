// How plans are carried out: outcomes, order, bounds, failures, cancelling, and the words that are shown.
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../src/errors.ts';
import { planDown } from '../../src/planner/reconcile.ts';
import { PlannedWorld } from '../support/planned-world.ts';
import { aProject, dependsOnCompleted, dependsOnHealthy, dependsOnStarted } from '../support/project-builder.ts';

const healthcheck = { test: ['CMD', 'true'] };

describe('outcomes', () => {
  test('a failed step cancels what depends on it, and the rest is finished', async () => {
    const world = new PlannedWorld({ images: [{ tags: ['busybox'] }], registry: ['good'] });
    const project = aProject({
      services: { bad: { image: 'bad' }, user: { depends_on: { bad: dependsOnStarted } }, good: { image: 'good' } },
    });
    const result = await world.tryUp(project);
    expect(result.errors.map(({ message }) => message)).toEqual(['manifest for bad not found']);
    expect(result.outcomes.get('create container shop-bad-1')).toEqual({
      status: 'skipped',
      because: 'pull image bad',
    });
    expect(result.outcomes.get('start container shop-user-1')).toEqual({
      status: 'skipped',
      because: 'start container shop-bad-1',
    });
    expect(world.fake.container('shop-good-1').state).toBe('running');
    expect(result.cancelled).toBe(false);
  });

  test('an image that cannot be pulled is built where it can be', async () => {
    const world = new PlannedWorld({ registry: ['shop/there'] });
    const build = { context: '.' };
    const result = await world.tryUp(
      aProject({ services: { there: { image: 'shop/there', build }, not: { image: 'shop/not', build } } }),
    );
    expect(result.errors).toEqual([]);
    expect(world.fake.calls.filter((call) => call.includes('Image'))).toEqual([
      'pullImage shop/not',
      'pullImage shop/there',
      'buildImage shop/not',
    ]);
  });

  test('an optional dependency that fails holds nobody up', async () => {
    const world = new PlannedWorld({ behaviours: { cache: { health: 'unhealthy' } } });
    const optional = { ...dependsOnHealthy, required: false };
    const result = await world.tryUp(
      aProject({ services: { web: { depends_on: { cache: optional } }, cache: { healthcheck } } }),
    );
    expect(result.errors).toEqual([]);
    expect(world.fake.container('shop-web-1').state).toBe('running');
    expect(world.said()).toContain('Container shop-cache-1 Skipped: optional dependency "cache" failed to start');
  });

  test('a bug is not an outcome', async () => {
    const world = new PlannedWorld();
    world.fake.beforeChange = () => {
      throw new TypeError('a bug');
    };
    await expect(world.tryUp(aProject())).rejects.toThrow('a bug');
  });
});

describe('gates', () => {
  test('a dependency that is unhealthy is told with its probes and its last words', async () => {
    const world = new PlannedWorld({ behaviours: { db: { health: 'unhealthy' } } });
    const result = await world.tryUp(
      aProject({ services: { web: { depends_on: { db: dependsOnHealthy } }, db: { healthcheck } } }),
    );
    expect(result.errors[0]?.message).toBe(
      [
        'dependency failed to start: container shop-db-1 is unhealthy',
        '  last health probes:',
        '    exit 1: no answer',
        '  last log lines:',
        '    last words of shop-db-1',
      ].join('\n'),
    );
    expect(world.fake.container('shop-web-1').state).toBe('created');
  });

  test('a dependency that exits is told with its last words', async () => {
    const world = new PlannedWorld({ behaviours: { db: { exits: 3 } } });
    const result = await world.tryUp(
      aProject({ services: { web: { depends_on: { db: dependsOnHealthy } }, db: { healthcheck } } }),
    );
    expect(result.errors[0]?.message).toBe(
      'dependency failed to start: container shop-db-1 exited (3)\n  last log lines:\n    last words of shop-db-1',
    );
  });

  test('a dependency without a health check can never be healthy', async () => {
    const world = new PlannedWorld();
    const result = await world.tryUp(aProject({ services: { web: { depends_on: { db: dependsOnHealthy } }, db: {} } }));
    expect(result.errors[0]?.message).toContain('container shop-db-1 has no healthcheck configured');
  });

  test('a job that ends well lets its dependents start, one that does not keeps them', async () => {
    const project = aProject({ services: { web: { depends_on: { job: dependsOnCompleted } }, job: {} } });
    const good = new PlannedWorld({ behaviours: { job: { exits: 0 } } });
    expect((await good.tryUp(project)).errors).toEqual([]);
    expect(good.said()).toContain('Container shop-job-1 Exited');
    const bad = new PlannedWorld({ behaviours: { job: { exits: 1 } } });
    expect((await bad.tryUp(project)).errors[0]?.message).toContain(
      `service "job" didn't complete successfully: exit 1`,
    );
    expect(bad.fake.container('shop-web-1').state).toBe('created');
  });

  test('--wait gives up when its time is over', async () => {
    const world = new PlannedWorld({ behaviours: { db: { health: 'starting' } } });
    const result = await world.tryUp(aProject({ services: { db: { healthcheck } } }), {
      wait: true,
      waitTimeoutSeconds: 0.05,
    });
    expect(result.errors.map(({ message }) => message)).toEqual(['application not healthy after 0.05s']);
  });

  test('--wait tells of a container that ended', async () => {
    const world = new PlannedWorld({ behaviours: { web: { exits: 0 } } });
    const result = await world.tryUp(aProject(), { wait: true });
    expect(result.errors[0]?.message).toContain('container shop-web-1 exited (0)');
  });
});

describe('bounds and cancelling', () => {
  test('no more steps run at a time than allowed', async () => {
    const world = new PlannedWorld();
    const services = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`s${index}`, {}]));
    const engine = world.fake.engine;
    let [now, most] = [0, 0];
    const slow = new Proxy(engine, {
      get(target, key) {
        if (key !== 'createContainer') return Reflect.get(target, key);
        return async (request: Parameters<typeof engine.createContainer>[0]) => {
          now += 1;
          most = Math.max(most, now);
          await new Promise((resolve) => setImmediate(resolve));
          now -= 1;
          return target.createContainer(request);
        };
      },
    });
    await world.tryUp(aProject({ services }), {}, { parallel: 3, engine: slow });
    expect(most).toBe(3);
  });

  test('once the signal is aborted nothing new begins', async () => {
    const world = new PlannedWorld();
    const controller = new AbortController();
    world.fake.beforeChange = (call) => {
      if (call === 'createContainer shop-web-1') controller.abort();
    };
    const result = await world.tryUp(aProject(), {}, { signal: controller.signal });
    expect(result.cancelled).toBe(true);
    expect(result.errors).toEqual([]);
    expect(result.outcomes.get('start container shop-web-1')).toEqual({ status: 'cancelled' });
    expect(world.fake.calls).toEqual(['createNetwork shop_default', 'createContainer shop-web-1']);
  });

  test('a gate ends with the signal', async () => {
    const world = new PlannedWorld({ behaviours: { db: { health: 'starting' } } });
    const controller = new AbortController();
    const ended = world.tryUp(
      aProject({ services: { db: { healthcheck } } }),
      { wait: true },
      {
        signal: controller.signal,
        onEvent: ({ status }) => {
          if (status === 'Waiting') controller.abort();
        },
      },
    );
    expect((await ended).cancelled).toBe(true);
  });
});

describe('words', () => {
  test('up, recreate and down speak as docker compose does', async () => {
    const world = new PlannedWorld();
    await world.up(aProject());
    expect(world.said()).toEqual([
      'Network shop_default Creating',
      'Network shop_default Created',
      'Container shop-web-1 Creating',
      'Container shop-web-1 Created',
      'Container shop-web-1 Starting',
      'Container shop-web-1 Started',
    ]);
    world.events.length = 0;
    await world.up(aProject({ services: { web: { command: ['new'] } } }));
    expect(world.said()).toEqual([
      'Container shop-web-1 Recreate',
      'Container shop-web-1 Recreated',
      'Container shop-web-1 Starting',
      'Container shop-web-1 Started',
    ]);
    world.events.length = 0;
    await world.run(aProject(), (project, observation) => planDown(project, observation, {}));
    expect(world.said()).toEqual([
      'Container shop-web-1 Stopping',
      'Container shop-web-1 Stopped',
      'Container shop-web-1 Removing',
      'Container shop-web-1 Removed',
      'Network shop_default Removing',
      'Network shop_default Removed',
    ]);
  });

  test('a hook that fails fails its container', async () => {
    const world = new PlannedWorld();
    const lines: string[] = [];
    const project = aProject({ services: { web: { post_start: [{ command: ['echo'] }, { command: ['false'] }] } } });
    const result = await world.tryUp(project, {}, { onOutput: (source, text) => lines.push(`${source} ${text}`) });
    expect(result.errors[0]?.message).toBe('web hook exited with status 1');
    expect(lines).toEqual(['web-1 -> ran echo\n', 'web-1 -> ran false\n']);
  });

  test('a failure calls the container by its name, though the engine does not', async () => {
    const world = new PlannedWorld();
    const project = aProject();
    await world.up(project, { start: false });
    const { id } = world.fake.container('shop-web-1');
    const broken = new Proxy(world.fake.engine, {
      get: (target, key) =>
        key === 'startContainer'
          ? () => {
              const facts = { kind: 'failed', verb: 'startContainer', hint: 'look', status: 500 } as const;
              throw new EngineError(`cannot start container "${id.slice(0, 12)}": no such program`, facts);
            }
          : Reflect.get(target, key),
    });
    const { errors } = await world.tryUp(project, {}, { engine: broken });
    expect(errors).toMatchObject([
      { message: 'cannot start container "shop-web-1": no such program', hint: 'look', kind: 'failed', status: 500 },
    ]);
  });

  test('a taken port is told with its holder', async () => {
    const world = new PlannedWorld();
    const services = { web: { ports: [{ target: 80, published: '8080' }] } };
    await world.up(aProject({ name: 'first', services }));
    const [error] = (await world.tryUp(aProject({ name: 'second', services }))).errors;
    expect(error?.message).toBe(
      'cannot start container "second-web-1": port 8080/tcp is held by container "first-web-1" (service "web" of project "first")',
    );
    expect(error?.hint).toBe('stop it with "windlass -p first stop web", or publish another port');
    expect((error as EngineError).kind).toBe('conflict');
  });
});

describe('what a killed command asked for and the engine did a moment later', () => {
  /** Carries out a plan that was made before another command did the same. */
  async function lateTwin(change: (world: PlannedWorld) => void = () => undefined) {
    const world = new PlannedWorld();
    const plan = await world.planUp(aProject(), { start: false });
    await world.execute(aProject(), plan);
    change(world);
    return { world, result: await world.execute(aProject(), plan) };
  }

  test('is what was asked for now', async () => {
    const { world, result } = await lateTwin();
    expect(result.errors).toEqual([]);
    expect(result.containers.get('create container shop-web-1')).toBe(world.fake.container('shop-web-1').id);
  });

  test('unless it is something else', async () => {
    const { result } = await lateTwin(({ fake }) => fake.alter('shop-web-1', { labels: {} }));
    expect(result.errors[0]?.message).toMatch(
      /^cannot create container "shop-web-1": the name is taken by container [0-9a-f]{12}$/,
    );
  });

  test('a name that another project holds is told with its holder', async () => {
    const world = new PlannedWorld();
    const services = { web: { container_name: 'fixed' } };
    await world.up(aProject({ name: 'first', services }));
    const { errors } = await world.tryUp(aProject({ name: 'second', services }));
    expect(errors[0]?.message).toMatch(/the name is taken by container \w+ \(service "web" of project "first"\)$/);
  });

  test('unless it runs by now', async () => {
    const { result } = await lateTwin(({ fake }) => fake.alter('shop-web-1', { state: 'running' }));
    expect(result.errors).toHaveLength(1);
  });
});
