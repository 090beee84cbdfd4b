// What holds for every project and every change of it. WINDLASS_PROPERTY_RUNS asks for more tries than usual.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Project } from '../../src/model.ts';
import type { UpOptions } from '../../src/planner/options.ts';
import type { ContainerRef, Plan, Step, StepId } from '../../src/planner/plan.ts';
import { planFromJson, planToJson } from '../../src/planner/plan-json.ts';
import { formatPlan } from '../../src/planner/plan-text.ts';
import { planDown, planStart, planStop } from '../../src/planner/reconcile.ts';
import { projects } from '../support/arbitrary-project.ts';
import { PlannedWorld } from '../support/planned-world.ts';

const RUNS = { numRuns: Number(process.env.WINDLASS_PROPERTY_RUNS ?? 150) };

const options: fc.Arbitrary<Partial<UpOptions>> = fc.record({
  recreate: fc.constantFrom('diverged' as const, 'diverged' as const, 'force' as const),
  // Orphans that stay may hold a network that is to be replaced, which is refused: see the tables.
  orphans: fc.constant('remove' as const),
  renewAnonymousVolumes: fc.boolean(),
  timeoutSeconds: fc.constantFrom(undefined, 0, 7),
  recreateVolumes: fc.constantFrom([] as const, 'all' as const),
});
const converged: Partial<UpOptions> = { orphans: 'ignore' };

const removesVolumes = (step: Step): boolean =>
  step.action === 'remove-volume' || (step.action === 'remove-container' && step.volumes);

/** Every step comes after all it waits for: so there is no cycle. */
function expectOrder(plan: Plan): void {
  const seen = new Set<string>();
  for (const step of plan.steps) {
    for (const id of [...step.dependsOn, ...step.after]) expect(seen, `${step.id} comes before ${id}`).toContain(id);
    seen.add(step.id);
  }
  expect(seen.size).toBe(plan.steps.length);
}

const change = fc.tuple(projects, projects, options);

test('a plan is in order, the same every time, and survives being written down', async () => {
  await fc.assert(
    fc.asyncProperty(change, async ([from, to, given]) => {
      const world = new PlannedWorld();
      await world.up(from);
      const plan = await world.planUp(to, given);
      expectOrder(plan);
      expect(formatPlan(await world.planUp(to, given))).toBe(formatPlan(plan));
      expect(planFromJson(planToJson(plan))).toEqual(plan);
    }),
    RUNS,
  );
});

/** What the engine is to be asked for a step; undefined for one that only looks. */
function callOf(step: Step, plan: Plan, project: Project): string | undefined {
  /** Before a replacement is renamed. */
  const madeAs = (container: ContainerRef): string => {
    const made = 'createdBy' in container ? plan.steps.find(({ id }) => id === container.createdBy) : undefined;
    return made?.action === 'create-container' ? made.name : container.name;
  };
  switch (step.action) {
    case 'create-network':
      return `createNetwork ${project.networks[step.network]?.name}`;
    case 'remove-network':
      return `removeNetwork ${step.name}`;
    case 'create-volume':
      return `createVolume ${project.volumes[step.volume]?.name}`;
    case 'remove-volume':
      return `removeVolume ${step.name}`;
    case 'create-container':
      return `createContainer ${step.name}`;
    case 'start-container':
      return `startContainer ${step.container.name}`;
    case 'stop-container':
      return `stopContainer ${step.container.name}${step.timeoutSeconds === undefined ? '' : ` within ${step.timeoutSeconds} s`}`;
    case 'rename-container':
      return `renameContainer ${madeAs(step.container)} ${step.name}`;
    case 'remove-container':
      return `removeContainer ${step.container.name}${step.volumes ? ' with volumes' : ''}`;
    case 'copy-files':
      return `putArchive ${madeAs(step.container)}`;
    case 'run-hook': {
      const hooks = step.hook === 'pre_start' ? undefined : project.services[step.service]?.[step.hook];
      return `exec ${step.container.name} ${hooks?.[step.index]?.command.join(' ')}`;
    }
    case 'wait-condition':
      return undefined;
    default:
      throw new Error(`this test does not know what "${step.action}" comes to`);
  }
}

test('what is asked of the engine is what was planned: nothing less, nothing more, in order', async () => {
  await fc.assert(
    fc.asyncProperty(change, fc.constantFrom(0, 1, 3), async ([from, to, given], parallel) => {
      const world = new PlannedWorld();
      await world.up(from);
      const plan = await world.planUp(to, given);
      const before = world.fake.calls.length;
      const { outcomes } = await world.execute(to, plan, { parallel });
      expect([...outcomes.keys()].sort()).toEqual(plan.steps.map(({ id }) => id).sort());
      expect([...outcomes.values()].every(({ status }) => status === 'done')).toBe(true);
      const calls = world.fake.calls.slice(before);
      const planned = plan.steps.map((step) => [step, callOf(step, plan, to)] as const);
      expect([...calls].sort()).toEqual(planned.flatMap(([, call]) => call ?? []).sort());
      const at = (id: StepId): number => calls.indexOf(planned.find(([step]) => step.id === id)?.[1] ?? '');
      for (const [step, call] of planned)
        for (const id of call === undefined ? [] : [...step.dependsOn, ...step.after])
          expect(at(id), `${step.id} must wait for ${id}`).toBeLessThan(at(step.id));
    }),
    RUNS,
  );
});

test('after an up there is nothing to do, whatever was there before', async () => {
  await fc.assert(
    fc.asyncProperty(change, async ([from, to, given]) => {
      const world = new PlannedWorld();
      await world.up(from);
      await world.up(to, given);
      const { orphans: _, recreate: __, ...rest } = given;
      const again = await world.planUp(to, { ...rest, ...converged });
      expect(again.steps.map(({ id, cause }) => `${id}: ${cause}`)).toEqual([]);
    }),
    RUNS,
  );
});

test('no volume is removed unasked', async () => {
  await fc.assert(
    fc.asyncProperty(change, async ([from, to, given]) => {
      const world = new PlannedWorld();
      await world.up(from);
      const { volumeNames } = world.fake;
      const plan = await world.planUp(to, { ...given, recreateVolumes: [] });
      expect(plan.steps.filter(removesVolumes)).toEqual([]);
      await world.execute(to, plan);
      await world.run(to, (project, observation) => planDown(project, observation, { removeOrphans: true }));
      expect(world.fake.volumeNames).toEqual(expect.arrayContaining([...volumeNames]));
    }),
    RUNS,
  );
});

test('down after up returns to the start', async () => {
  await fc.assert(
    fc.asyncProperty(projects, async (project) => {
      const world = new PlannedWorld();
      const before = world.fake.summary();
      await world.up(project);
      await world.run(project, (wanted, observation) => planDown(wanted, observation, { volumes: true }));
      expect(world.fake.summary()).toEqual(before);
    }),
    RUNS,
  );
});

test('stop and start lead back to what was running', async () => {
  await fc.assert(
    fc.asyncProperty(projects, async (project) => {
      const world = new PlannedWorld();
      await world.up(project);
      const before = world.fake.summary();
      await world.run(project, (wanted, observation) => planStop(wanted, observation, { services: [] }));
      expect(world.fake.containers.filter(({ state }) => state === 'running')).toEqual([]);
      await world.run(project, (wanted, observation) => planStart(wanted, observation, { services: [] }));
      expect(world.fake.summary()).toEqual(before);
    }),
    RUNS,
  );
});

test('what a change does not touch keeps running', async () => {
  await fc.assert(
    fc.asyncProperty(projects, async (project) => {
      const world = new PlannedWorld();
      await world.up(project);
      const before = world.fake.containers.map(({ id, name }) => `${id} ${name}`);
      await world.up({ ...project, services: { ...project.services, extra: extraService } });
      expect(world.fake.containers.map(({ id, name }) => `${id} ${name}`)).toEqual(expect.arrayContaining(before));
    }),
    RUNS,
  );
});
const extraService: Project['services'][string] = {
  name: 'extra',
  image: 'busybox',
  command: null,
  entrypoint: null,
  networks: { default: null },
};

const interruption = fc.tuple(projects, projects, options, fc.nat(40), fc.constantFrom('stops', 'fails' as const));

test('interrupted at any call, the same up leads to the same end', async () => {
  await fc.assert(
    fc.asyncProperty(interruption, async ([from, to, given, at, how]) => {
      const world = new PlannedWorld();
      await world.up(from);
      const controller = new AbortController();
      const first = world.fake.calls.length;
      let power = true;
      // `fails`: from this call on nothing gets through, as after a kill -9. `stops`: Ctrl-C during this call.
      world.fake.beforeChange = (_call, index) => {
        if (index - first < at || !power) return;
        if (how === 'stops') controller.abort();
        else throw new Error('no power');
      };
      await world.tryUp(to, given, { signal: controller.signal }).catch(() => undefined);
      power = false;
      await world.up(to, given);
      const calm = new PlannedWorld();
      await calm.up(to);
      expect(ours(world, to)).toEqual(ours(calm, to));
      expect((await world.planUp(to, converged)).steps).toEqual([]);
    }),
    { numRuns: 2 * RUNS.numRuns },
  );
});

/** Services, how many of each run, and nothing under a temporary name. */
function ours(world: PlannedWorld, project: Project): unknown {
  return Object.keys(project.services).map((service) => {
    const containers = world.fake.containers.filter(({ labels }) => labels['com.docker.compose.service'] === service);
    return [service, containers.map(({ state, name }) => `${state} ${/^shop-/.test(name)}`)];
  });
}
