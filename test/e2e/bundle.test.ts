// Bundles between real engines: saved on one, raised on a fresh one of the other kind.
import { mkdir, readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { ensurePackages } from '../../scripts/ground/debian-packages.ts';
import { startDebianRegistry } from '../support/debian-registry.ts';
import { type NativeEngineUnderTest, startNativeEngine } from '../support/native-engine.ts';
import { type CommandOptions, type Scenario, scenario } from '../support/scenario.ts';

let native: NativeEngineUnderTest;
beforeAll(async () => {
  native = await startNativeEngine();
});
afterAll(async () => {
  expect(await native.tearDown()).toEqual([]);
});

const COMPOSE = `
services:
  web:
    image: busybox
    command: [sh, -c, 'cat /site/index.html /etc/motd /run/secrets/key; echo $$GREETING $$TOKEN; exec sleep 600']
    stop_grace_period: 0s
    environment: {GREETING: "\${GREETING:-hello}"}
    env_file: .env
    volumes: ["./site:/site:ro", "data:/data"]
    configs: [{source: motd, target: /etc/motd}]
    secrets: [key]
  built:
    build: ./app
    command: [sleep, "600"]
    stop_grace_period: 0s
configs: {motd: {file: motd.txt}}
secrets: {key: {file: key.txt}}
volumes:
  data:
    x-windlass:
      snapshot:
        service: web
        before: [touch, /data/at-rest]
        after: [rm, /data/at-rest]
`;

const FILES = {
  'compose.yaml': COMPOSE,
  '.env': 'TOKEN=not-for-everybody\n',
  'key.txt': 'not-for-anybody\n',
  'motd.txt': 'welcome\n',
  'site/index.html': 'a page\n',
  'site/deep/er.txt': 'more\n',
  'unrelated.txt': 'of no service\n',
  'app/Dockerfile': 'FROM busybox\nRUN echo built > /result\n',
};

/** A folder to receive a bundle in, and windlass there, on an engine. */
async function receiver(s: Scenario, name: string, host: string) {
  const cwd = join(s.folder, name);
  await mkdir(cwd, { recursive: true });
  const env = { DOCKER_HOST: host, XDG_STATE_HOME: join(cwd, 'state') };
  return {
    cwd,
    unpacked: () => readdir(join(cwd, 'state/windlass/bundles')).catch(() => []),
    windlass: (args: readonly string[], options: CommandOptions = {}) =>
      s.windlass(args, { cwd, ...options, env: { ...env, ...options.env } }),
  };
}

test('from Docker to the native engine: files, built images, data; what is secret is asked for', async () => {
  const s = await scenario({ files: FILES, env: { DOCKER_BUILDKIT: '0' } });
  await s.windlass(['up', '-d', '--build']);
  await s.windlass([
    'exec',
    '-T',
    'web',
    'sh',
    '-c',
    'chown 12:34 /data; echo kept > /data/f; chmod 640 /data/f; ln /data/f /data/g',
  ]);
  const bundle = join(s.folder, 'there', 'app.windlass.tar');
  const there = await receiver(s, 'there', native.host);
  const saved = await s.windlass(['bundle', 'save', '--with-volumes', '-o', bundle]);
  expect(saved.stdout).toContain(
    'The receiver has to set:\n  TOKEN (env_file of web)\n  file key.txt beside the bundle (secret key)',
  );
  // The hook after the reading has run here; what the one before it did is in the bundle.
  expect((await s.windlass(['exec', '-T', 'web', 'ls', '/data'])).stdout).toBe('f\ng\n');
  const listed = await s.command('tar', ['xOf', bundle, 'files.tar']);
  expect(listed.stdout).toContain('a page');
  for (const hidden of ['not-for-everybody', 'not-for-anybody', 'of no service', s.folder])
    expect((await s.command('grep', ['-ac', hidden, bundle], { exit: 'any' })).stdout.trim(), hidden).toBe('0');
  await s.windlass(['down', '--volumes', '--rmi', 'local']);
  await s.expectNothingLeft();
  await native.docker(['image', 'rm', 'busybox']);

  // Without what it needs it says so, and makes nothing.
  const up = ['-f', 'app.windlass.tar', 'up', '-d'];
  const refused = await there.windlass(up, { exit: 1 });
  expect(refused.stderr).toContain('variable TOKEN (env_file of web)');
  expect(refused.stderr).toContain(`file ${there.cwd}/key.txt (secret key)`);
  expect((await native.docker(['ps', '-aq'])).stdout + (await native.docker(['images', '-q'])).stdout).toBe('');

  await s.write('there/.env', 'TOKEN=ours\nGREETING=ahoy\n');
  await s.write('there/key.txt', 'ours too\n');
  await there.windlass(up);
  const id = async (): Promise<string> => (await there.windlass(['-f', 'app.windlass.tar', 'ps', '-q'])).stdout;
  const first = await id();
  expect((await there.windlass(['-f', 'app.windlass.tar', 'logs', '--no-log-prefix', 'web'])).stdout).toBe(
    'a page\nwelcome\nours too\nahoy ours\n',
  );
  const exec = (service: string, command: string) =>
    there.windlass(['-f', 'app.windlass.tar', 'exec', '-T', service, 'sh', '-c', command]);
  expect((await exec('built', 'cat /result')).stdout).toBe('built\n');
  expect(
    (await exec('web', 'stat -c "%u:%g %a %h" /data /data/f; cat /data/g; cat /site/deep/er.txt; ls /data')).stdout,
  ).toBe('12:34 755 2\n0:0 640 2\nkept\nmore\nat-rest\nf\ng\n');

  // A second time changes nothing, and what was written since stays.
  await exec('web', 'echo newer > /data/f');
  await there.windlass(up);
  expect(await id()).toBe(first);
  expect((await exec('web', 'cat /data/f')).stdout).toBe('newer\n');
  expect(await there.unpacked()).toHaveLength(1);

  // By name alone, without the bundle.
  await there.windlass(['-p', s.project, 'down', '--volumes'], { cwd: s.folder });
  expect(await there.unpacked()).toEqual([]);
  expect((await native.docker(['ps', '-aq'])).stdout + (await native.docker(['volume', 'ls', '-q'])).stdout).toBe('');
});

test('without images it brings what they are built from, and its lock', async () => {
  const digest = `sha256:${'a1'.repeat(32)}`;
  const files = {
    'compose.yaml':
      'services: {web: {build: ./app, command: sleep 600, stop_grace_period: 0s, environment: ["A=${A:?}", "B=${B}"]}}\n',
    '.env': 'A=1\nB=2\n',
    'compose.lock.yaml': `version: 1\nimages: {"busybox:latest": {digest: "${digest}", used_by: [web], platforms: {}}}\n`,
    'app/Dockerfile': 'FROM busybox\nCOPY . /app\n',
    'app/.dockerignore': 'left\n!left/not\n',
    'app/left/out': 'x',
    'app/left/not': 'y',
  };
  const s = await scenario({ files, env: { DOCKER_BUILDKIT: '0' } });
  const there = await receiver(s, 'there', inject('ground').dockerHost);
  const small = await s.windlass(['bundle', 'save', '--without-images', '-o', 'there/small.tar']);
  expect(small.stdout).toContain('The receiver has to have:\n  the image busybox\n');
  // All that is missing at once, not the first thing that the file fails over.
  const refused = await there.windlass(['-f', 'small.tar', 'up', '-d'], { exit: 1 });
  expect(refused.stderr).toMatch(
    /^the bundle needs what is not set:\n {2}variable A .*\n {2}variable B .*\n {2}hint: /,
  );
  await s.write('there/.env', files['.env']);
  const { stdout: locked } = await there.windlass(['-f', 'small.tar', 'config'], {
    env: { COMPOSE_LOCKED: '1' },
  });
  expect(locked).toContain(`FROM busybox:latest@${digest}`);
  await there.windlass(['-f', 'small.tar', 'up', '-d']);
  const found = await there.windlass(['-f', 'small.tar', 'exec', '-T', 'web', 'find', '/app', '-type', 'f']);
  expect(found.stdout.split('\n').sort()).toEqual(['', '/app/.dockerignore', '/app/Dockerfile', '/app/left/not']);
  await there.windlass(['-f', 'small.tar', 'down', '--volumes', '--rmi', 'local']);
  await s.expectNothingLeft();
});

/** A clock that is years ahead, for a program in Node. */
const LATER = `--import=data:text/javascript,${encodeURIComponent(
  'const now = Date.now; Date = class extends Date { constructor(...a) { a.length ? super(...a) : super(Date.now()); } }; Date.now = () => now() + 2e11;',
)}`;

/** Another user, who may write where root may. */
const SOMEBODY_ELSE = [
  ...['setpriv', '--reuid=4321', '--regid=4321', '--clear-groups', '--securebits=+no_setuid_fixup'],
  ...['--inh-caps=+dac_override', '--ambient-caps=+dac_override'],
];

test('the same input is the same bytes: another day, folder, user and engine; docker load and skopeo read it', async () => {
  const ready = ensurePackages(['skopeo']);
  const second = 'windlass-same:1.0';
  const files = {
    'compose.yaml': `name: same\nservices: {web: {image: busybox, volumes: ["./site:/site"]}, more: {image: "${second}"}}\n`,
    'site/a': 'a',
    'site/b/c': 'c',
  };
  const [one, two] = [await scenario({ files, unnamed: true }), await scenario({ files, unnamed: true })];
  await utimes(join(two.folder, 'site/a'), 1, 1);
  await two.command('chmod', ['-R', 'g+w,o-r', 'site']);
  await one.docker(['build', '-q', '-t', second, '-'], {
    input: 'FROM busybox\nRUN echo second > /which\n',
    env: { DOCKER_BUILDKIT: '0' },
  });
  onTestFinished(async () => {
    await one.docker(['image', 'rm', second], { cwd: '/', exit: 'any' });
    await native.docker(['image', 'rm', second]);
  });
  await one.windlass(['bundle', 'save', '-o', 'same.tar']);
  // The native engine knows the images from the other engine's bundle alone.
  await two.windlass(['bundle', 'load', join(one.folder, 'same.tar')], {
    env: { DOCKER_HOST: native.host, XDG_STATE_HOME: join(two.folder, 'state') },
  });
  const [program = '', ...args] = [
    ...(process.getuid?.() === 0 ? SOMEBODY_ELSE : []),
    ...[process.execPath, LATER, inject('ground').program, 'bundle', 'save', '-o', 'same.tar'],
  ];
  await two.command(program, args, { env: { DOCKER_HOST: native.host, TZ: 'Pacific/Auckland', LANG: 'tr_TR.UTF-8' } });
  if (process.getuid?.() === 0) expect((await stat(join(two.folder, 'same.tar'))).uid).toBe(4321);
  await one.command('cmp', ['same.tar', join(two.folder, 'same.tar')]);
  expect((await one.windlass(['bundle', 'verify', 'same.tar'])).stdout).toMatch(
    /^sha256:[0-9a-f]{64} same: \d+ contents are whole\n$/,
  );

  const load = ['load', '-i', join(one.folder, 'same.tar')];
  for (const { stdout } of [await one.docker(load), await native.docker(load)]) {
    expect(stdout).toContain('Loaded image: busybox:latest');
    expect(stdout).toContain(`Loaded image: ${second}`);
  }
  await ready;
  const { stdout: known } = await one.docker(['image', 'inspect', '-f', '{{json .RootFS.Layers}}', second]);
  for (const form of ['oci-archive', 'docker-archive']) {
    const { stdout } = await one.command('skopeo', ['inspect', '--config', `${form}:same.tar:${second}`]);
    expect((JSON.parse(stdout) as { rootfs: { diff_ids: unknown } }).rootfs.diff_ids).toEqual(JSON.parse(known));
  }
});

test('through a registry and back it is the same file, and it is raised from there', async () => {
  const registry = await startDebianRegistry();
  const files = { 'compose.yaml': 'services: {web: {image: busybox, command: sleep 600, stop_grace_period: 0s}}\n' };
  const s = await scenario({ files });
  const reference = `${registry}/shop/stack:1`;
  await s.windlass(['bundle', 'save', '-o', 'one.tar']);
  const pushed = await s.windlass(['bundle', 'push', 'one.tar', reference]);
  expect(pushed.stdout).toMatch(new RegExp(`^oci://${reference}\nsha256:[0-9a-f]{64}\n$`));
  await s.windlass(['bundle', 'pull', reference, '-o', 'two.tar']);
  await s.command('cmp', ['one.tar', 'two.tar']);

  const env = { XDG_STATE_HOME: join(s.folder, 'state') };
  const fromThere = ['-f', `oci://${reference}`];
  await s.windlass([...fromThere, 'up', '-d'], { env });
  expect(await s.states()).toEqual({ 'web-1': 'running' });
  await s.windlass([...fromThere, 'down', '--volumes'], { env });
  await s.expectNothingLeft();
  expect(await readdir(join(s.folder, 'state/windlass/bundles'))).toEqual([]);

  const other = await s.windlass(['bundle', 'pull', `${registry}/shop/stack:2`], { exit: 1 });
  expect(other.stderr).toContain(`${registry}/shop/stack:2`);
});
