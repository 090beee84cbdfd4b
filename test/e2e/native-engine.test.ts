// The native engine with real containers, through the docker CLI.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { start } from '../../scripts/ground/run.ts';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { type NativeEngineUnderTest, startNativeEngine } from '../support/native-engine.ts';

let engine: NativeEngineUnderTest;
beforeAll(async () => {
  engine = await startNativeEngine();
});
afterAll(async () => {
  expect(await engine.tearDown()).toEqual([]);
});

const docker = (...args: string[]) => engine.docker(args);

test('output, error output and exit code come back', async () => {
  const ran = await engine.docker(['run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7'], {
    exit: 7,
  });
  expect([ran.stdout, ran.stderr]).toEqual(['out\n', 'err\n']);
});

test('input reaches the container, and its end too', async () => {
  const input = `${'x'.repeat(100_000)}\nend\n`;
  const ran = await engine.docker(['run', '--rm', '-i', 'busybox', 'cat'], { input });
  expect(ran.stdout).toBe(input);
});

test('a program that is not there is exit status 127, and nothing is left of the container', async () => {
  const ran = await engine.docker(['run', '--rm', '--name', 'nothere', 'busybox', 'no-such-program'], { exit: 127 });
  expect(ran.stderr).toContain('exec: "no-such-program": executable file not found in $PATH');
  await engine.docker(['inspect', 'nothere'], { exit: 1 });
});

test('logs: the end, the times, both streams, and following to the end', async () => {
  await docker(
    'run',
    '-d',
    '--name',
    'talker',
    'busybox',
    'sh',
    '-c',
    'for i in 1 2 3; do echo line $i; done; printf unfinished; sleep 0.3; echo " business" >&2',
  );
  expect((await docker('logs', '-f', 'talker')).stdout).toBe('line 1\nline 2\nline 3\nunfinished');
  expect((await docker('logs', '--tail', '2', 'talker')).stderr).toBe(' business\n');
  expect((await docker('logs', '-t', '--tail', '1', 'talker')).stderr).toMatch(
    /^\d{4}-\d\d-\d\dT[\d:.]+Z +business\n$/,
  );
  await docker('rm', 'talker');
});

test('exec: output, input, user, working folder, exit code', async () => {
  await docker('run', '-d', '--name', 'host-of-execs', 'busybox', 'sleep', '600');
  expect(
    (
      await docker(
        'exec',
        '-u',
        'nobody',
        '-w',
        '/tmp',
        '-e',
        'A=1',
        'host-of-execs',
        'sh',
        '-c',
        'id -un; pwd; echo $A',
      )
    ).stdout,
  ).toBe('nobody\n/tmp\n1\n');
  expect((await engine.docker(['exec', '-i', 'host-of-execs', 'cat'], { input: 'abc' })).stdout).toBe('abc');
  await engine.docker(['exec', 'host-of-execs', 'sh', '-c', 'exit 5'], { exit: 5 });
  expect((await engine.docker(['exec', 'host-of-execs', 'nope'], { exit: 127 })).stdout).toContain(
    'executable file not found',
  );
});

test('exec: with a terminal it goes on when its client has left, and leaves no files when it ends', async () => {
  const api = new ApiClient(join(engine.folder, 'engine.sock'));
  const config = { Cmd: ['sh', '-c', 'echo here; exec sleep 600'], Tty: true, AttachStdout: true };
  const made = (await api.post('/containers/host-of-execs/exec', config)).json as { Id: string };
  const { socket, until } = await api.raw(`/exec/${made.Id}/start`, { body: { Tty: true } });
  await until('here');
  socket.destroy();
  await docker('exec', '-d', '-t', 'host-of-execs', 'true');
  const seen = async () =>
    (await api.get(`/exec/${made.Id}/json`)).json as { Running: boolean; ExitCode: number; Pid: number };
  const bundle = join(engine.folder, 'run/containers', await engine.inspect('host-of-execs', ({ Id }) => Id), 'exec');
  await eventually('the other’s files are gone', async () => (await readdir(bundle)).length === 1);
  expect(await seen()).toMatchObject({ Running: true, ExitCode: null });
  process.kill((await seen()).Pid, 'SIGKILL');
  await eventually('its end is seen', async () => !(await seen()).Running);
  expect(await seen()).toMatchObject({ ExitCode: 137 });
  await eventually('its files are gone', async () => (await readdir(bundle)).length === 0);
  await docker('rm', '-f', 'host-of-execs');
});

test('stop sends the signal that the container asks for, and kills after the time-out', async () => {
  const trap = 'trap "echo got usr1; exit 3" USR1; echo up; while :; do sleep 0.1; done';
  await docker('run', '-d', '--name', 'polite', '--stop-signal', 'USR1', 'busybox', 'sh', '-c', trap);
  await eventually('the trap is set', async () => (await docker('logs', 'polite')).stdout.includes('up'));
  await docker('stop', 'polite');
  expect(await engine.inspect('polite', ({ State }) => State.ExitCode)).toBe(3);
  await docker('run', '-d', '--name', 'stubborn', 'busybox', 'sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done');
  await docker('stop', '-t', '0', 'stubborn');
  expect(await engine.inspect('stubborn', ({ State }) => State.ExitCode)).toBe(137);
  await docker('rm', 'polite', 'stubborn');
});

test('containers find one another by name and alias on their network, and not from another', async () => {
  await docker('network', 'create', 'inner');
  await docker('network', 'create', 'outer');
  await docker(
    'run',
    '-d',
    '--name',
    'server',
    '--network',
    'inner',
    '--network-alias',
    'api',
    'busybox',
    'httpd',
    '-f',
    '-h',
    '/etc',
  );
  const fetch = ['wget', '-qO-', 'http://api/passwd'];
  const got = await eventually(
    'the server answers',
    async () => (await docker('run', '--rm', '--network', 'inner', 'busybox', ...fetch)).stdout,
  );
  expect(got).toContain('root:x:0:0');
  expect((await docker('run', '--rm', '--network', 'inner', 'busybox', 'cat', '/etc/resolv.conf')).stdout).toContain(
    'nameserver 127.0.0.11',
  );
  expect(
    (await engine.docker(['run', '--rm', '--network', 'outer', 'busybox', ...fetch], { exit: 1 })).stderr,
  ).toContain('bad address');
  const address = await engine.inspect(
    'server',
    ({ NetworkSettings }) => NetworkSettings.Networks.inner?.IPAddress ?? '',
  );
  // Neither by address: networks are closed to one another.
  await engine.docker(['run', '--rm', '--network', 'outer', 'busybox', 'nc', '-w', '2', address, '80'], {
    exit: 1,
    input: '',
  });
  const reverse = await docker('run', '--rm', '--network', 'inner', 'busybox', 'nslookup', address);
  expect(reverse.stdout).toContain('server.inner');
  // Joined while running, it is found at once.
  await docker('network', 'connect', '--alias', 'api', 'outer', 'server');
  expect((await docker('run', '--rm', '--network', 'outer', 'busybox', ...fetch)).stdout).toContain('root:x:0:0');
  await docker('network', 'disconnect', 'outer', 'server');
  await engine.docker(['run', '--rm', '--network', 'outer', 'busybox', ...fetch], { exit: 1 });
  expect((await engine.docker(['network', 'rm', 'inner'], { exit: 1 })).stderr).toContain('has active endpoints');
  await docker('rm', '-f', 'server');
  await docker('network', 'rm', 'inner', 'outer');
});

test('published ports answer on every address, on loopback, over IPv6 loopback and through the host', async () => {
  const [port, local] = [await freePort(), await freePort()];
  await docker(
    'run',
    '-d',
    '--name',
    'web',
    '-p',
    `${port}:80`,
    '-p',
    `127.0.0.1:${local}:80`,
    'busybox',
    'httpd',
    '-f',
    '-h',
    '/etc',
  );
  for (const address of [`127.0.0.1:${port}`, `[::1]:${port}`, `127.0.0.1:${local}`])
    expect(
      await eventually(`an answer at ${address}`, async () => (await fetch(`http://${address}/passwd`)).text()),
    ).toContain('root:x:0:0');
  const gateway = (await docker('exec', 'web', 'ip', 'route')).stdout.match(/default via (\S+)/)?.[1] ?? '';
  // Hairpin: the container reaches itself through the host's address.
  expect((await docker('exec', 'web', 'wget', '-qO-', `http://${gateway}:${port}/passwd`)).stdout).toContain(
    'root:x:0:0',
  );
  expect((await engine.docker(['run', '--rm', '-p', `${port}:80`, 'busybox', 'true'], { exit: 125 })).stderr).toContain(
    'port is already allocated',
  );
  expect((await docker('port', 'web', '80/tcp')).stdout).toContain(`0.0.0.0:${port}`);
  await docker('rm', '-f', 'web');
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
});

test('a new volume takes the image’s content, is kept, and an anonymous one goes with its container', async () => {
  await docker('run', '--rm', '-v', 'kept:/etc', 'busybox', 'sh', '-c', 'test -f /etc/passwd && echo mine > /etc/own');
  expect(
    (await docker('run', '--rm', '-v', 'kept:/x:ro', 'busybox', 'sh', '-c', 'cat /x/own; ls /x; touch /x/no || true'))
      .stdout,
  ).toMatch(/^mine\ngroup\n/);
  // Older clients put the engine's answer in words of their own, here and for `cp`.
  expect((await engine.docker(['volume', 'rm', 'unknown'], { exit: 1 })).stderr).toMatch(/no such volume/i);
  await docker('run', '--rm', '-v', '/anon', 'busybox', 'true');
  await eventually('one volume is left', async () => (await docker('volume', 'ls', '-q')).stdout === 'kept\n');
  await docker('volume', 'rm', 'kept');
});

test('files are copied in and out, and a link in the container leads nowhere else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-cp-'));
  await writeFile(join(folder, 'note'), 'hello\n');
  await docker('run', '-d', '--name', 'files', 'busybox', 'sleep', '600');
  await docker('exec', 'files', 'ln', '-s', folder, '/escape');
  await docker('cp', join(folder, 'note'), 'files:/tmp/');
  expect((await docker('exec', 'files', 'cat', '/tmp/note')).stdout).toBe('hello\n');
  expect((await engine.docker(['cp', 'files:/escape/note', '-'], { exit: 1 })).stderr).toMatch(
    /Could not find the file|No such container:path/,
  );
  await engine.docker(['cp', join(folder, 'note'), 'files:/escape/planted'], { exit: 1 });
  await docker('rm', '-f', 'files');
  await rm(folder, { recursive: true });
});

test('a restart policy starts again, counts, and obeys the user', async () => {
  await docker('run', '-d', '--name', 'phoenix', '--restart', 'on-failure:2', 'busybox', 'sh', '-c', 'exit 4');
  await eventually('two restarts', () =>
    engine.inspect('phoenix', (c) => c.RestartCount === 2 && c.State.Status === 'exited'),
  );
  await docker('run', '-d', '--name', 'eternal', '--restart', 'always', 'busybox', 'sleep', '600');
  await docker('stop', '-t', '0', 'eternal');
  expect(await engine.inspect('eternal', (c) => c.State.Status)).toBe('exited');
  await docker('rm', 'phoenix', 'eternal');
});

test('health follows the probe', async () => {
  const probe = ['--health-cmd', 'test -f /tmp/ok', '--health-interval', '200ms', '--health-retries', '2'];
  await docker('run', '-d', '--name', 'patient', ...probe, 'busybox', 'sleep', '600');
  const is = (status: string) =>
    eventually(status, () => engine.inspect('patient', ({ State }) => State.Health?.Status === status));
  await is('unhealthy');
  await docker('exec', 'patient', 'touch', '/tmp/ok');
  await is('healthy');
  await docker('rm', '-f', 'patient');
});

test('limits hold: processes, memory, and what a container may see and do', async () => {
  const bomb = 'i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i+1)); done; echo survived';
  expect(
    (await engine.docker(['run', '--rm', '--pids-limit', '20', 'busybox', 'sh', '-c', bomb], { exit: 2 })).stderr,
  ).toMatch(/can't fork/);
  await engine.docker(
    ['run', '--name', 'hog', '-m', '32m', '--memory-swap', '32m', 'busybox', 'sh', '-c', 'tail /dev/zero'],
    { exit: 137 },
  );
  await docker('rm', 'hog');
  const look =
    'cat /proc/kcore | head -c 1 | wc -c; ls /sys/firmware | wc -l; (mount -t tmpfs x /mnt || mkdir /mnt && mount -t tmpfs x /mnt) 2>&1 | tail -1; grep Seccomp: /proc/self/status';
  const { stdout } = await docker('run', '--rm', 'busybox', 'sh', '-c', look);
  expect(stdout.split('\n').slice(0, 2)).toEqual(['0', '0']);
  expect(stdout).toMatch(/not permitted|permission denied/i);
  expect(stdout).toMatch(/Seccomp:\t2/);
});

test('after kill -9 the next engine takes over: processes, names, ports, logs, exits', async () => {
  const port = await freePort();
  await docker('network', 'create', 'lasting');
  await docker(
    'run',
    '-d',
    '--name',
    'steady',
    '--network',
    'lasting',
    '-p',
    `${port}:80`,
    'busybox',
    'sh',
    '-c',
    'echo begun; httpd -f -h /etc',
  );
  await docker(
    'run',
    '-d',
    '--name',
    'brief',
    'busybox',
    'sh',
    '-c',
    'while [ ! -f /go ]; do sleep 0.05; done; exit 9',
  );
  const pid = await engine.inspect('steady', ({ State }) => State.Pid);
  await docker('exec', '-d', 'brief', 'sh', '-c', 'sleep 0.5; touch /go');
  await engine.crash();
  // While no engine runs, the published port answers.
  expect(
    await eventually('an answer without an engine', async () =>
      (await fetch(`http://127.0.0.1:${port}/passwd`)).text(),
    ),
  ).toContain('root');
  await eventually('the exit of the other is written', async () =>
    (await import('node:fs/promises')).readdir(join(engine.folder, 'run/exits')).then((names) => names.length > 0),
  );
  await engine.start();
  expect(await engine.inspect('steady', ({ State }) => [State.Status, State.Pid])).toEqual(['running', pid]);
  expect(await engine.inspect('brief', ({ State }) => [State.Status, State.ExitCode])).toEqual(['exited', 9]);
  expect((await docker('logs', 'steady')).stdout).toBe('begun\n');
  expect(
    (await docker('run', '--rm', '--network', 'lasting', 'busybox', 'wget', '-qO-', 'http://steady/passwd')).stdout,
  ).toContain('root');
  expect(await (await fetch(`http://127.0.0.1:${port}/passwd`)).text()).toContain('root');
  await docker('rm', '-f', 'steady', 'brief');
  await docker('network', 'rm', 'lasting');
});

test('the engine ends although a client is attached, and its containers go on', async () => {
  await docker('run', '-d', '--name', 'watched', 'busybox', 'sleep', '600');
  const attached = start('docker', ['attach', '--sig-proxy=false', 'watched'], {
    env: { ...process.env, DOCKER_HOST: engine.host },
  });
  await eventually('the client is attached', async () =>
    (await docker('events', '--since', '1', '--until', '0s', '--filter', 'event=attach')).stdout.includes('watched'),
  );
  const pid = await engine.inspect('watched', ({ State }) => State.Pid);
  await engine.stop();
  await attached.ended;
  await engine.start();
  expect(await engine.inspect('watched', ({ State }) => [State.Status, State.Pid])).toEqual(['running', pid]);
  await docker('rm', '-f', 'watched');
});

test('a second engine on the same root is refused', async () => {
  const { inject } = await import('vitest');
  const second = start(process.execPath, [inject('ground').program, 'engine', 'run', '--root', engine.folder]);
  const ran = await second.ended;
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toContain('another engine works on');
});

test('docker compose raises and lowers a stack', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-stack-'));
  const port = await freePort();
  await writeFile(
    join(folder, 'compose.yaml'),
    `
name: nativestack
services:
  db:
    image: busybox
    command: sh -c 'echo data > /data/f; httpd -f -h /data'
    volumes: [vol:/data]
    healthcheck: {test: [CMD, wget, -qO-, "http://127.0.0.1/f"], interval: 300ms, retries: 20}
  web:
    image: busybox
    command: sh -c 'mkdir /w; wget -qO /w/index.html http://db/f; httpd -f -h /w'
    ports: ["${port}:80"]
    depends_on: {db: {condition: service_healthy}}
volumes: {vol: {}}
`,
  );
  await engine.compose(folder, ['up', '-d']);
  expect(await eventually('web answers', async () => (await fetch(`http://127.0.0.1:${port}/`)).text())).toBe('data\n');
  await engine.compose(folder, ['down', '--volumes', '-t', '0']);
  expect((await docker('ps', '-aq', '--filter', 'label=com.docker.compose.project=nativestack')).stdout).toBe('');
  expect((await docker('volume', 'ls', '-q')).stdout).toBe('');
  await rm(folder, { recursive: true });
});
