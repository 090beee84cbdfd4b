import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dependencyNames, notRunning } from '../../../src/cli/run/dependencies.ts';
import { runEnvironment } from '../../../src/cli/run/environment.ts';
import { type RunFlags, runService } from '../../../src/cli/run/service.ts';
import type { Project, Service } from '../../../src/model.ts';

const flags: RunFlags = {
  build: false,
  'cap-add': [],
  'cap-drop': [],
  detach: false,
  entrypoint: undefined,
  env: [],
  'env-from-file': [],
  interactive: undefined,
  label: [],
  name: undefined,
  'no-TTY': undefined,
  'no-deps': false,
  publish: [],
  pull: undefined,
  quiet: false,
  'quiet-build': false,
  'quiet-pull': false,
  'remove-orphans': undefined,
  rm: false,
  'rm-deps': false,
  'service-ports': false,
  tty: undefined,
  'use-aliases': false,
  user: undefined,
  volume: [],
  workdir: undefined,
};
const service: Service = {
  name: 'web',
  image: 'busybox',
  command: ['serve'],
  entrypoint: null,
  restart: 'always',
  scale: 3,
  ports: [{ target: 80, published: '8080', protocol: 'tcp' }],
  cap_add: ['A'],
  cap_drop: ['B'],
  volumes: [{ type: 'volume', source: 'data', target: '/data' }],
  deploy: { replicas: 3, restart_policy: { condition: 'any' }, resources: {} },
};
const make = (given: Partial<RunFlags>, command: readonly string[] = []) =>
  runService(service, {
    flags: { ...flags, ...given },
    command,
    containerName: 'shop-web-run-x',
    environment: {},
    tty: true,
    interactive: true,
    cwd: '/work',
    home: '/home/me',
  });

describe('the service of a one-off', () => {
  it('has no restart policy, no ports, one replica, and a name of its own', () => {
    const made = make({});
    expect(made.restart).toBeUndefined();
    expect(made.ports).toBeUndefined();
    expect(made.deploy).toEqual({ replicas: 1, resources: {} });
    expect(made).toMatchObject({
      scale: 1,
      container_name: 'shop-web-run-x',
      tty: true,
      stdin_open: true,
      command: ['serve'],
    });
  });
  it.each<[string, Partial<RunFlags>, readonly string[], Partial<Service>]>([
    ['a command', {}, ['ls', '-l'], { command: ['ls', '-l'] }],
    [
      'an entrypoint without a command',
      { entrypoint: 'sh -c "a b"' },
      [],
      { entrypoint: ['sh', '-c', 'a b'], command: [] },
    ],
    ['an empty entrypoint', { entrypoint: '' }, ['ls'], { entrypoint: [], command: ['ls'] }],
    ['its own ports', { 'service-ports': true }, [], { ports: service.ports ?? [] }],
    [
      'published ports',
      { publish: ['127.0.0.1:81:80'] },
      [],
      { ports: [expect.objectContaining({ target: 80, published: '81', host_ip: '127.0.0.1' })] },
    ],
    [
      'a mount in place of its own',
      { volume: ['./here:/data'] },
      [],
      { volumes: [expect.objectContaining({ type: 'bind', source: '/work/here', target: '/data' })] },
    ],
    [
      'a mount from home',
      { volume: ['~/x:/x'] },
      [],
      { volumes: expect.arrayContaining([expect.objectContaining({ source: '/home/me/x' })]) },
    ],
    ['capabilities', { 'cap-add': ['B'], 'cap-drop': ['A'] }, [], { cap_add: ['B'], cap_drop: ['A'] }],
    ['labels', { label: ['a=b=c'] }, [], { labels: { a: 'b=c' } }],
    ['user and directory', { user: '1', workdir: '/w' }, [], { user: '1', working_dir: '/w' }],
  ])('with %s', (_, given, command, expected) => {
    expect(make(given, command)).toMatchObject(expected);
  });
  it.each([
    [{ label: ['nothing'] }, 'label must be set as KEY=VALUE'],
    [{ publish: ['x'] }, 'invalid value for "--publish"'],
    [{ volume: [''] }, 'invalid value for "--volume"'],
  ])('%j is refused', (given, message) => {
    expect(() => make(given)).toThrow(message);
  });
});

describe('variables', () => {
  let cwd = '';
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'windlass-unit-'));
    await writeFile(join(cwd, 'a.env'), 'X=a\nY=a\n');
    await writeFile(join(cwd, 'b.env'), 'X=b\nZ=b\n');
  });
  afterAll(() => rm(cwd, { recursive: true }));
  it('of flags win over files, the first file over the second, and unknown ones are left out', async () => {
    const made = await runEnvironment({
      entries: ['Y=flag', 'KNOWN', 'UNKNOWN', 'EMPTY='],
      files: ['a.env', 'b.env'],
      cwd,
      known: { KNOWN: 'here' },
    });
    expect(made).toEqual({ Y: 'flag', KNOWN: 'here', EMPTY: '', X: 'a', Z: 'b' });
  });
  it('of a file that is not there', async () => {
    await expect(runEnvironment({ entries: [], files: ['nope.env'], cwd, known: {} })).rejects.toThrow(
      'cannot read "nope.env"',
    );
  });
});

describe('dependencies', () => {
  const edge = { condition: 'service_started', required: true } as const;
  const plain = (name: string, ...needs: string[]): Service => ({
    name,
    command: null,
    entrypoint: null,
    depends_on: Object.fromEntries(needs.map((need) => [need, edge])),
  });
  const project = {
    services: { a: plain('a', 'b', 'gone'), b: plain('b', 'c'), c: plain('c'), d: plain('d') },
  } as unknown as Project;
  it('are what the service needs, directly or not', async () => {
    expect(await dependencyNames(project, 'a')).toEqual(['b', 'c']);
    expect(await dependencyNames(project, 'd')).toEqual([]);
  });
  it('that run already are not this run’s', () => {
    expect(notRunning(['b', 'c'], [])).toEqual(['b', 'c']);
  });
});
