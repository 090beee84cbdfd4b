// `up` in the foreground: output, ends, aborts, interrupts and waiting.
import { expect, test } from 'vitest';
import { type Scenario, scenario } from '../support/scenario.ts';

const service = (script: string, more = ''): string =>
  `{image: busybox:latest, command: [sh, -c, ${JSON.stringify(script)}], stop_grace_period: 0s${more}}`;

const LASTING = 'echo ready; sleep 1000';

const stack = (services: Readonly<Record<string, string>>): { files: Record<string, string> } => ({
  files: {
    'compose.yaml': `services:\n${Object.entries(services)
      .map(([name, text]) => `  ${name}: ${text}`)
      .join('\n')}\n`,
  },
});

const running = async (s: Scenario): Promise<string[]> =>
  Object.entries(await s.states()).flatMap(([name, state]) => (state === 'running' ? [name] : []));

test('shows the output of every container until all have ended, each stream on its own', async () => {
  const s = await scenario(
    stack({ one: service('echo from one; echo wrong >&2; exit 3'), three: service('printf no-newline') }),
  );
  const { exitCode, stdout, stderr } = await s.windlass(['up']);
  expect(exitCode).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toBe('Attaching to one-1, three-1');
  expect(lines.slice(1).sort()).toEqual([
    'one-1    | from one',
    'one-1 exited with code 3',
    'three-1  | no-newline',
    'three-1 exited with code 0',
  ]);
  expect(lines.indexOf('one-1    | from one')).toBeLessThan(lines.indexOf('one-1 exited with code 3'));
  expect(stderr).toContain('one-1    | wrong\n');
});

test('starts again what has ended, and shows its output again', async () => {
  const s = await scenario(stack({ one: service('echo again') }));
  await s.windlass(['up']);
  const { stdout } = await s.windlass(['up']);
  expect(stdout).toBe('Attaching to one-1\none-1  | again\none-1 exited with code 0\n');
});

test('follows a container through its restarts', async () => {
  const restarting = service(
    'echo run; sleep 0.2; test -e /done && exit 0; touch /done; exit 1',
    ', restart: on-failure',
  );
  const s = await scenario(stack({ one: restarting }));
  const { stdout } = await s.windlass(['up']);
  expect(stdout).toBe(
    'Attaching to one-1\none-1  | run\none-1 exited with code 1 (restarting)\none-1  | run\none-1 exited with code 0\n',
  );
});

test.each([
  ['--attach one', ['one-1']],
  ['--no-attach one', ['two-1']],
  ['two', ['two-1']],
  ['two --attach-dependencies', ['one-1', 'two-1']],
])('up %s attaches to what it says', async (args, expected) => {
  const s = await scenario(stack({ one: service('echo 1'), two: service('echo 2', ', depends_on: [one]') }));
  const { stdout } = await s.windlass(['up', ...args.split(' ')]);
  expect(stdout.split('\n')[0]).toBe(`Attaching to ${expected.join(', ')}`);
});

test('attach: false keeps a service quiet', async () => {
  const s = await scenario(stack({ one: service('echo 1', ', attach: false'), two: service('echo 2') }));
  const { stdout } = await s.windlass(['up', '--no-log-prefix']);
  expect(stdout).toBe('Attaching to two-1\n2\ntwo-1 exited with code 0\n');
});

test('waits for services whose output nobody wants', async () => {
  const s = await scenario(stack({ one: service('echo 1; sleep 0.5; exit 3', ', attach: false') }));
  const { stdout } = await s.windlass(['up']);
  expect(stdout).toBe('one-1 exited with code 3\n');
  expect(await s.states()).toEqual({ 'one-1': 'exited' });
});

test.each([
  ['--abort-on-container-exit', 'exit 0', 0],
  ['--abort-on-container-exit', 'exit 5', 5],
  ['--abort-on-container-failure', 'exit 6', 6],
  ['--exit-code-from one', 'exit 7', 7],
])('up %s stops everything when a container says "%s"', async (args, end, code) => {
  const s = await scenario(stack({ one: service(`echo 1; sleep 0.3; ${end}`), two: service(LASTING) }));
  const { exitCode, stderr, stdout } = await s.windlass(['up', ...args.split(' ')], { exit: 'any' });
  expect(exitCode).toBe(code);
  expect(stderr).toContain('Aborting on container exit...');
  expect(stderr).toContain(` Container ${s.project}-two-1  Stopped\n`);
  expect(stdout).toContain('two-1 exited with code 137\n');
  expect(await running(s)).toEqual([]);
});

test('--abort-on-container-failure lets a container end well', async () => {
  const s = await scenario(stack({ one: service('exit 0'), two: service('sleep 0.5; exit 0') }));
  const { stdout, stderr } = await s.windlass(['up', '--abort-on-container-failure']);
  expect(stdout).toContain('two-1 exited with code 0\n');
  expect(stderr).not.toContain('Aborting');
});

test('--exit-code-from a service that is stopped gives the code it is stopped with', async () => {
  const s = await scenario(stack({ one: service('sleep 0.3; exit 4'), two: service(LASTING) }));
  expect((await s.windlass(['up', '--exit-code-from', 'two'], { exit: 'any' })).exitCode).toBe(137);
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s stops everything and exits 130', async (signal) => {
  const s = await scenario(stack({ one: service(LASTING), two: service(LASTING, ', depends_on: [one]') }));
  const up = s.start(['up']);
  await up.until(/two-1 {2}\| ready/);
  up.signal(signal);
  const { exitCode, stdout, stderr } = await up.ended;
  expect(exitCode).toBe(130);
  expect(stdout).toContain('Gracefully Stopping... press Ctrl+C again to force\n');
  const [first, second] = ['two-1  Stopped', 'one-1  Stopped'].map((text) => stderr.indexOf(text));
  expect(first).toBeGreaterThan(0);
  expect(second).toBeGreaterThan(first ?? 0);
  expect(await s.states()).toEqual({ 'one-1': 'exited', 'two-1': 'exited' });
});

test('a second interrupt kills what does not want to stop', async () => {
  const stubborn = `{image: busybox:latest, command: [sh, -c, 'trap "" TERM; echo ready; while :; do sleep 0.1; done'], stop_grace_period: 100s}`;
  const s = await scenario(stack({ one: stubborn }));
  const up = s.start(['up']);
  await up.until('ready');
  up.signal('SIGINT');
  await up.until('Stopping');
  up.signal('SIGINT');
  expect((await up.ended).exitCode).toBe(130);
  expect(await s.states()).toEqual({ 'one-1': 'exited' });
});

test('an interrupt before anything runs ends the command, and the next run completes it', async () => {
  const s = await scenario(
    stack({
      gate: service(LASTING, ', healthcheck: {test: "false", interval: 1s, retries: 1000}'),
      web: service(LASTING, ', depends_on: {gate: {condition: service_healthy}}'),
    }),
  );
  const up = s.start(['up', '-d']);
  await up.until('gate-1  Waiting');
  up.signal('SIGINT');
  expect((await up.ended).exitCode).toBe(130);
  expect(await s.states()).toEqual({ 'gate-1': 'running', 'web-1': 'created' });
  await s.write('compose.yaml', (await s.read('compose.yaml')).replace('test: "false"', 'test: "true"'));
  await s.windlass(['up', '-d', '-t', '0']);
  expect(await running(s)).toEqual(['gate-1', 'web-1']);
});

test('whatever kill -9 interrupts is repaired by the same command', async () => {
  const s = await scenario(stack({ one: service(LASTING), two: service(LASTING), three: service(LASTING) }));
  for (const moment of ['Creating', 'Created', 'Starting', 'Recreate', 'Recreated']) {
    const up = s.start(['up', '-d', '--force-recreate']);
    await Promise.race([up.until(moment).catch(() => undefined), up.ended]);
    up.signal('SIGKILL');
    await up.ended;
    await s.windlass(['up', '-d']);
    expect(await s.states(), moment).toEqual({ 'one-1': 'running', 'three-1': 'running', 'two-1': 'running' });
  }
});

test('two at once on one project wait for each other', async () => {
  const s = await scenario(stack({ one: service(LASTING), two: service(LASTING) }));
  const both = await Promise.all([s.windlass(['up', '-d']), s.windlass(['up', '-d'])]);
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(await s.states()).toEqual({ 'one-1': 'running', 'two-1': 'running' });
});

test('another command can work on a project while up is attached to it', async () => {
  const s = await scenario(stack({ one: service(LASTING) }));
  const up = s.start(['up']);
  await up.until(/one-1 {2}\| ready/);
  await s.windlass(['up', '-d', '--force-recreate', '-t', '0']);
  await up.until('one-1 has been recreated');
  await up.until(/recreated[\s\S]*one-1 {2}\| ready/);
  await s.windlass(['down', '-t', '0']);
  const { exitCode, stdout } = await up.ended;
  expect(exitCode).toBe(0);
  expect(stdout).toContain('one-1 exited with code 137');
});

test('--wait waits for health, and says why it cannot have it', async () => {
  const healthy = ', healthcheck: {test: "test -e /ready", interval: 100ms, retries: 100}';
  const s = await scenario(stack({ one: service('sleep 0.5; touch /ready; sleep 1000', healthy) }));
  const { stderr } = await s.windlass(['up', '--wait']);
  expect(stderr).toContain(` Container ${s.project}-one-1  Healthy\n`);
  await s.write('compose.yaml', stack({ one: service('sleep 1000', healthy) }).files['compose.yaml'] ?? '');
  const late = await s.windlass(['up', '--wait', '--wait-timeout', '1', '-t', '0'], { exit: 1 });
  expect(late.stderr).toContain('application not healthy after 1s');
  await s.write('compose.yaml', stack({ one: service('echo broken; exit 3', healthy) }).files['compose.yaml'] ?? '');
  const dead = await s.windlass(['up', '--wait', '-t', '0'], { exit: 1 });
  expect(dead.stderr).toContain(`container ${s.project}-one-1 exited (3)`);
});
