// Services that a program provides: how it is called, what it may answer, who gets its variables.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Host } from '../../src/host.ts';
import type { Project } from '../../src/model.ts';
import { planDown, planStop } from '../../src/planner/reconcile.ts';
import { PlannedWorld } from '../support/planned-world.ts';
import { aProject, dependsOnStarted } from '../support/project-builder.ts';

/** A folder on the path with a provider "bucket", and a host that answers for it. */
async function ground(answer: { stdout?: string; stderr?: string; exitCode?: number } = {}, metadata?: object) {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-provider-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'bucket'), '#!/bin/sh\n');
  await chmod(join(folder, 'bucket'), 0o755);
  const called: string[] = [];
  const host: Host = {
    run: async (program, args) => {
      if (args[1] === 'metadata')
        return { exitCode: metadata === undefined ? 1 : 0, stdout: JSON.stringify(metadata), stderr: '' };
      called.push([program.replace(folder, '…'), ...args].join(' '));
      return { exitCode: 0, stdout: '', stderr: '', ...answer };
    },
  };
  const project: Project = aProject({
    services: {
      web: { depends_on: { store: dependsOnStarted }, environment: { OWN: 'x' } },
      other: {},
      store: { provider: { type: 'bucket', options: { size: ['1', '2'] } } },
    },
    environment: { PATH: folder, HOME: folder },
  });
  return { project, host, called };
}
const environmentOf = (world: PlannedWorld, name: string): unknown =>
  (world.fake.container(name) as unknown as { request: { service: { environment: unknown } } }).request.service
    .environment;

const lines = (...messages: readonly object[]): string =>
  messages.map((message) => `${JSON.stringify(message)}\n`).join('');

describe('a provider', () => {
  test('is called with the project and its options, and its dependents get what it sets', async () => {
    const stdout = lines(
      { type: 'info', message: 'making it' },
      { type: 'setenv', message: 'URL=s3://x?a=b' },
      { type: 'debug', message: 'quiet' },
    );
    const { project, host, called } = await ground({ stdout });
    const world = new PlannedWorld();
    const result = await world.tryUp(project, {}, { host });
    expect(result.errors).toEqual([]);
    expect(called).toEqual(['…/bucket compose --project-name=shop up --size=1 --size=2 store']);
    expect(result.providerVariables).toEqual({ store: { STORE_URL: 's3://x?a=b' } });
    expect(environmentOf(world, 'shop-web-1')).toEqual({ OWN: 'x', STORE_URL: 's3://x?a=b' });
    expect(environmentOf(world, 'shop-other-1')).toBeUndefined();
    expect(world.said()).toContain('store making it');
  });

  test('that says the same again changes nothing; that says something else replaces its dependents', async () => {
    const { project, host } = await ground({ stdout: lines({ type: 'setenv', message: 'URL=one' }) });
    const world = new PlannedWorld();
    await world.tryUp(project, {}, { host });
    const before = world.fake.calls.length;
    expect((await world.tryUp(project, {}, { host })).errors).toEqual([]);
    expect(world.fake.calls).toHaveLength(before);
    const changed = await ground({ stdout: lines({ type: 'setenv', message: 'URL=two' }) });
    await world.tryUp(changed.project, {}, { host: changed.host });
    expect(environmentOf(world, 'shop-web-1')).toEqual({ OWN: 'x', STORE_URL: 'two' });
    expect(world.fake.calls.slice(before).join()).not.toContain('shop-other-1');
  });

  test('sets variables under their own names where it says so', async () => {
    const { project, host } = await ground({ stdout: lines({ type: 'rawsetenv', message: 'AWS_URL=x' }) });
    const world = new PlannedWorld();
    await world.tryUp(project, {}, { host });
    expect(environmentOf(world, 'shop-web-1')).toEqual({ OWN: 'x', AWS_URL: 'x' });
  });

  test('that tells its options gets those alone, and all that it needs', async () => {
    const metadata = { description: 'buckets', up: { parameters: [{ name: 'colour' }] }, down: { parameters: [] } };
    const first = await ground({}, metadata);
    await new PlannedWorld().tryUp(first.project, {}, first);
    expect(first.called).toEqual(['…/bucket compose --project-name=shop up store']);
    const needs = { up: { parameters: [{ name: 'size' }, { name: 'zone', required: true }] } };
    const second = await ground({}, needs);
    const { errors } = await new PlannedWorld().tryUp(second.project, {}, second);
    expect(errors[0]?.message).toBe('required parameter "zone" is missing from provider "bucket" definition');
    expect(second.called).toEqual([]);
  });

  test('is asked to take its own down', async () => {
    const { project, host, called } = await ground();
    const world = new PlannedWorld();
    await world.tryUp(project, {}, { host });
    const plan = await world.plan(project, (wanted, observation) => planDown(wanted, observation, {}));
    expect((await world.execute(project, plan, { host })).errors).toEqual([]);
    expect(called.at(-1)).toBe('…/bucket compose --project-name=shop down --size=1 --size=2 store');
  });

  test('is asked to stop where it says that it can, and what it sets then is for nobody', async () => {
    const metadata = { description: 'buckets', stop: { parameters: [{ name: 'size' }] } };
    const stdout = lines({ type: 'setenv', message: 'URL=gone' });
    const stops = async (about: object | undefined): Promise<readonly string[]> => {
      const { project, host, called } = await ground({ stdout }, about);
      const world = new PlannedWorld();
      const plan = await world.plan(project, (wanted, seen) => planStop(wanted, seen, { services: [] }));
      const result = await world.execute(project, plan, { host });
      expect([result.errors, result.providerVariables]).toEqual([[], {}]);
      return called;
    };
    expect(await stops(metadata)).toEqual(['…/bucket compose --project-name=shop stop --size=1 --size=2 store']);
    expect(await stops({ description: 'buckets' })).toEqual([]);
    expect(await stops(undefined)).toEqual([]);
  });

  const failures: Readonly<Record<string, { answer: Parameters<typeof ground>[0]; says: string }>> = {
    'that reports an error': {
      answer: { stdout: lines({ type: 'error', message: 'no quota' }) },
      says: 'failed to create service "store": no quota',
    },
    'that ends badly': {
      answer: { exitCode: 3, stderr: 'out of buckets\n' },
      says: 'failed to create service "store": "bucket" ended with status 3: out of buckets',
    },
    'that sends something unknown': {
      answer: { stdout: lines({ type: 'dance', message: 'x' }) },
      says: 'provider "bucket" sent a message of unknown type "dance"',
    },
    'that does not speak JSON': {
      answer: { stdout: 'hello\n' },
      says: 'provider "bucket" answered with a line that is no message: hello',
    },
  };
  for (const [name, { answer, says }] of Object.entries(failures))
    test(`${name} keeps its dependents from being made`, async () => {
      const { project, host } = await ground(answer);
      const world = new PlannedWorld();
      const { errors } = await world.tryUp(project, {}, { host });
      expect(errors[0]?.message).toContain(says);
      expect(world.fake.containers.map((container) => container.name)).toEqual(['shop-other-1']);
    });

  test('that is nowhere is named', async () => {
    const { project, host } = await ground();
    const lost = { ...project, environment: {} };
    const { errors } = await new PlannedWorld().tryUp(lost, {}, { host });
    expect(errors[0]?.message).toContain('there is no provider "bucket"');
  });
});
