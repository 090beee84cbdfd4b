// What shows and changes nothing prints what docker compose prints: stdout, exit code, and the first line of stderr.
import { expect, test } from 'vitest';
import { type Scenario, scenario } from '../support/scenario.ts';

const STACK = `
services:
  web:
    image: busybox:latest
    command: ["sh", "-c", "while true; do sleep 1; done"]
    init: true
    stop_grace_period: 0s
    scale: 2
    ports: ["80", "127.0.0.1::53/udp"]
    expose: ["9000-9002"]
    volumes: [data:/data, /anonymous]
    labels: {team: blue}
    healthcheck: {test: ["CMD", "true"], interval: 1s}
  job:
    image: busybox:latest
    command: ["sh", "-c", "echo '<done> & out'; exit 7"]
volumes:
  data: {}
`;

async function stack(): Promise<Scenario> {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  await s.compose(['up', '-d', '--quiet-pull']);
  await s.docker(['wait', `${s.project}-job-1`]);
  return s;
}

/** Times pass between the two calls, and docker compose puts labels in a random order. */
const settled = (text: string): string =>
  text
    .replace(/(Less than a second|About a minute|\d+ seconds?) ago/g, 'AGO')
    .replace(/Up (Less than a second|About a minute|\d+ seconds?)/g, 'Up')
    .replace(/\((health: starting|healthy)\)/g, '(HEALTH)')
    .replace(/"Mounts":"([^"]*)"/g, (_, names: string) => `"Mounts":"${names.split(',').sort().join(',')}"`)
    .replace(/"Health":"(starting|healthy)"/g, '"Health":"HEALTH"')
    .replace(/((?:[\w.-]+=[^,"\n]*,){3,}[\w.-]+=[^,"\n]*)/g, (labels) => labels.split(',').sort().join(','))
    // Columns are as wide as what stands in them.
    .replace(/ {2,}/g, '  ');

test('ps, images, ports, processes and volumes are listed as docker compose lists them', async () => {
  const s = await stack();
  const calls: string[][] = [
    ['ps'],
    ['ps', '-a'],
    ['ps', '--all', 'job'],
    ['ps', '-q'],
    ['ps', '-aq'],
    ['ps', '--services'],
    ['ps', '-a', '--services'],
    ['ps', '--status', 'exited'],
    ['ps', '--status=exited', '--status', 'running', '-q'],
    ['ps', '--filter', 'status=exited'],
    ['ps', '--filter', 'nonsense'],
    ['ps', '--filter', 'name=x'],
    ['ps', 'nope'],
    ['ps', '--no-trunc'],
    ['ps', '--format', 'json', '-a'],
    ['ps', '--format', 'raw'],
    ['ps', '--format', '{{.Name}} {{.Label "team"}} {{.Publishers}} {{.ExitCode}}', '-a'],
    ['ps', '--format', 'table {{.Name}}\t{{.State | upper}}\\t{{json .Networks}}'],
    ['ps', '--format', '{{range .Publishers}}{{.TargetPort}}/{{.Protocol}},{{end}}'],
    ['ps', '--format', '{{.Nope}}'],
    ['ps', '--format', '{{.Name'],
    ['images', '-q'],
    ['images'],
    ['images', '--format', 'yaml'],
    ['port', 'web', '80'],
    ['port', '--index', '2', 'web', '80'],
    ['port', '--protocol', 'udp', 'web', '53'],
    ['port', 'web', 'eighty'],
    ['port', 'web', '70000'],
    ['port', 'nope', '80'],
    ['port', 'web'],
    ['volumes'],
    ['volumes', '-q'],
    ['volumes', '--format', 'json'],
    ['volumes', 'web', '-q'],
    ['volumes', 'nope'],
    ['top', 'job'],
    ['logs', 'job'],
    ['logs', '--no-log-prefix', 'job'],
    ['logs', '-t', '-n', '1', 'job'],
    ['logs', '--tail=0', 'job'],
    ['logs', 'nope'],
    ['logs', '--index', '2'],
    ['logs', '--index', '9', 'web'],
    ['ls', '--filter', `name=${s.project}`],
    ['ls', '--all', '--filter', `name=${s.project}`, '--format', 'json'],
    ['ls', '-q', '--filter', `name=${s.project}`],
    ['ls', '--filter', 'color=red'],
    ['ls', '--format', 'yaml'],
  ];
  for (const call of calls) {
    const [theirs, ours] = [await s.compose(call, { exit: 'any' }), await s.windlass(call, { exit: 'any' })];
    const seen = (ran: typeof ours) => ({
      call: call.join(' '),
      exitCode: ran.exitCode,
      stdout: settled(ran.stdout),
      // docker compose says nothing of a name that no container goes by.
      stderr: ran.stderr.replace(/^warning: project .* has no container of service .*\n/, '').split('\n')[0],
    });
    expect(seen(ours)).toEqual(seen(theirs));
  }
});

test('the JSON of images and projects holds what docker compose gives', async () => {
  const s = await stack();
  const images = JSON.parse((await s.windlass(['images', '--format', 'json'])).stdout) as { ContainerName: string }[];
  const theirs = JSON.parse((await s.compose(['images', '--format', 'json'])).stdout) as typeof images;
  const byName = (a: (typeof images)[number], b: (typeof images)[number]) =>
    a.ContainerName < b.ContainerName ? -1 : 1;
  expect(images).toEqual(theirs.sort(byName));

  const replicas = [1, 2].map((number) => `${s.project}-web-${number}`);
  await s.write('made.yaml', (await s.windlass(['alpha', 'generate', '--name', 'made', ...replicas])).stdout);
  const made = await s.compose(['-f', 'made.yaml', 'config', '--format', 'json']);
  expect(JSON.parse(made.stdout)).toMatchObject({
    services: { web: { scale: 2, init: true, labels: { team: 'blue' }, healthcheck: { test: ['CMD', 'true'] } } },
    volumes: { [`${s.project}_data`]: { external: true } },
  });
});

test('top shows every process with the service and number of its container', async () => {
  const s = await stack();
  const { stdout } = await s.windlass(['top', 'web']);
  const [header = '', ...rows] = stdout.trimEnd().split('\n');
  expect(header).toMatch(/^SERVICE +# +UID +PID .* CMD$/);
  expect(rows.filter((row) => /^web +1 .*while true/.test(row)).length).toBeGreaterThan(0);
  expect(rows.filter((row) => /^web +2 .*while true/.test(row)).length).toBeGreaterThan(0);
  const json = JSON.parse((await s.windlass(['top', '--format', 'json', 'web'])).stdout) as { SERVICE: string }[];
  expect(json.map((row) => row.SERVICE)).toContain('web');
});

test('stats gives one sample per running container, as table, JSON and template', async () => {
  const s = await stack();
  const table = await s.windlass(['stats', '--no-stream']);
  expect(table.stdout).toMatch(/^CONTAINER ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS\n/);
  expect(table.stdout.trimEnd().split('\n')).toHaveLength(3);
  const json = await s.windlass(['stats', '--no-stream', '--format', 'json', 'web']);
  for (const line of json.stdout.trimEnd().split('\n'))
    expect(JSON.parse(line)).toMatchObject({
      CPUPerc: expect.stringMatching(/^\d+\.\d\d%$/),
      MemUsage: expect.stringMatching(/^[\d.]+\w+ \/ [\d.]+\w+$/),
      PIDs: expect.stringMatching(/^[1-9]\d*$/),
    });
  const all = await s.windlass(['stats', '--no-stream', '--all', '--format', '{{.Name}} {{.PIDs}}', 'job']);
  expect(all.stdout).toMatch(new RegExp(`^${s.project}-job-1 (0|--)\\n$`));
});

test('live stats show containers that come', async () => {
  const s = await stack();
  const live = s.start(['stats', '--format', '{{.Name}}=']);
  await live.until(`${s.project}-web-2=`);
  await s.windlass(['scale', 'web=3']);
  await live.until(`${s.project}-web-3=`);
  live.signal('SIGINT');
  expect((await live.ended).exitCode).toBe(130);
});

test('events are reported as they happen, in text and as JSON', async () => {
  const s = await stack();
  const live = s.start(['events', '--json', 'web']);
  // Listening begins at some moment after the start: events are made until one is seen.
  const poke = setInterval(() => void s.windlass(['kill', '-s', 'SIGWINCH', 'web'], { exit: 'any' }), 1000);
  try {
    await live.until('"action":"kill"');
  } finally {
    clearInterval(poke);
  }
  live.signal('SIGINT');
  const line = (await live.ended).stdout.split('\n').find((text) => text.includes('"action":"kill"')) ?? '';
  expect(JSON.parse(line)).toMatchObject({
    action: 'kill',
    type: 'container',
    service: 'web',
    attributes: { signal: expect.stringMatching(/^(28|SIGWINCH)$/), image: 'busybox:latest' },
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)$/),
  });
  const past = await s.windlass(['events', '--since', '10m', '--until', '0s', 'job']);
  expect(past.stdout).toMatch(new RegExp(`container start [0-9a-f]{64} \\(.*name=${s.project}-job-1`));
  expect(past.stdout).not.toContain('com.docker.compose');
});
