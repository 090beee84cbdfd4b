// What is said of a container and a service that differ, attribute by attribute.
import { describe, expect, it } from 'vitest';
import type { ContainerDetails, ImageDefaults } from '../../src/engine/engine.ts';
import { fieldChanges } from '../../src/planner/field-changes.ts';
import { changeText } from '../../src/planner/plan-text.ts';
import { namesSecret, shownValue, withoutPasswords } from '../../src/redact.ts';
import { aProject, type ServiceDraft } from '../support/project-builder.ts';

const DEFAULTS: ImageDefaults = {
  environment: ['PATH=/bin', 'LANG=C'],
  command: ['sh'],
  entrypoint: ['/entry'],
  user: 'www',
  workingDir: '/srv',
};
const IMAGE = {
  ...{ id: 'sha256:1', tags: ['busybox'], digests: [], platform: 'linux/amd64', created: '', size: 1 },
  ...{ labels: { made: 'by image' }, volumes: [], exposedPorts: [], hasHealthcheck: false, defaults: DEFAULTS },
};

interface Raw {
  readonly config?: object;
  readonly host?: object;
  readonly mounts?: ContainerDetails['mounts'];
  readonly labels?: Readonly<Record<string, string>>;
  readonly networks?: readonly string[];
}

/** A container as the engine inspects one that was made with nothing but an image. */
function inspected({ config, host, mounts = [], labels = {}, networks = ['shop_default'] }: Raw): ContainerDetails {
  const Config = {
    ...{ Image: 'busybox', Hostname: 'abc', Env: DEFAULTS.environment, Cmd: DEFAULTS.command },
    ...{ Entrypoint: DEFAULTS.entrypoint, User: 'www', WorkingDir: '/srv', Tty: false },
    ...config,
  };
  const HostConfig = { RestartPolicy: { Name: 'no', MaximumRetryCount: 0 }, Memory: 0, PidsLimit: null, ...host };
  return {
    ...{ id: 'abcdef', name: 'shop-web-1', image: 'busybox', imageId: 'sha256:1', state: 'running', exitCode: 0 },
    ...{ error: '', oomKilled: false, startedAt: '', finishedAt: '', hasHealthcheck: false, health: undefined },
    ...{ probes: [], restartCount: 0, tty: false, openStdin: false, ports: [], mounts },
    labels: { made: 'by image', 'com.docker.compose.project': 'shop', 'io.windlass.content-hash': 'x', ...labels },
    networks: Object.fromEntries(networks.map((name) => [name, { id: 'n', address: '', aliases: [] }])),
    raw: { Config, HostConfig },
  };
}

function changesOf(service: ServiceDraft, raw: Raw = {}): string[] {
  const project = aProject({ services: { web: service }, volumes: { data: { name: 'shop_data' } } });
  const web = project.services.web;
  if (web === undefined) throw new Error('the project has no web');
  return fieldChanges(project, web, inspected(raw), IMAGE).map(changeText);
}

describe('a service and its container', () => {
  it('agree when the service says nothing more than the image', () => {
    expect(changesOf({})).toEqual([]);
  });

  it.each<[string, ServiceDraft, Raw, string[]]>([
    [
      'a variable that changed',
      { environment: { LOG_LEVEL: 'info' } },
      { config: { Env: ['PATH=/bin', 'LOG_LEVEL=debug'] } },
      ['environment.LOG_LEVEL "debug" → "info"'],
    ],
    ['a variable that is new', { environment: { A: '1' } }, {}, ['environment.A + "1"']],
    ['a variable that went', {}, { config: { Env: ['LANG=C', 'A=x=y'] } }, ['environment.A - "x=y"']],
    [
      'a secret variable',
      { environment: { DB_PASSWORD: 'new' } },
      { config: { Env: ['DB_PASSWORD=old'] } },
      ['environment.DB_PASSWORD "•••" → "•••"'],
    ],
    [
      'a password in a URL',
      { environment: { DB: 'pg://u:new@h/d' } },
      { config: { Env: ['DB=pg://u:old@h/d'] } },
      ['environment.DB "pg://u:•••@h/d" → "pg://u:•••@h/d"'],
    ],
    ['a label', { labels: { a: '2' } }, { labels: { a: '1' } }, ['labels.a "1" → "2"']],
    ['the image', { image: 'nginx:2' }, {}, ['image "busybox" → "nginx:2"']],
    ['a command of its own', { command: ['run', 'it'] }, {}, ['command + ["run","it"]']],
    ["the image's command again", {}, { config: { Cmd: ['old'] } }, ['command - ["old"]']],
    ['a user', { user: '1000' }, {}, ['user + "1000"']],
    [
      'a restart policy',
      { restart: 'on-failure:3' },
      { host: { RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } } },
      ['restart "always" → "on-failure:3"'],
    ],
    [
      'a port',
      { ports: [{ target: 80, published: '8081' }] },
      { host: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } } },
      ['ports ["8080:80/tcp"] → ["8081:80/tcp"]'],
    ],
    [
      'a volume',
      { volumes: [{ type: 'volume', source: 'data', target: '/d', read_only: true }] },
      { mounts: [{ type: 'volume', name: 'shop_data', source: '/x', target: '/d', readWrite: true }] },
      ['volumes./d "shop_data" → "shop_data:ro"'],
    ],
    [
      'limits',
      { mem_limit: '1048576', cpus: 0.5 },
      { host: { NanoCpus: 1e9 } },
      ['cpus 1 → 0.5', 'mem_limit + 1048576'],
    ],
    [
      'capabilities',
      { cap_add: ['NET_ADMIN'] },
      { host: { CapAdd: ['CAP_SYS_TIME'] } },
      ['cap_add ["SYS_TIME"] → ["NET_ADMIN"]'],
    ],
    [
      'a health check',
      { healthcheck: { test: ['CMD', 'true'], interval: '5s' } },
      { config: { Healthcheck: { Test: ['CMD', 'true'], Interval: 1e9 } } },
      ['healthcheck.interval 1 → 5'],
    ],
    [
      'a network',
      { networks: { default: null } },
      { networks: ['other'] },
      ['networks.other - connected', 'networks.shop_default + connected'],
    ],
  ])('differ in %s', (_, service, raw, expected) => {
    expect(changesOf(service, raw)).toEqual(expected);
  });

  it('are not compared in what configs and secrets mount', () => {
    const mounts = [{ type: 'bind', name: '', source: '/s', target: '/run/secrets/key', readWrite: false }];
    expect(changesOf({ secrets: [{ source: 'key' }] }, { mounts })).toEqual([]);
  });
});

describe('redaction', () => {
  it.each(['PASSWORD', 'MYSQL_ROOT_PASSWORD', 'API_KEY', 'apikey', 'AUTH_TOKEN', 'client_secret', 'PGPASSWORD', 'KEY'])(
    'hides %s',
    (name) => {
      expect(namesSecret(name)).toBe(true);
      expect(shownValue(name, 'x')).toBe('•••');
    },
  );
  it.each(['KEYBOARD', 'MONKEY', 'PATH', 'LOG_LEVEL', 'AUTHOR'])('shows %s', (name) => {
    expect(shownValue(name, 'x')).toBe('x');
  });
  it('finds passwords in URLs', () => {
    expect(withoutPasswords('a redis://:pw@h:1 b https://me:x@y/ c http://h/p')).toBe(
      'a redis://:•••@h:1 b https://me:•••@y/ c http://h/p',
    );
  });
});
