// Each command that changes a project, side by side with docker compose: the same exit status, the same output, the same states.
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type Scenario, scenario } from '../support/scenario.ts';

const STACK = `
services:
  db: {image: busybox:latest, command: sleep 1000, stop_grace_period: 0s}
  web: {image: busybox:latest, command: sleep 1000, stop_grace_period: 0s, depends_on: [db]}
  job: {image: busybox:latest, command: "true", profiles: [jobs]}
`;

const WINDLASS_ONLY = /^warning: /;

/** Runs the same command with both programs, each on a project of its own, and compares what can be seen. */
async function both(s: Scenario, peer: string, args: readonly string[]): Promise<Record<string, string>> {
  const any = { exit: 'any' } as const;
  const theirs = await s.compose(args, { ...any, env: { COMPOSE_PROJECT_NAME: peer } });
  const ours = await s.windlass(args, any);
  const neutral = (text: string) => text.replaceAll(peer, 'PROJECT').replaceAll(s.project, 'PROJECT');
  const lines = (text: string) =>
    neutral(text)
      .split('\n')
      .filter((line) => line !== '' && !WINDLASS_ONLY.test(line))
      .sort();
  const what = args.join(' ');
  expect({ what, exit: ours.exitCode }).toEqual({ what, exit: theirs.exitCode });
  expect({ what, stdout: neutral(ours.stdout) }).toEqual({ what, stdout: neutral(theirs.stdout) });
  expect({ what, stderr: lines(ours.stderr) }).toEqual({ what, stderr: lines(theirs.stderr) });
  const peerStates = async () =>
    Object.fromEntries(
      (await s.containers(peer)).map(({ Name, State }) => [Name.slice(peer.length + 2), State.Status]),
    );
  // A job has been started when `up` ends, and takes a moment to come to its end.
  await eventually('jobs ended', async () =>
    [await s.states(), await peerStates()].every((states) => states['job-1'] !== 'running'),
  );
  const states = await s.states();
  expect({ what, states }).toEqual({ what, states: await peerStates() });
  return states;
}

async function pair(compose: string): Promise<{ s: Scenario; peer: string }> {
  const s = await scenario({ files: { 'compose.yaml': compose } });
  const peer = `${s.project}-peer`;
  s.alsoRemove(peer);
  return { s, peer };
}

test('a project goes through its life as with docker compose', async () => {
  const { s, peer } = await pair(STACK);
  const same = (line: string) => both(s, peer, line.split(' '));
  expect(await same('up -d')).toEqual({ 'db-1': 'running', 'web-1': 'running' });
  await same('up -d');
  expect(await same('stop web')).toEqual({ 'db-1': 'running', 'web-1': 'exited' });
  await same('start web');
  await same('restart');
  expect(await same('pause web')).toEqual({ 'db-1': 'running', 'web-1': 'paused' });
  await same('unpause web');
  await same('up -d --scale web=3');
  expect(await same('up -d --scale web=1')).toEqual({ 'db-1': 'running', 'web-1': 'running' });
  await same('up -d --force-recreate db');
  await same('kill -s SIGKILL web');
  expect(await same('rm -f')).toEqual({ 'db-1': 'running' });
  expect(await same('create')).toEqual({ 'db-1': 'running', 'web-1': 'created' });
  await same('start web');
  await same('up -d job');
  expect(await same('--progress json stop')).toEqual({ 'db-1': 'exited', 'job-1': 'exited', 'web-1': 'exited' });
  await same('--progress quiet up -d');
  await s.windlass(['--profile', 'jobs', 'down']);
  await s.expectNothingLeft();
});

test('services are named by patterns, and slips get a suggestion', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  await s.windlass(['up', '-d']);
  await s.windlass(['stop', 'w*']);
  expect(await s.states()).toEqual({ 'db-1': 'running', 'web-1': 'exited' });
  const { stderr } = await s.windlass(['up', '-d', 'wbe'], { exit: 1 });
  expect(stderr).toBe('no such service: wbe\n  hint: did you mean "web"?\n');
});

test('a name is enough to stop, start and remove a project', async () => {
  const { s, peer } = await pair(STACK);
  for (const project of [s.project, peer]) await s.compose(['up', '-d'], { env: { COMPOSE_PROJECT_NAME: project } });
  const nowhere = { cwd: '/', env: { COMPOSE_PROJECT_NAME: '' } };
  for (const args of [['stop'], ['start'], ['start', 'web'], ['restart'], ['stop'], ['start'], ['down']]) {
    const theirs = await s.compose(['-p', peer, ...args], nowhere);
    const ours = await s.windlass(['-p', s.project, ...args], nowhere);
    expect(ours.stderr.replaceAll(s.project, 'P').split('\n').sort(), args.join(' ')).toEqual(
      theirs.stderr.replaceAll(peer, 'P').split('\n').sort(),
    );
  }
  await s.expectNothingLeft();
  const { stderr } = await s.windlass(['-p', s.project, 'start'], { ...nowhere, exit: 1 });
  expect(stderr).toContain(`no container found for project "${s.project}": not found`);
  const { stderr: nothing } = await s.windlass(['-p', s.project, 'down'], nowhere);
  expect(nothing).toBe(`warning: no resource found to remove for project "${s.project}"\n`);
});

test('orphans are told, ignored or removed as asked', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  await s.windlass(['up', '-d']);
  await s.write('compose.yaml', STACK.replace(/ {2}web:.*\n/, ''));
  const told = await s.windlass(['up', '-d']);
  expect(told.stderr).toContain(`Found orphan containers ([${s.project}-web-1]) for this project`);
  const silent = await s.windlass(['up', '-d'], { env: { COMPOSE_IGNORE_ORPHANS: '1' } });
  expect(silent.stderr).not.toContain('orphan');
  await s.write('.env', 'COMPOSE_REMOVE_ORPHANS=true\n');
  await s.windlass(['up', '-d']);
  expect(await s.states()).toEqual({ 'db-1': 'running' });
});

test('a dry run tells what would be done and does nothing', async () => {
  const { s, peer } = await pair(STACK);
  for (const args of [
    ['--dry-run', 'up', '-d'],
    ['create', '--dry-run'],
  ]) {
    const theirs = await s.compose(args, { env: { COMPOSE_PROJECT_NAME: peer } });
    const ours = await s.windlass(args);
    expect(ours.stdout).toBe(theirs.stdout);
    const lines = (text: string, project: string) => text.replaceAll(project, 'P').split('\n').sort();
    expect(lines(ours.stderr, s.project)).toEqual(lines(theirs.stderr, peer));
  }
  const attached = await s.windlass(['up', '--dry-run']);
  expect(attached.stdout).toBe("end of 'compose up' output, interactive run is not supported in dry-run mode\n");
  await s.expectNothingLeft();
  await s.windlass(['up', '-d']);
  const before = (await s.containers()).map(({ Id, State }) => [Id, State.StartedAt]);
  for (const args of [
    'down -v --rmi all',
    'up -d --force-recreate',
    'stop',
    'restart',
    'kill',
    'rm -sf',
    'up -d --scale web=3',
  ]) {
    const { stderr } = await s.windlass(['--dry-run', ...args.split(' ')]);
    expect(stderr, args).toContain(' DRY-RUN MODE -  Container ');
  }
  expect((await s.containers()).map(({ Id, State }) => [Id, State.StartedAt])).toEqual(before);
});

test('plan says what up would change and why, and changes nothing', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  const first = await s.windlass(['plan', 'db'], { exit: 2 });
  // How wide the columns are depends on the project's name.
  expect(first.stdout.replaceAll(s.project, 'P').replace(/ +/g, ' ').split('\n')).toEqual([
    'up of project P: 2 to create',
    '',
    'RESOURCE DECISION WHY',
    'container P-db-1 create missing',
    'network P_default create missing',
    '',
    'WAVE STEP',
    '1 create network P_default',
    '2 create container P-db-1',
    '3 start container P-db-1',
    '',
  ]);
  await s.expectNothingLeft();
  await s.windlass(['up', '-d']);
  expect((await s.windlass(['plan'])).stdout).toMatch(
    /^up of project .*: nothing to do\n\nuntouched: containers .*\n$/,
  );
  const forced = JSON.parse((await s.windlass(['plan', '--force-recreate', '--json', 'db'], { exit: 2 })).stdout);
  expect(forced.verdicts).toContainEqual(
    expect.objectContaining({ resource: `container ${s.project}-db-1`, decision: 'recreate', reason: 'forced' }),
  );
});

test('a plan names the attributes that changed, and is carried out only while it holds', async () => {
  const stack = (level: string): string =>
    `services: {db: {image: "busybox:latest", command: sleep 1000, init: true, stop_grace_period: 0s, environment: {LEVEL: ${level}, TOKEN: t-${level}}}}\n`;
  const s = await scenario({ files: { 'compose.yaml': stack('debug') } });
  await s.windlass(['up', '-d']);
  await s.write('compose.yaml', stack('info'));
  const { stdout } = await s.windlass(['plan', '--out', 'up.plan'], { exit: 2 });
  expect(stdout).toMatch(/-db-1 +recreate +environment\.LEVEL "debug" → "info"\n +environment\.TOKEN "•••" → "•••"\n/);
  await s.write('compose.yaml', stack('warn'));
  const refused = await s.windlass(['up', '-d', '--plan', 'up.plan'], { exit: 1 });
  expect(refused.stderr).toContain('the plan does not hold any more: the files, or what they refer to, have changed');
  await s.write('compose.yaml', stack('info'));
  await s.windlass(['up', '-d', '--plan', 'up.plan', '--trace', 'up.json']);
  const { traceEvents } = JSON.parse(await s.read('up.json')) as { traceEvents: { name: string; dur?: number }[] };
  expect(traceEvents.find(({ name }) => name === `start container ${s.project}-db-1`)?.dur).toBeGreaterThan(0);
  expect(await s.read('up.html')).toContain(`start container ${s.project}-db-1`);
  expect((await s.containers())[0]?.Config.Env).toContain('LEVEL=info');
  expect((await s.windlass(['up', '-d', '--plan', 'up.plan'], { exit: 1 })).stderr).toContain('now keep (running)');
  const down = await s.windlass(['plan', '--down'], { exit: 2 });
  expect(down.stdout).toMatch(
    /^down of project .*: 2 to remove\n\nRESOURCE .*\ncontainer .*-db-1 +remove +asked for\n/,
  );
});

test('rm asks before it removes', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  await s.windlass(['up', '-d']);
  const nothing = await s.windlass(['rm']);
  expect(nothing.stderr).toBe('No stopped containers\n');
  await s.windlass(['stop', 'web']);
  const refused = await s.windlass(['rm'], { input: 'n\n' });
  expect(refused.stderr).toContain(`? Going to remove ${s.project}-web-1 [yN]`);
  expect(await s.states()).toEqual({ 'db-1': 'running', 'web-1': 'exited' });
  await s.windlass(['rm'], { input: 'y\n' });
  expect(await s.states()).toEqual({ 'db-1': 'running' });
  const all = await s.windlass(['rm', '--stop', '--force']);
  expect(all.stdout).toBe(`Going to remove ${s.project}-db-1\n`);
  expect(await s.states()).toEqual({});
});

test('down takes volumes and images along when asked, and leaves other things', async () => {
  const s = await scenario({
    files: {
      'compose.yaml': `
services:
  web: {build: ., command: sleep 1000, stop_grace_period: 0s, volumes: [data:/data]}
volumes: {data: {}}
`,
      Dockerfile: 'FROM busybox:latest\nRUN echo hello > /hello\n',
    },
  });
  await s.windlass(['up', '-d']);
  await s.windlass(['down']);
  expect(await s.remains()).toEqual([`volume ${s.project}_data`]);
  await s.windlass(['up', '-d', '--no-build']);
  await s.windlass(['down', '--volumes', '--rmi', 'local']);
  await s.expectNothingLeft();
  await s.docker(['image', 'inspect', `${s.project}-web`], { exit: 1 });
  const { stderr } = await s.windlass(['down', '--rmi', 'some'], { exit: 1 });
  expect(stderr).toContain('invalid value for --rmi: "some"');
});
