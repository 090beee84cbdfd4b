import { expect, test } from 'vitest';
import { PlannedWorld } from '../support/planned-world.ts';
import { aProject } from '../support/project-builder.ts';

const migrate = { command: ['migrate'] };
const warmUp = { command: ['warm-up'], image: 'tools', per_replica: true };
const shop = (...hooks: readonly object[]) => aProject({ services: { web: { scale: 2, pre_start: hooks as never } } });

async function hooksOf(world: PlannedWorld, project: ReturnType<typeof shop>): Promise<string[]> {
  const { steps } = await world.planUp(project);
  return steps.filter(({ action }) => action === 'run-hook').map(({ id }) => id);
}

test('hooks run before a container starts: once for the service, or for every replica, and not again', async () => {
  const world = new PlannedWorld();
  world.fake.putImage({ tags: ['tools'] });
  const project = shop(migrate, warmUp);
  const { steps } = await world.planUp(project);
  const step = (id: string) => steps.find((one) => one.id === id);
  expect(step('run pre_start hook 2 for container shop-web-1')?.dependsOn).toEqual([
    'run pre_start hook 1 for container shop-web-1',
  ]);
  expect(step('start container shop-web-1')?.dependsOn).toEqual(['run pre_start hook 2 for container shop-web-1']);
  expect(step('run pre_start hook 2 for container shop-web-2')?.dependsOn).toContain(
    'run pre_start hook 1 for container shop-web-1',
  );
  expect(step('run pre_start hook 1 for container shop-web-2')).toBeUndefined();

  await world.up(project);
  expect(world.fake.calls.filter((call) => call.includes('pre-start'))).toHaveLength(9);
  expect(world.fake.containers.map(({ name }) => name).sort()).toEqual(['shop-web-1', 'shop-web-2']);
  expect(await hooksOf(world, project)).toEqual([]);
});

test('a hook that changed runs with the containers that are made anew', async () => {
  const world = new PlannedWorld();
  await world.up(shop(migrate));
  expect(await hooksOf(world, shop({ command: ['migrate', '--all'] }))).toEqual([
    'run pre_start hook 1 for container shop-web-1',
  ]);
});

test('the image of a hook is pulled like any other', async () => {
  const world = new PlannedWorld();
  const { steps } = await world.planUp(shop(warmUp));
  expect(steps.filter(({ action }) => action === 'pull-image').map(({ id }) => id)).toEqual(['pull image tools']);
});
