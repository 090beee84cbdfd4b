// Whatever is interrupted, at any instant, is repaired by running the same command again.
import { describe, expect, test } from 'vitest';
import { type Scenario, scenario } from '../support/scenario.ts';

const compose = (version: string): string => `
services:
  web:
    image: busybox:latest
    command: sleep 1000
    stop_grace_period: 0s
    depends_on: [db]
    environment: {VERSION: "${version}"}
    volumes: [/anonymous]
  db:
    image: busybox:latest
    command: sleep 1000
    stop_grace_period: 0s
    environment: {VERSION: "${version}"}
    volumes: [data:/data]
volumes: {data: {}}
`;
const DONE = { 'db-1': 'running', 'web-1': 'running' };

/** Runs a command and ends it with a signal once it has said so many things. Whether it was still running then. */
async function interruptAfter(s: Scenario, lines: number, signal: NodeJS.Signals): Promise<boolean> {
  const running = s.start(['--progress', 'json', 'up', '-d']);
  let said = 0;
  running.process.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString().split('\n').length - 1;
    if (said >= lines) running.process.kill(signal);
  });
  await running.ended;
  return said >= lines && running.process.signalCode !== null;
}

async function expectRepaired(s: Scenario): Promise<void> {
  await s.windlass(['up', '-d']);
  expect(await s.states()).toEqual(DONE);
  for (const { Config } of await s.containers()) expect(Config.Env).toContain('VERSION=2');
  const before = (await s.containers()).map(({ Id }) => Id);
  await s.windlass(['up', '-d']);
  expect((await s.containers()).map(({ Id }) => Id)).toEqual(before);
}

describe('up killed with kill -9', () => {
  // A first up says 12 things, a change of both services 8.
  for (const lines of [1, 2, 3, 4, 5, 6, 7, 8, 10, 12])
    test(`after ${lines} words, from nothing`, async () => {
      const s = await scenario({ files: { 'compose.yaml': compose('2') } });
      await interruptAfter(s, lines, 'SIGKILL');
      await expectRepaired(s);
    });

  for (const lines of [1, 2, 3, 4, 5, 6, 7])
    test(`after ${lines} words, while both services are replaced`, async () => {
      const s = await scenario({ files: { 'compose.yaml': compose('1') } });
      await s.windlass(['up', '-d']);
      const { stdout } = await s.docker([
        'exec',
        (await s.container('web')).Id,
        'sh',
        '-c',
        'echo kept > /anonymous/file && cat /anonymous/file',
      ]);
      expect(stdout).toBe('kept\n');
      await s.write('compose.yaml', compose('2'));
      await interruptAfter(s, lines, 'SIGKILL');
      await expectRepaired(s);
      const file = await s.docker(['exec', (await s.container('web')).Id, 'cat', '/anonymous/file']);
      expect(file.stdout).toBe('kept\n');
    });
});

test('up ended with Ctrl-C says so with 130, and is repaired', async () => {
  const s = await scenario({ files: { 'compose.yaml': compose('2') } });
  const running = s.start(['--progress', 'json', 'up', '-d']);
  running.process.stderr?.once('data', () => running.process.kill('SIGINT'));
  const ran = await running.ended;
  expect(ran.exitCode).toBe(130);
  await expectRepaired(s);
});

test('what docker compose left behind when it was killed while replacing is repaired too', async () => {
  const s = await scenario({ files: { 'compose.yaml': compose('1') } });
  await s.compose(['up', '-d']);
  const old = await s.container('web');
  await s.write('compose.yaml', compose('2'));
  // The state after "create": the replacement is there under its temporary name, the old one still runs.
  await s.compose(['up', '-d', 'db']);
  await s.docker([
    ...['create', '--name', `${old.Id.slice(0, 12)}_${s.project}-web-1`],
    ...Object.entries({ ...old.Config.Labels, 'com.docker.compose.replace': 'web-1' }).flatMap(([key, value]) => [
      '--label',
      `${key}=${value}`,
    ]),
    ...['busybox:latest', 'sleep', '1000'],
  ]);
  expect(Object.keys(await s.states())).toHaveLength(3);
  await expectRepaired(s);
});

test('down that was killed is finished by down', async () => {
  const s = await scenario({ files: { 'compose.yaml': compose('2') } });
  await s.windlass(['up', '-d']);
  const running = s.start(['--progress', 'json', 'down', '--volumes']);
  running.process.stderr?.once('data', () => running.process.kill('SIGKILL'));
  await running.ended;
  await s.windlass(['down', '--volumes']);
  await s.expectNothingLeft();
});
