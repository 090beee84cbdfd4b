// Broken ground: a clear message, the right exit status, and nothing half done that the next run does not mend.
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { eventually, scenario } from '../support/scenario.ts';

const STACK = `
services:
  web: {image: busybox:latest, command: sleep 1000, stop_grace_period: 0s}
`;

test('no engine', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  const gone = { env: { DOCKER_HOST: `unix://${s.folder}/none.sock` }, exit: 1 } as const;
  const { stderr, stdout } = await s.windlass(['up', '-d'], gone);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^DOCKER_HOST: no engine answers at unix:\/\/.*none\.sock/);
  expect(stderr).toContain('\n  hint: ');
  const json = await s.windlass(['--progress', 'json', 'up', '-d'], gone);
  expect(JSON.parse(json.stderr)).toMatchObject({ error: true, message: expect.stringContaining('no engine answers') });
});

test('an engine that goes away in the middle', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  const proxy = await engineProxy(join(s.folder, 'proxy.sock'));
  const up = s.start(['up'], { env: { DOCKER_HOST: `unix://${join(s.folder, 'proxy.sock')}` } });
  await up.until('Attaching to web-1');
  await eventually('the container runs', async () => (await s.states())['web-1'] === 'running');
  proxy.breakAll();
  const { exitCode, stderr } = await up.ended;
  expect(exitCode).toBe(1);
  expect(stderr).not.toMatch(/\n {4}at /);
  expect(stderr.trim().split('\n').at(-1)).not.toBe('');
  await s.windlass(['up', '-d']);
  expect(await s.states()).toEqual({ 'web-1': 'running' });
});

test.each([
  ['Creating', /^POST \S*\/containers\/create/m],
  ['Starting', /^POST \S*\/containers\/\w+\/start/m],
])('an engine that goes away while it is %s', async (moment, request) => {
  const s = await scenario({
    files: { 'compose.yaml': `${STACK}  db: {image: busybox:latest, command: sleep 1000, stop_grace_period: 0s}\n` },
  });
  await engineProxy(join(s.folder, 'proxy.sock'), request);
  const { stderr } = await s.windlass(['up', '-d'], {
    env: { DOCKER_HOST: `unix://${join(s.folder, 'proxy.sock')}` },
    exit: 1,
  });
  expect(stderr).toMatch(new RegExp(`(web|db)-1 +${moment}`));
  expect(stderr).not.toMatch(/\n {4}at /);
  await s.windlass(['up', '-d']);
  expect(await s.states()).toEqual({ 'db-1': 'running', 'web-1': 'running' });
});

test('an image that is not there', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK.replace('busybox:latest', 'localhost:1/none:1') } });
  for (const args of [['up', '-d'], ['pull'], ['create']]) {
    const { stderr } = await s.windlass(args, { exit: 1 });
    expect(stderr, args.join(' ')).toContain('cannot pull image "localhost:1/none:1"');
  }
  const { stderr } = await s.windlass(['up', '-d', '--pull', 'never'], { exit: 1 });
  expect(stderr).toContain('service "web": there is no image "localhost:1/none:1"');
  expect(await s.states()).toEqual({});
});

test('a port that is taken', async () => {
  const s = await scenario();
  const server = createServer().listen(0, '0.0.0.0');
  onTestFinished(() => void server.close());
  await eventually('a port', () => server.listening);
  const { port } = server.address() as { port: number };
  await s.write('compose.yaml', STACK.replace('stop_grace', `ports: ["${port}:80"], stop_grace`));
  const { stderr } = await s.windlass(['up', '-d'], { exit: 1 });
  expect(stderr).toContain(`port ${port}/tcp is held by`);
  await new Promise((resolve) => server.close(resolve));
  await s.windlass(['up', '-d']);
  expect(await s.states()).toEqual({ 'web-1': 'running' });
});

test('a dependency that does not get healthy', async () => {
  const s = await scenario({
    files: {
      'compose.yaml': `
services:
  db: {image: busybox:latest, command: sleep 1000, stop_grace_period: 0s, healthcheck: {test: "echo no database; exit 1", interval: 100ms, retries: 2}}
  web: {image: busybox:latest, command: sleep 1000, stop_grace_period: 0s, depends_on: {db: {condition: service_healthy}}}
`,
    },
  });
  for (const args of [['up', '-d'], ['up']]) {
    const { stderr } = await s.windlass(args, { exit: 1 });
    expect(stderr).toContain(`dependency failed to start: container ${s.project}-db-1 is unhealthy`);
    expect(stderr).toContain('exit 1: no database');
  }
  expect(await s.states()).toEqual({ 'db-1': 'running', 'web-1': 'created' });
});

test('a command line, a file and a directory that are wrong', async () => {
  const s = await scenario({ files: { 'compose.yaml': 'services: {web: {imag: x}}\n' } });
  const unknownKey = await s.windlass(['up', '-d'], { exit: 1 });
  expect(unknownKey.stderr).toContain('compose.yaml:1:');
  expect((await s.windlass(['up', '--foo'], { exit: 1 })).stderr).toBe('unknown flag: --foo\n');
  const conflict = await s.windlass(['up', '-d', '--attach', 'web'], { exit: 1 });
  expect(conflict.stderr).toMatch(/^--detach cannot be combined with/);
  const nothing = await s.windlass(['up'], { exit: 1, cwd: '/', env: { COMPOSE_PROJECT_NAME: '' } });
  expect(nothing.stderr).toContain('no configuration file provided: not found');
});

test("flags that Node has too are windlass's when it is run as a program", async () => {
  const s = await scenario({
    files: {
      'compose.yaml': 'services: {web: {image: "app:${TAG:-none}"}}\n',
      'some.env': 'NODE_OPTIONS=--bad\nTAG=1\n',
    },
  });
  const program = (args: readonly string[], exit = 0) => s.command(inject('ground').program, args, { exit });
  expect((await program(['--env-file', 'none.env', 'config'], 1)).stderr).toContain('there is no env file "none.env"');
  expect((await program(['--env-file=some.env', 'config', '--images'])).stdout).toBe('app:1\n');
});

/** A socket in front of the engine's, whose connections can all be cut; they are with the request that `last` matches. */
async function engineProxy(path: string, last?: RegExp): Promise<{ breakAll: () => void }> {
  const target = inject('ground').dockerHost.replace('unix://', '');
  const open = new Set<{ destroy(): void }>();
  const server: Server = createServer((client) => {
    const engine = connect(target);
    for (const socket of [client, engine]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => open.delete(socket));
    }
    client.pipe(engine).pipe(client);
    client.on('data', (data: Buffer) => {
      if (last?.test(data.toString('latin1'))) breakAll();
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const breakAll = (): void => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  onTestFinished(breakAll);
  return { breakAll };
}
