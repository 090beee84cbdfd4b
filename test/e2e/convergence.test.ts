// What `up` makes of a running project after a change, on a real engine: what is replaced, what stays, what is said.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type Scenario, scenario } from '../support/scenario.ts';

const idle = 'image: busybox:latest, command: sleep 1000, stop_grace_period: 0s';

const ids = async (s: Scenario): Promise<Record<string, string>> =>
  Object.fromEntries((await s.containers()).map(({ Name, Id }) => [Name.replace(`/${s.project}-`, ''), Id]));

async function up(s: Scenario, compose: string, ...flags: string[]): Promise<string> {
  await s.write('compose.yaml', compose);
  const ran = await s.windlass(['up', '-d', ...flags]);
  return ran.stdout + ran.stderr;
}

const inside = async (s: Scenario, service: string, command: string): Promise<string> =>
  (await s.docker(['exec', (await s.container(service)).Id, 'sh', '-c', command])).stdout.trim();

describe('replacing', () => {
  test('only the changed service is replaced; it keeps its name and its anonymous volume', async () => {
    const s = await scenario();
    const stack = (extra: string) => `services: {web: {${idle}, volumes: [/data]${extra}}, db: {${idle}}}`;
    await up(s, stack(''));
    await inside(s, 'web', 'echo precious > /data/file');
    const before = await ids(s);
    const said = await up(s, stack(', environment: {NEW: "1"}'));
    const after = await ids(s);
    expect(after['db-1']).toBe(before['db-1']);
    expect(after['web-1']).not.toBe(before['web-1']);
    expect(await inside(s, 'web', 'cat /data/file; echo $NEW')).toBe('precious\n1');
    expect(said).toMatch(/web-1 +Recreated/);
    await up(s, stack(', environment: {NEW: "1"}'), '--force-recreate', '-V');
    expect(await inside(s, 'web', 'ls /data')).toBe('');
  });

  test('a config or secret whose content changed replaces its users, and nobody else', async () => {
    const s = await scenario({ env: { TOKEN: 'one' } });
    const stack = (text: string) => `
services:
  web: {${idle}, configs: [{source: site, target: /etc/site, mode: 0440, uid: "7", gid: "8"}]}
  file: {${idle}, configs: [file]}
  secret: {${idle}, secrets: [token]}
  other: {${idle}}
configs: {site: {content: "${text}"}, file: {file: ./file.conf}}
secrets: {token: {environment: TOKEN}}`;
    await s.write('file.conf', 'one');
    await up(s, stack('one'));
    const first = await ids(s);
    expect(await inside(s, 'web', 'cat /etc/site; stat -c " %a %u %g" /etc/site')).toBe('one 440 7 8');
    await s.write('file.conf', 'two');
    await s.write('compose.yaml', stack('two'));
    await s.windlass(['up', '-d'], { env: { TOKEN: 'two' } });
    const second = await ids(s);
    expect(second['other-1']).toBe(first['other-1']);
    for (const name of ['web-1', 'file-1', 'secret-1']) expect(second[name]).not.toBe(first[name]);
    expect(await inside(s, 'web', 'cat /etc/site')).toBe('two');
    expect(await inside(s, 'file', 'cat /file')).toBe('two');
    expect(await inside(s, 'secret', 'cat /run/secrets/token')).toBe('two');
    await s.windlass(['up', '-d'], { env: { TOKEN: 'two' } });
    expect(await ids(s)).toEqual(second);
  });

  test('who depends on a replaced service with restart: true is restarted; who shares its network is replaced', async () => {
    const s = await scenario();
    const stack = (extra: string) => `
services:
  db: {${idle}${extra}}
  web: {${idle}, depends_on: {db: {condition: service_started, restart: true}}}
  beside: {${idle}, network_mode: "service:db"}
  other: {${idle}, depends_on: [db]}`;
    await up(s, stack(''));
    const before = await s.containers();
    await up(s, stack(', environment: {A: b}'));
    const after = await s.containers();
    const changed = (service: string, of: (c: (typeof before)[number]) => string): boolean => {
      const find = (all: typeof before) => all.find((c) => c.Name.includes(`-${service}-`));
      const [was, is] = [find(before), find(after)];
      return was === undefined || is === undefined || of(was) !== of(is);
    };
    expect(changed('web', ({ Id }) => Id)).toBe(false);
    expect(changed('web', ({ State }) => State.StartedAt)).toBe(true);
    expect(changed('beside', ({ Id }) => Id)).toBe(true);
    expect(changed('other', ({ State }) => State.StartedAt)).toBe(false);
    expect(Object.values(await s.states())).toEqual(['running', 'running', 'running', 'running']);
  });

  test('an image that was built anew replaces its users', async () => {
    const s = await scenario({ files: { Dockerfile: 'FROM busybox:latest\nRUN echo one > /which\n' } });
    const stack = 'services: {web: {build: ., command: sleep 1000, stop_grace_period: 0s}}';
    await up(s, stack);
    const first = await ids(s);
    await s.write('Dockerfile', 'FROM busybox:latest\nRUN echo two > /which\n');
    await up(s, stack);
    expect(await ids(s)).toEqual(first);
    await up(s, stack, '--build');
    expect(await inside(s, 'web', 'cat /which')).toBe('two');
  });

  test('a network whose definition changed is replaced under its users', async () => {
    const s = await scenario();
    const stack = (internal: boolean) =>
      `services: {web: {${idle}, networks: [back]}, db: {${idle}}}\nnetworks: {back: {internal: ${internal}}}`;
    await up(s, stack(false));
    const before = await ids(s);
    await up(s, stack(true));
    const { stdout } = await s.docker([
      'network',
      'inspect',
      '-f',
      '{{.Internal}} {{len .Containers}}',
      `${s.project}_back`,
    ]);
    expect(stdout.trim()).toBe('true 1');
    expect((await ids(s))['db-1']).toBe(before['db-1']);
  });

  test('a volume whose definition changed is kept, and replaced only with --yes', async () => {
    const s = await scenario();
    const stack = (label: string) =>
      `services: {web: {${idle}, volumes: ["data:/data", /anonymous]}}\nvolumes: {data: {labels: {is: ${label}}}}`;
    await up(s, stack('one'));
    await inside(s, 'web', 'echo precious | tee /data/file > /anonymous/file');
    const before = await ids(s);
    await up(s, stack('two'));
    expect(await ids(s)).toEqual(before);
    await up(s, stack('two'), '--yes');
    expect(await inside(s, 'web', 'ls /data; cat /anonymous/file')).toBe('precious');
    const { stdout } = await s.docker(['volume', 'inspect', '-f', '{{.Labels.is}}', `${s.project}_data`]);
    expect(stdout.trim()).toBe('two');
  });

  test('ports are swapped between two services', async () => {
    const [first, second] = [await freePort(), await freePort()];
    const s = await scenario();
    const stack = (a: number, b: number) =>
      `services: {a: {${idle}, ports: ["127.0.0.1:${a}:80"]}, b: {${idle}, ports: ["127.0.0.1:${b}:80"]}}`;
    await up(s, stack(first, second));
    await up(s, stack(second, first));
    expect(await s.states()).toEqual({ 'a-1': 'running', 'b-1': 'running' });
  });
});

describe('numbers', () => {
  test('replicas are added above the highest number and taken away from the top', async () => {
    const s = await scenario({ files: { 'compose.yaml': `services: {web: {${idle}}}` } });
    await s.windlass(['up', '-d', '--scale', 'web=3']);
    await s.docker(['rm', '-f', `${s.project}-web-1`]);
    await s.windlass(['up', '-d', '--scale', 'web=3']);
    expect(Object.keys(await s.states())).toEqual(['web-2', 'web-3', 'web-4']);
    await s.windlass(['up', '-d', '--scale', 'web=1']);
    expect(Object.keys(await s.states())).toEqual(['web-2']);
  });

  test('orphans are told of, and removed on request', async () => {
    const s = await scenario();
    await up(s, `services: {web: {${idle}}, old: {${idle}}}`);
    expect(await up(s, `services: {web: {${idle}}}`)).toContain(`Found orphan containers ([${s.project}-old-1])`);
    await up(s, `services: {web: {${idle}}}`, '--remove-orphans');
    expect(await s.states()).toEqual({ 'web-1': 'running' });
  });
});

describe('what goes wrong is explained', () => {
  test('a gate that fails prints the last probes and the last lines of the log', async () => {
    const probe = 'healthcheck: {test: "echo no answer yet; exit 1", interval: 1s, retries: 2}';
    const s = await scenario({
      files: {
        'compose.yaml': `services:
  db: {image: "busybox:latest", stop_grace_period: 0s, command: "sh -c 'echo cannot open the data; sleep 1000'", ${probe}}
  web: {${idle}, depends_on: {db: {condition: service_healthy}}}`,
      },
    });
    const { stderr } = await s.windlass(['up', '-d'], { exit: 1 });
    expect(stderr).toContain(`dependency failed to start: container ${s.project}-db-1 is unhealthy`);
    expect(stderr).toContain('exit 1: no answer yet');
    expect(stderr).toContain('cannot open the data');
    expect((await s.states())['web-1']).toBe('created');
  });

  test('a dependency that ends says so, with its last words', async () => {
    const s = await scenario({
      files: {
        'compose.yaml': `services:
  job: {image: "busybox:latest", command: "sh -c 'echo bad migration; exit 7'"}
  web: {${idle}, depends_on: {job: {condition: service_completed_successfully}}}`,
      },
    });
    const { stderr } = await s.windlass(['up', '-d'], { exit: 1 });
    expect(stderr).toContain(`service "job" didn't complete successfully: exit 7`);
    expect(stderr).toContain('bad migration');
  });

  test('a taken port names the container, and the process, that holds it', async () => {
    const port = await freePort();
    const compose = `services: {web: {${idle}, ports: ["${port}:80"]}}`;
    const holder = await scenario({ files: { 'compose.yaml': compose } });
    await holder.windlass(['up', '-d']);
    const s = await scenario({ files: { 'compose.yaml': compose } });
    const { stderr } = await s.windlass(['up', '-d'], { exit: 1 });
    expect(stderr).toContain(`port ${port}/tcp is held by container "${holder.project}-web-1"`);
    expect(stderr).toContain(`windlass -p ${holder.project} stop web`);
    await holder.windlass(['down']);
    const server = createServer().listen(port, '0.0.0.0');
    await once(server, 'listening');
    const again = await s.windlass(['up', '-d'], { exit: 1 });
    expect(again.stderr).toContain(`port ${port}/tcp is held by process ${process.pid} (`);
    server.close();
    await s.windlass(['up', '-d']);
    expect(await s.states()).toEqual({ 'web-1': 'running' });
  });
});

test('restart takes along who depends on it with restart: true, and nobody else', async () => {
  const s = await scenario();
  await up(
    s,
    `services:
  db: {${idle}}
  web: {${idle}, depends_on: {db: {condition: service_started, restart: true}}}
  other: {${idle}, depends_on: [db]}`,
  );
  const started = async () =>
    Object.fromEntries(
      (await s.containers()).map(({ Name, State }) => [Name.replace(`/${s.project}-`, ''), State.StartedAt]),
    );
  const before = await started();
  await s.windlass(['restart', 'db']);
  const after = await started();
  const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
  expect(changed.sort()).toEqual(['db-1', 'web-1']);
});

test('two ups at once come one after the other, and one container is there', async () => {
  const s = await scenario({ files: { 'compose.yaml': `services: {web: {${idle}}, db: {${idle}}}` } });
  const both = await Promise.all([s.windlass(['up', '-d']), s.windlass(['up', '-d'])]);
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(await s.states()).toEqual({ 'db-1': 'running', 'web-1': 'running' });
});
