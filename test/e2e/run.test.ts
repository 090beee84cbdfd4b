// One-off containers: what they are made of, their streams and exit codes, and what happens to their dependencies.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { expect, inject, test } from 'vitest';
import { eventually, scenario } from '../support/scenario.ts';

const STACK = `
services:
  app:
    image: busybox:latest
    command: ["echo", "from the file"]
    restart: always
    ports: ["127.0.0.1::80"]
    environment: {COLOR: red, SIZE: small}
    labels: {team: blue}
    depends_on:
      db: {condition: service_healthy}
      seed: {condition: service_completed_successfully}
  db:
    image: busybox:latest
    command: sleep 1000
    init: true
    stop_grace_period: 0s
    healthcheck: {test: ["CMD", "test", "-e", "/ready"], interval: 200ms, retries: 100}
    post_start: [{command: ["touch", "/ready"]}]
  seed:
    image: busybox:latest
    command: "true"
  bystander:
    image: busybox:latest
    command: sleep 1000
`;
const ONE = `
services:
  app:
    image: busybox:latest
    command: ["sh", "-c", "echo out; echo err >&2"]
    cap_drop: [NET_RAW]
`;

test('dependencies are started and awaited, and the container is a one-off of its service', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  const ran = await s.windlass(
    ['run', 'app', 'sh', '-c', 'echo $COLOR; nslookup db >/dev/null && echo found; exit 7'],
    {
      exit: 7,
    },
  );
  expect(ran.stdout).toBe('red\nfound\n');
  const all = await s.containers();
  const oneOff = all.find(({ Config }) => Config.Labels['com.docker.compose.oneoff'] === 'True');
  expect(oneOff?.Name).toMatch(new RegExp(`^/${s.project}-app-run-[0-9a-f]{12}$`));
  expect(oneOff?.Config.Labels).toMatchObject({
    team: 'blue',
    'com.docker.compose.service': 'app',
    'com.docker.compose.project': s.project,
    'com.docker.compose.slug': expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(oneOff?.Name.endsWith(oneOff.Config.Labels['com.docker.compose.slug']?.slice(0, 12) ?? '-')).toBe(true);
  expect(oneOff?.HostConfig.RestartPolicy).toMatchObject({ Name: expect.stringMatching(/^(no)?$/) });
  expect(oneOff?.HostConfig.PortBindings ?? {}).toEqual({});
  expect(await s.states()).toMatchObject({ 'db-1': 'running', 'seed-1': 'exited' });
  expect(Object.keys(await s.states()).some((name) => name.startsWith('bystander'))).toBe(false);
  // docker compose sees the same one-off as one of its own.
  expect((await s.compose(['ps', '-a', '-q'])).stdout).toContain(oneOff?.Id);
  await s.windlass(['down', '--remove-orphans']);
  await s.expectNothingLeft();
});

test('--rm-deps takes away what this run started, and only that', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  await s.windlass(['run', '--rm', '--rm-deps', 'app', 'false'], { exit: 1 });
  expect(await s.states()).toEqual({});
  await s.windlass(['up', '-d', 'db']);
  await s.windlass(['run', '--rm', '--rm-deps', 'app', 'true']);
  expect(await s.states()).toEqual({ 'db-1': 'running' });
  const refused = await s.windlass(['run', '--rm-deps', '-d', 'app'], { exit: 1 });
  expect(refused.stderr).toContain('--rm-deps and --detach are incompatible');
});

test('flags make the container other than the file does', async () => {
  const s = await scenario({ files: { 'compose.yaml': ONE, 'more.env': 'A=file\nB="two words"\n' } });
  const shell = (...flags: string[]) => s.windlass(['run', '--rm', ...flags]);
  expect((await shell('-e', 'A=flag', '--env-from-file', 'more.env', 'app', 'sh', '-c', 'echo $A $B')).stdout).toBe(
    'flag two words\n',
  );
  expect((await shell('-w', '/tmp', 'app', 'pwd')).stdout).toBe('/tmp\n');
  expect((await shell('-u', '65534:65534', 'app', 'id', '-u')).stdout).toBe('65534\n');
  expect((await shell('--entrypoint', 'echo "one two"', 'app', 'three')).stdout).toBe('one two three\n');
  expect((await shell('--entrypoint', 'echo alone', 'app')).stdout).toBe('alone\n');
  await s.write('data/file', 'mounted\n');
  expect((await shell('-v', './data:/mnt:ro', 'app', 'cat', '/mnt/file')).stdout).toBe('mounted\n');
  expect((await shell('--name', `${s.project}-named`, 'app', 'true')).exitCode).toBe(0);
  expect((await shell('-q', 'app', 'echo', 'silent')).output).toBe('');
  expect((await shell('app', 'echo', 'alone')).output).toBe('alone\n');

  const id = (
    await s.windlass([
      'run',
      '-d',
      '-l',
      'k=v=w',
      '--cap-add',
      'NET_RAW',
      '--cap-drop',
      'CHOWN',
      '-p',
      '127.0.0.1::81',
      '--use-aliases',
      'app',
      'sleep',
      '100',
    ])
  ).stdout.trim();
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  const made = (await s.containers()).find((one) => one.Id === id);
  expect(made?.Config.Labels.k).toBe('v=w');
  expect(made?.HostConfig.CapAdd).toEqual([expect.stringMatching(/^(CAP_)?NET_RAW$/)]);
  expect(made?.HostConfig.CapDrop).toEqual([expect.stringMatching(/^(CAP_)?CHOWN$/)]);
  expect(made?.NetworkSettings.Ports['81/tcp']).toHaveLength(1);
  expect(Object.values(made?.NetworkSettings.Networks ?? {})[0]?.Aliases).toContain('app');
});

test.each([
  [['-P', '-p', '80:80', 'app'], '--service-ports and --publish are incompatible'],
  [['-l', 'nothing', 'app'], 'label must be set as KEY=VALUE'],
  [['nope'], 'no such service: nope'],
  [[], 'requires at least 1 arg(s), only received 0'],
  [['-t', '-T', 'app'], "--tty and --no-TTY can't be used together"],
  [['-t', 'app'], 'the input device is not a TTY'],
  [['-p', 'x:y', 'app'], 'invalid value for "--publish"'],
])('run %j is refused before anything is made', async (args, message) => {
  const s = await scenario({ files: { 'compose.yaml': ONE } });
  expect((await s.windlass(['run', ...args], { exit: 1 })).stderr).toContain(message);
  await s.expectNothingLeft();
});

test('output keeps its two streams, a failing start leaves no container with --rm', async () => {
  const s = await scenario({ files: { 'compose.yaml': ONE } });
  const ran = await s.windlass(['run', '--rm', 'app']);
  expect(ran.stdout).toBe('out\n');
  expect(ran.stderr).toContain('err\n');
  const failed = await s.windlass(['run', '--rm', 'app', 'no-such-program'], { exit: 'any' });
  expect(failed.exitCode).not.toBe(0);
  expect(failed.stderr).toContain('no-such-program');
  expect(await s.containers()).toEqual([]);
});

test('a signal to windlass is a signal to the container, whose exit code is passed on', async () => {
  const s = await scenario({ files: { 'compose.yaml': ONE } });
  const running = s.start([
    'run',
    '--rm',
    'app',
    'sh',
    '-c',
    'trap "echo got it; exit 9" TERM USR1; echo ready; while true; do sleep 0.1; done',
  ]);
  await running.until('ready');
  running.signal('SIGUSR1');
  const ended = await running.ended;
  expect(ended.stdout).toBe('ready\ngot it\n');
  expect(ended.exitCode).toBe(9);
  await eventually('the container is gone', async () => (await s.containers()).length === 0);
});

/** 256 MB of numbered lines would compress; bytes of a cheap generator do not repeat. */
const MEGABYTE = 1024 * 1024;
const SIZE_MB = 256;
function block(seed: number): Buffer {
  const bytes = Buffer.alloc(MEGABYTE);
  let state = seed * 2654435761 + 1;
  for (let at = 0; at < MEGABYTE; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}

/** Sends SIZE_MB through a command and hashes what comes back; resolves with both digests and the peak memory in MB. */
async function roundTrip(s: Awaited<ReturnType<typeof scenario>>, args: readonly string[]) {
  const child = spawn(process.execPath, [inject('ground').program, ...args], {
    cwd: s.folder,
    env: { ...s.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [sent, received] = [createHash('sha256'), createHash('sha256')];
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    received.update(chunk);
  });
  for (let index = 0; index < SIZE_MB; index++) {
    const bytes = block(index);
    sent.update(bytes);
    if (!child.stdin.write(bytes)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  const [code] = await once(child, 'close');
  return { code, size, equal: sent.digest('hex') === received.digest('hex') };
}

test('exec passes 256 MB in and out without losing a byte', async () => {
  const s = await scenario({ files: { 'compose.yaml': ONE.replace('"echo out; echo err >&2"', '"sleep 1000"') } });
  await s.windlass(['up', '-d']);
  expect(await roundTrip(s, ['exec', '-T', 'app', 'cat'])).toEqual({ code: 0, size: SIZE_MB * MEGABYTE, equal: true });
});

test('run passes 256 MB in without losing a byte', async () => {
  const s = await scenario({ files: { 'compose.yaml': ONE } });
  const child = spawn(process.execPath, [inject('ground').program, 'run', '--rm', '-T', 'app', 'sha256sum'], {
    cwd: s.folder,
    env: { ...s.env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const sent = createHash('sha256');
  for (let index = 0; index < SIZE_MB; index++) {
    const bytes = block(index);
    sent.update(bytes);
    if (!child.stdin.write(bytes)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  await once(child, 'close');
  expect(out).toBe(`${sent.digest('hex')}  -\n`);
});
