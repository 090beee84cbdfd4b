// What is planned when an earlier recreate was interrupted: by docker compose or by windlass, at any of its steps.
import { expect, test } from 'vitest';
import type { ObservedContainer } from '../../src/engine/engine.ts';
import { expectPlan, PlannedWorld } from '../support/planned-world.ts';
import { aProject } from '../support/project-builder.ts';

const OLD = aProject({ services: { web: { volumes: [{ type: 'volume', target: '/data' }] } } });
const NEW = aProject({ services: { web: { command: ['new'], volumes: [{ type: 'volume', target: '/data' }] } } });

/** A recreate from OLD to NEW that ended before the call named. */
async function interruptedBefore(call: string): Promise<PlannedWorld> {
  const world = new PlannedWorld();
  await world.up(OLD);
  world.fake.beforeChange = (now) => {
    if (now.startsWith(call)) throw new Error('the power went');
  };
  await expect(world.tryUp(NEW)).rejects.toThrow('the power went');
  world.fake.beforeChange = () => undefined;
  return world;
}

test('with the old container still running, the replacement that never took over is removed', async () => {
  const world = await interruptedBefore('stopContainer');
  await expectPlan(await world.planUp(NEW), 'interrupted-before-stop');
});

test('a container that is up to date but may have been told to stop is replaced', async () => {
  const world = await interruptedBefore('stopContainer');
  await expectPlan(await world.planUp(OLD), 'interrupted-before-stop-and-up-to-date');
  await world.up(OLD);
  expect(world.fake.containers.map(({ name, state }) => `${name} ${state}`)).toEqual(['shop-web-1 running']);
  expect((await world.planUp(OLD)).steps).toEqual([]);
});

test('with the old container stopped, likewise', async () => {
  const world = await interruptedBefore('removeContainer');
  await expectPlan(await world.planUp(NEW), 'interrupted-before-remove');
});

test('with the old container gone, the replacement gets its name', async () => {
  const world = await interruptedBefore('renameContainer');
  await expectPlan(await world.planUp(NEW), 'interrupted-before-rename');
});

test('with the old container gone and the definition changed again, the replacement is replaced under the right name', async () => {
  const world = await interruptedBefore('renameContainer');
  await expectPlan(await world.planUp(OLD), 'interrupted-before-rename-and-changed');
});

test('a replacement whose name was taken meanwhile is removed', async () => {
  const world = await interruptedBefore('renameContainer');
  const [{ name, labels }] = world.fake.containers as readonly [ObservedContainer];
  world.fake.alter(name, { name: 'hidden', labels: {} });
  await world.up(NEW);
  world.fake.alter('hidden', { name, labels });
  await expectPlan(await world.planUp(NEW), 'interrupted-and-name-taken');
});

for (const call of ['stopContainer', 'removeContainer', 'renameContainer', 'startContainer'])
  test(`interrupted before ${call}: the next up ends with one container of the right name and the old anonymous volume`, async () => {
    const world = await interruptedBefore(call);
    await world.up(NEW);
    expect(world.fake.containers.map(({ name, state }) => `${name} ${state}`)).toEqual(['shop-web-1 running']);
    expect(world.fake.volumeNames).toEqual(world.fake.container('shop-web-1').mounts.map(({ name }) => name));
    expect((await world.planUp(NEW)).steps).toEqual([]);
  });

test('a container that merely looks like a replacement is left alone', async () => {
  const world = new PlannedWorld();
  const named = aProject({ services: { web: { container_name: '0123456789ab_web' } } });
  await world.up(named);
  expect((await world.planUp(named)).steps).toEqual([]);
});

test('of two networks that a killed command left under one name, the unused one is removed first', async () => {
  const world = new PlannedWorld();
  await world.up(OLD, { start: false });
  const [network] = (await world.fake.engine.observe('shop')).networks;
  world.fake.putNetwork('shop_default', { ...network?.labels });
  await expectPlan(await world.planUp(OLD), 'interrupted-network-twice');
  await world.up(OLD);
  expect(world.fake.networkNames).toEqual(['shop_default']);
});

test('a network that turns out to be the second of its name is taken back', async () => {
  const world = new PlannedWorld();
  const twin = await world.planUp(OLD);
  await world.up(OLD, { start: false });
  const [network] = (await world.fake.engine.observe('shop')).networks;
  world.fake.remove('shop-web-1');
  world.fake.allowTwins = true;
  expect((await world.execute(OLD, twin)).errors).toEqual([]);
  expect((await world.fake.engine.observe('shop')).networks).toEqual([network]);
});
