// Logs over several containers: in the order of time, filtered, and followed over restarts, recreations and changes of scale.
import { expect, test } from 'vitest';
import { type Scenario, scenario } from '../support/scenario.ts';

/** Two services that write by turns, as files in a volume they share tell them, far enough apart for the engine to tell. */
const TURNS = `
services:
  ping:
    image: busybox:latest
    command: ["sh", "-c", "for i in 1 2 3 4 5; do until [ -e /t/ping$$i ]; do usleep 2000; done; usleep 50000; echo line $$((2*i-1)); touch /t/pong$$i; done"]
    volumes: [turn:/t]
  pong:
    image: busybox:latest
    command: ["sh", "-c", "touch /t/ping1; for i in 1 2 3 4 5; do until [ -e /t/pong$$i ]; do usleep 2000; done; usleep 50000; echo line $$((2*i)) >&2; touch /t/ping$$((i+1)); done"]
    volumes: [turn:/t]
volumes: {turn: {}}
`;

const lines = (text: string): string[] => text.trimEnd().split('\n');

async function finished(s: Scenario, ...services: string[]): Promise<void> {
  await s.windlass(['up', '-d']);
  await s.docker(['wait', ...services.map((service) => `${s.project}-${service}-1`)]);
}

test('lines of all containers come in the order in which they were written, on standard output', async () => {
  const s = await scenario({ files: { 'compose.yaml': TURNS } });
  await finished(s, 'ping', 'pong');
  const { stdout, stderr } = await s.windlass(['logs']);
  expect(lines(stdout)).toEqual(
    Array.from({ length: 10 }, (_, index) => `${index % 2 === 0 ? 'ping' : 'pong'}-1  | line ${index + 1}`),
  );
  expect(stderr).toBe('');
  const stamped = await s.windlass(['logs', '--timestamps', '--no-log-prefix']);
  const times = lines(stamped.stdout).map((line) => line.split(' ')[0] ?? '');
  expect(times[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  expect([...times].sort()).toEqual(times);
  expect(lines((await s.windlass(['logs', '-n', '2'])).stdout)).toEqual([
    'ping-1  | line 7',
    'pong-1  | line 8',
    'ping-1  | line 9',
    'pong-1  | line 10',
  ]);
  expect(lines((await s.windlass(['logs', '--no-log-prefix', 'pong'])).stdout)).toHaveLength(5);
  expect((await s.windlass(['logs', '--since', '1s', '--until', '0s'])).exitCode).toBe(0);
  expect((await s.windlass(['logs', '--until', times[0] ?? ''])).stdout).not.toContain('line 10');
  const since = await s.windlass(['logs', '--since', times[4] ?? '', '--no-log-prefix']);
  expect(lines(since.stdout)).toEqual(['line 5', 'line 6', 'line 7', 'line 8', 'line 9', 'line 10']);
});

test('a colour per container on request, none otherwise', async () => {
  const s = await scenario({ files: { 'compose.yaml': TURNS } });
  await finished(s, 'ping', 'pong');
  const colored = await s.windlass(['--ansi', 'always', 'logs', '-n', '1']);
  expect(colored.stdout).toBe('\x1b[36mping-1  | \x1b[0mline 9\n\x1b[33mpong-1  | \x1b[0mline 10\n');
  const plain = await s.windlass(['--ansi', 'always', 'logs', '-n', '1', '--no-color']);
  expect(plain.stdout).toBe('ping-1  | line 9\npong-1  | line 10\n');
});

const LEVELS = `
services:
  app:
    image: busybox:latest
    command:
      - sh
      - -c
      - |
        echo '{"level":"info","msg":"started"}'
        echo 'time=x level=warn msg="slow query"'
        echo '2026-01-01 ERROR cannot connect'
        echo '    at stack frame 1'
        echo '[debug] details'
        echo 'done'
`;

test('lines are chosen by pattern and by level', async () => {
  const s = await scenario({ files: { 'compose.yaml': LEVELS } });
  await finished(s, 'app');
  const shown = async (...flags: string[]): Promise<string[]> =>
    lines((await s.windlass(['logs', '--no-log-prefix', ...flags])).stdout);
  expect(await shown('--level', 'warn')).toEqual([
    'time=x level=warn msg="slow query"',
    '2026-01-01 ERROR cannot connect',
    '    at stack frame 1',
  ]);
  expect(await shown('--grep', 'slow|cannot')).toHaveLength(2);
  expect(await shown('--grep', 'n', '--grep', '!cannot')).not.toContain('2026-01-01 ERROR cannot connect');
  const wrong = await s.windlass(['logs', '--grep', '('], { exit: 1 });
  expect(wrong.stderr).toContain('"(" is not a regular expression');
  const level = await s.windlass(['logs', '--level', 'loud'], { exit: 1 });
  expect(level.stderr).toContain('give one of trace, debug, info, warn, error, fatal');
});

test('a line longer than the engine’s messages is one line, with one timestamp', async () => {
  const s = await scenario({
    files: {
      'compose.yaml': `
services:
  app:
    image: busybox:latest
    command: ["sh", "-c", "head -c 50000 /dev/zero | tr '\\\\0' x; echo; head -c 16384 /dev/zero | tr '\\\\0' y; echo; printf end"]
`,
    },
  });
  await finished(s, 'app');
  const { stdout } = await s.windlass(['logs', '--no-log-prefix', '-t']);
  expect(lines(stdout).map((line) => line.replace(/^\S+Z /, '').length)).toEqual([50_000, 16_384, 3]);
});

const LIVE = `
services:
  app:
    image: busybox:latest
    command: ["sh", "-c", "echo up; trap 'echo bye; exit 3' TERM; while true; do sleep 0.1; done"]
    environment: {ROUND: "\${ROUND:-1}"}
`;

test('following goes on over restarts, recreations and changes of scale, and misses and repeats nothing', async () => {
  const s = await scenario({ files: { 'compose.yaml': LIVE } });
  await s.windlass(['up', '-d']);
  const live = s.start(['logs', '-f']);
  await live.until('app-1  | up\n');
  await s.windlass(['restart', 'app']);
  await live.until(/app-1 {2}\| bye\n(.*\n)*app-1 {2}\| up\n/);
  await s.windlass(['up', '-d'], { env: { ROUND: '2' } });
  await live.until('app-1 has been recreated');
  await live.until(/has been recreated\n(.*\n)*app-1 {2}\| up\n/);
  await s.windlass(['scale', 'app=2'], { env: { ROUND: '2' } });
  await live.until('app-2  | up\n');
  await s.windlass(['down']);
  const ended = await live.ended;
  expect(ended.exitCode).toBe(0);
  const count = (text: string) => lines(ended.stdout).filter((line) => line === text).length;
  expect(count('app-1  | up')).toBe(3);
  expect(count('app-2  | up')).toBe(1);
  expect(ended.stdout).toMatch(/app-2 exited with code 3/);
});

test('following a service that has ended shows its lines and ends', async () => {
  const s = await scenario({ files: { 'compose.yaml': LEVELS } });
  await finished(s, 'app');
  const { stdout } = await s.windlass(['logs', '-f', '-n', '1']);
  expect(stdout).toBe('app-1  | done\n');
});

test('Ctrl-C ends following with 130', async () => {
  const s = await scenario({ files: { 'compose.yaml': LIVE } });
  await s.windlass(['up', '-d']);
  const live = s.start(['logs', '--follow']);
  await live.until('app-1  | up');
  live.signal('SIGINT');
  expect((await live.ended).exitCode).toBe(130);
});
