// Commands inside running containers: exit codes, streams, environment, replicas; and attaching to the main process.
import { expect, inject, test } from 'vitest';
import { eventually, scenario } from '../support/scenario.ts';

const STACK = `
services:
  app:
    image: busybox:latest
    command: ["sh", "-c", "echo main; trap 'exit 4' TERM; while true; do sleep 0.1; done"]
    scale: 2
    environment: {COLOR: red}
  reader:
    image: busybox:latest
    stdin_open: true
    command: ["sh", "-c", "while read line; do echo \\"read $$line\\"; [ $$line = end ] && exit 5; done"]
`;

test('exit codes and streams are the command’s', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  await s.windlass(['up', '-d']);
  const exec = (args: readonly string[], options = {}) => s.windlass(['exec', ...args], { exit: 'any', ...options });
  expect(await exec(['app', 'sh', '-c', 'echo out; echo err >&2; exit 7'])).toMatchObject({
    exitCode: 7,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  expect(await exec(['-T', 'app', 'cat'], { input: 'typed\n' })).toMatchObject({ exitCode: 0, stdout: 'typed\n' });
  // As a shell and Docker since 23 say it; Docker 20.10 has 126.
  const missing = inject('ground').engine === 'native' ? 127 : 126;
  expect((await exec(['app', 'no-such-program'])).exitCode).toBe(missing);
  expect(
    (
      await exec([
        '-e',
        'SIZE=xl',
        '-e',
        'HOME',
        '-w',
        '/tmp',
        '-u',
        '65534',
        'app',
        'sh',
        '-c',
        'echo $COLOR $SIZE $HOME $PWD $(id -u)',
      ])
    ).stdout,
  ).toBe(`red xl ${s.env.HOME} /tmp 65534\n`);
  expect((await exec(['--privileged', 'app', 'sh', '-c', 'grep CapEff /proc/self/status'])).stdout).toMatch(
    // Where the engine itself may not give every capability, its refusal tells that they were asked for.
    /CapEff:.*ff|unable to apply caps/,
  );
  const names = await Promise.all([exec(['app', 'hostname']), exec(['--index', '2', 'app', 'hostname'])]);
  const [first, second] = await s.containers();
  expect(names.map(({ stdout }) => stdout.trim())).toEqual([first?.Id.slice(0, 12), second?.Id.slice(0, 12)]);
  expect(await exec(['--index', '3', 'app', 'true'])).toMatchObject({
    exitCode: 1,
    stderr: 'service "app" is not running container #3\n  hint: "windlass ps app" lists its containers\n',
  });
  expect(await exec(['-t', 'app', 'true'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('the input device is not a TTY'),
  });
  await exec(['-d', 'app', 'touch', '/tmp/done']);
  await eventually(
    'the detached command ran',
    async () => (await exec(['app', 'test', '-e', '/tmp/done'])).exitCode === 0,
  );
});

test('--all runs in every replica, with prefixed lines and the highest exit code', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  await s.windlass(['up', '-d']);
  const ran = await s.windlass(
    ['exec', '--all', 'app', 'sh', '-c', 'echo here; [ -e /marked ] && exit 3; touch /marked; exit 1'],
    { exit: 1 },
  );
  expect(ran.stdout.split('\n').sort()).toEqual(['', 'app-1  | here', 'app-2  | here']);
  await s.windlass(['exec', '--index', '2', 'app', 'rm', '/marked']);
  await s.windlass(['exec', '--all', 'app', 'sh', '-c', '[ -e /marked ] && exit 3; exit 1'], { exit: 3 });
  await s.windlass(['exec', '--all', '--index', '1', 'app', 'true'], { exit: 1 });
});

test('attach joins the main process: its input, its output, its exit code', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  await s.windlass(['up', '-d']);
  const ran = await s.windlass(['attach', 'reader'], { input: 'one\nend\n', exit: 5 });
  expect(ran.stdout).toBe('read one\nread end\n');
  const watching = s.start(['attach', '--no-stdin', '--index', '1', 'app']);
  await eventually('the engine knows of the attachment', async () => {
    await s.docker(['exec', `${s.project}-app-1`, 'sh', '-c', 'echo hello > /proc/1/fd/1']);
    return watching.output().includes('hello');
  });
  watching.signal('SIGTERM');
  expect((await watching.ended).exitCode).toBe(4);
  expect((await s.windlass(['attach', 'reader'], { exit: 1 })).stderr).toBe(
    'service "reader" is not running\n  hint: start it with "windlass start reader"\n',
  );
  expect((await s.windlass(['attach', '--detach-keys', 'ctrl-é', 'app'], { exit: 1 })).stderr).toContain(
    'invalid detach keys',
  );
});

const SHORT = `
services:
  short:
    image: busybox:latest
    command: ["sh", "-c", "sleep 6; exit 9"]
  other:
    image: busybox:latest
    command: sleep 1000
    init: true
`;

test('wait passes an exit code on, and takes the project down on request', async () => {
  const s = await scenario({ files: { 'compose.yaml': SHORT } });
  await s.windlass(['up', '-d']);
  const { Id } = await s.container('short');
  const waited = await s.windlass(['wait', 'short'], { exit: 9 });
  expect(waited.stdout).toBe(`container "${Id}" exited with status code 9\n`);
  // It has ended: how is known still.
  expect(await s.windlass(['wait', 'short'], { exit: 9 })).toMatchObject({ stdout: waited.stdout });
  await s.windlass(['up', '-d']);
  await s.windlass(['wait', '--down-project', 'short', 'other'], { exit: 9 });
  await s.expectNothingLeft();
});
