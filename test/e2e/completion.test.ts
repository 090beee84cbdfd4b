// Shell completion in real shells, and through docker's own completion; windlass as docker's plugin.
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { ensurePackages } from '../../scripts/ground/debian-packages.ts';
import { type Scenario, scenario } from '../support/scenario.ts';
import { terminal } from '../support/terminal.ts';

const STACK = `
services:
  web: {image: "busybox:latest"}
  worker: {image: "busybox:latest"}
  debug-tools: {image: "busybox:latest", profiles: [debug, extra]}
`;

/** Puts the program under test on the path as `windlass` and as docker's plugin. */
async function installed(): Promise<Scenario> {
  const s = await scenario({
    files: { 'compose.yaml': STACK, 'other.yaml': 'services: {elsewhere: {image: busybox}}' },
  });
  const { program } = inject('ground');
  const plugins = join(s.folder, 'docker-config/cli-plugins');
  await mkdir(plugins, { recursive: true });
  await mkdir(join(s.folder, 'bin'));
  await chmod(program, 0o755);
  await symlink(program, join(s.folder, 'bin/windlass'));
  await symlink(program, join(plugins, 'docker-compose'));
  return s;
}

const withPath = (s: Scenario): Record<string, string> => ({
  PATH: [join(s.folder, 'bin'), dirname(process.execPath), s.env.PATH].join(':'),
  DOCKER_CONFIG: join(s.folder, 'docker-config'),
});

/** What `__complete` answers, without the words of explanation. */
async function answers(s: Scenario, ...words: string[]): Promise<string[]> {
  const { stdout } = await s.windlass(['__complete', ...words]);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '');
}

test('the answer is what may stand at the cursor', async () => {
  const s = await installed();
  expect(await answers(s, 'st')).toEqual(['start', 'stop', 'stats', ':4'].sort(sameEnd));
  expect(await answers(s, 'up', '--no-d')).toEqual(['--no-deps', ':4']);
  expect(await answers(s, 'up', 'w')).toEqual(['web', 'worker', ':4']);
  expect(await answers(s, 'up', 'web', 'w')).toEqual(['worker', ':4']);
  expect(await answers(s, 'exec', 'debug')).toEqual(['debug-tools', ':4']);
  expect(await answers(s, 'exec', 'web', '')).toEqual([':0']);
  expect(await answers(s, 'scale', 'we')).toEqual(['web=', ':6']);
  expect(await answers(s, 'up', '--scale', 'wo')).toEqual(['worker=', ':6']);
  expect(await answers(s, 'cp', 'we')).toEqual(['web:', ':2']);
  expect(await answers(s, '--profile', '')).toEqual(['debug', 'extra', ':4']);
  expect(await answers(s, '-f', 'other.yaml', 'up', '')).toEqual(['elsewhere', ':4']);
  expect(await answers(s, '--file=other.yaml', 'logs', '-f', '')).toEqual(['elsewhere', ':4']);
  expect(await answers(s, '-f', '')).toEqual([':0']);
  expect(await answers(s, 'ps', '--format', 'j')).toEqual(['json', ':4']);
  expect(await answers(s, 'ps', '--format=j')).toEqual(['--format=json', ':4']);
  expect(await answers(s, 'completion', '')).toEqual(['bash', 'zsh', 'fish', ':4']);
  expect(await answers(s, 'ls', '')).toEqual([':4']);
  expect(await answers(s, '-f', 'missing.yaml', 'up', '')).toEqual([':4']);
});

/** Keeps `:N` last whatever the order of the commands. */
const sameEnd = (a: string, b: string): number => ORDER.indexOf(a) - ORDER.indexOf(b);
const ORDER = ['start', 'stop', 'stats', ':4'];

test('bash completes commands, flags, services and values', async () => {
  const s = await installed();
  Object.assign(s.env, withPath(s));
  const t = terminal(s, 'PS1="$ " bash --norc --noprofile -i');
  await t.shows('$ ');
  t.type('source <(windlass completion bash); echo lo"aded"\r');
  await t.shows(/loaded\r?\n/);
  t.type('windlass exec debu\t');
  await t.shows('windlass exec debug-tools ');
  t.type('\x15windlass up --quiet-b\t');
  await t.shows('windlass up --quiet-build ');
  t.type('\x15windlass up --scale=wor\t');
  await t.shows('windlass up --scale=worker=');
  t.type('\x15windlass scale we\t');
  await t.shows(/windlass scale web=$/);
  t.type('\x15windlass unp\t');
  await t.shows('windlass unpause ');
  t.type('\x15windlass -f other\t');
  await t.shows('windlass -f other.yaml ');
  t.type('\x15exit\r');
  expect(await t.ended).toBe(0);
});

test('zsh completes commands and services', async () => {
  await ensurePackages(['zsh']);
  const s = await installed();
  Object.assign(s.env, withPath(s));
  const t = terminal(s, 'PS1="$ " zsh -f -i');
  t.type('autoload -U compinit; compinit -u -d dump; source <(windlass completion zsh); echo lo"aded"\r');
  await t.shows(/loaded\r?\n/);
  t.type('windlass exec debu\t');
  await t.shows(/debug-tools/);
  t.type('\x15windlass unp\t');
  await t.shows(/unpause/);
  t.type('\x15exit\r');
  await t.ended;
});

test('fish completes commands and services', async () => {
  await ensurePackages(['fish']);
  const s = await installed();
  Object.assign(s.env, withPath(s));
  const complete = async (line: string): Promise<string[]> => {
    const asked = await s.command('fish', [
      '--no-config',
      '-c',
      `windlass completion fish | source; complete -C '${line}'`,
    ]);
    return asked.stdout
      .trimEnd()
      .split('\n')
      .map((text) => text.split('\t')[0] ?? '');
  };
  expect(await complete('windlass exec debu')).toEqual(['debug-tools']);
  expect(await complete('windlass unp')).toEqual(['unpause']);
  expect(await complete('windlass ps --format ')).toEqual(['json', 'table']);
});

test('docker takes windlass for its compose plugin', async () => {
  const s = await installed();
  Object.assign(s.env, withPath(s));
  const plugins = JSON.parse((await s.docker(['info', '--format', '{{json .ClientInfo.Plugins}}'])).stdout);
  expect(plugins).toContainEqual(
    expect.objectContaining({ Name: 'compose', SchemaVersion: '0.1.0', Vendor: 'windlass' }),
  );
  expect((await s.docker(['compose', 'version'])).stdout).toMatch(/^Docker Compose version 2\.40\.3/);
  expect((await s.docker(['compose', 'version', '--short'])).stdout).toMatch(/^2\.40\.3$/m);
  expect((await s.docker(['compose', 'up', '--help'])).stdout).toMatch(/^Usage: {2}docker compose up /);
  expect((await s.docker(['compose', 'config', '--services'])).stdout).toBe('web\nworker\n');
  expect((await s.docker(['compose', '-f', 'other.yaml', 'config', '--services'])).stdout).toBe('elsewhere\n');
  const host = s.env.DOCKER_HOST ?? '';
  const elsewhere = await s.docker(['--host', host, 'compose', 'ps', '-q'], {
    env: { DOCKER_HOST: 'unix:///nowhere' },
  });
  expect(elsewhere.stdout).toBe('');
  expect((await s.docker(['compose', 'nope'], { exit: 'any' })).exitCode).not.toBe(0);
  const link = join(s.folder, 'docker-config/cli-plugins/docker-compose');
  expect((await s.command(link, ['ps', '--help'])).stdout).toMatch(/^Usage: {2}docker-compose ps /);
  // Older docker commands, Debian 12's among them, do not ask plugins for completions.
  const client = await s.docker(['version', '--format', '{{.Client.Version}}']);
  if (Number.parseInt(client.stdout, 10) < 23) return;
  expect((await s.docker(['__complete', 'compose', 'exec', 'debu'])).stdout).toBe('debug-tools\n:4\n');
});

test('doctor tells which engine is used and why, and fails where none can be', async () => {
  const s = await installed();
  const text = (await s.windlass(['doctor'])).stdout;
  expect(text).toMatch(/✓ DOCKER_HOST +taken: docker [\d.]+\S* answers/);
  expect(text).toContain(`windlass ${(await version(s)) ?? ''} would use the engine at`);
  expect(text).toMatch(/cgroups +v[12]/);
  expect(text).toMatch(/compose files +.*compose\.yaml/);
  const report = JSON.parse((await s.windlass(['doctor', '--format', 'json'])).stdout);
  expect(report.findings).toContainEqual(expect.objectContaining({ topic: 'host', name: 'kernel', verdict: 'ok' }));
  const none = await s.windlass(['doctor'], { exit: 1, env: { DOCKER_HOST: 'unix:///nowhere.sock' } });
  expect(none.stdout).toContain('No engine can be used');
  const config = { DOCKER_CONFIG: join(s.folder, 'config') };
  await s.write(
    'config/config.json',
    '{"credsStore":"nonesuch","auths":{"registry.example":{"auth":"c2VjcmV0OnNlY3JldA=="}}}',
  );
  const helpers = (await s.windlass(['doctor'], { env: config })).stdout;
  expect(helpers).toContain('docker-credential-nonesuch');
  expect(helpers).toContain('log-ins for registry.example');
  expect(helpers).not.toContain('c2VjcmV0');
});

const version = async (s: Scenario): Promise<string | undefined> =>
  (JSON.parse((await s.windlass(['version', '-f', 'json'])).stdout) as { windlass?: string }).windlass;
