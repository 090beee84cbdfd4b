// The small parts: labels, references, files, archives, policies, requests.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { serviceHash } from '../../src/config-hash.ts';
import { withApiSocket, withApiSocketAndCredentials } from '../../src/planner/api-socket.ts';
import { buildsBefore } from '../../src/planner/build-order.ts';
import { buildRequest } from '../../src/planner/build-request.ts';
import { containerRequest } from '../../src/planner/container-request.ts';
import { contentHash } from '../../src/planner/content-hash.ts';
import { copiedFiles, ignoredSettings, mountedFiles } from '../../src/planner/file-objects.ts';
import { publishedRanges } from '../../src/planner/freed-ports.ts';
import { containerLabels, dependsOnLabel, networkLabels, volumeLabels } from '../../src/planner/labels.ts';
import { peersOf, resolvePeers } from '../../src/planner/peers.ts';
import type { StepOf } from '../../src/planner/plan.ts';
import { matchesPlatform, mustPull } from '../../src/planner/pull-policy.ts';
import { enableServices, inDependencyOrder, selectServices } from '../../src/planner/services.ts';
import { tarOf } from '../../src/planner/tar-entry.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { aProject, aService, dependsOnHealthy, dependsOnStarted } from '../support/project-builder.ts';

describe('labels', () => {
  const project = aProject({ envFiles: ['/srv/a.env', '/srv/b.env'] });
  const service = aService('web', {
    labels: { own: 'x', 'com.docker.compose.service': 'forged' },
    depends_on: { db: dependsOnHealthy, a: { ...dependsOnStarted, restart: true } },
  });

  test('of a replica', () => {
    const facts = { configHash: 'h', imageId: 'sha256:i', number: 2, replaces: 'web-2', contentHash: 'c' };
    expect(containerLabels(project, service, facts)).toEqual({
      own: 'x',
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'web',
      'com.docker.compose.version': '2.40.3',
      'com.docker.compose.project.working_dir': '/srv/shop',
      'com.docker.compose.project.config_files': '/srv/shop/compose.yaml',
      'com.docker.compose.project.environment_file': '/srv/a.env,/srv/b.env',
      'com.docker.compose.image': 'sha256:i',
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.replace': 'web-2',
      'com.docker.compose.container-number': '2',
      'com.docker.compose.config-hash': 'h',
      'com.docker.compose.depends_on': 'a:service_started:true,db:service_healthy:false',
      'io.windlass.content-hash': 'c',
    });
  });

  test('of a one-off', () => {
    const labels = containerLabels(project, service, { configHash: 'h', imageId: undefined, slug: 's' });
    expect(labels).toMatchObject({ 'com.docker.compose.oneoff': 'True', 'com.docker.compose.slug': 's' });
    expect(Object.keys(labels)).not.toContain('com.docker.compose.container-number');
    expect(Object.keys(labels)).not.toContain('com.docker.compose.image');
  });

  test('of a service that depends on nothing: empty, not missing', () => {
    expect(dependsOnLabel(aService('web'))).toBe('');
  });

  test('of networks and volumes', () => {
    expect(networkLabels(project, 'default', { name: 'shop_default', ipam: {}, labels: { a: 'b' } })).toMatchObject({
      a: 'b',
      'com.docker.compose.network': 'default',
      'com.docker.compose.config-hash': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(volumeLabels(project, 'data', { name: 'shop_data' })).toMatchObject({ 'com.docker.compose.volume': 'data' });
  });
});

describe('references to other services', () => {
  const service = aService('web', {
    network_mode: 'service:vpn',
    ipc: 'shareable',
    volumes_from: ['store:ro', 'container:else:rw', 'vpn'],
  });
  test('are found', () => expect(peersOf(service)).toEqual(['store', 'vpn']));
  test('become ids; the hash knows no access mode', () => {
    const ids = { vpn: 'v1', store: 's1' };
    expect(resolvePeers(service, ids, 'create')).toMatchObject({
      network_mode: 'container:v1',
      ipc: 'shareable',
      volumes_from: ['s1:ro', 'else:rw', 'v1'],
    });
    expect(resolvePeers(service, ids, 'hash').volumes_from).toEqual(['s1', 'else', 'v1']);
  });
});

describe('configs and secrets', () => {
  const project = aProject({
    secrets: { file: { name: 'f', file: '/srv/key' }, env: { name: 'e', environment: 'KEY' } },
    configs: { text: { name: 't', content: 'hello' } },
    environment: { KEY: 'value' },
  });
  const service = aService('web', {
    secrets: [{ source: 'file' }, { source: 'env', target: 'named', uid: '7', mode: '0400' }],
    configs: [{ source: 'text' }, { source: 'text', target: '/etc/text' }],
  });

  test('files are mounted, unless a volume is there', () => {
    expect(mountedFiles(project, service)).toEqual([
      { source: '/srv/key', target: '/run/secrets/file', kind: 'secret' },
    ]);
    const covered = { ...service, volumes: [{ type: 'bind', source: '/x', target: '/run/secrets/file' } as const] };
    expect(mountedFiles(project, covered)).toEqual([]);
  });

  test('texts are copied to their places, with owner and mode', () => {
    expect(copiedFiles(project, service)).toEqual([
      { target: '/run/secrets/named', source: { text: 'value' }, mode: 0o400, uid: 7, gid: 0, owned: true },
      { target: '/text', source: { text: 'hello' }, mode: 0o444, uid: 0, gid: 0, owned: false },
      { target: '/etc/text', source: { text: 'hello' }, mode: 0o444, uid: 0, gid: 0, owned: false },
    ]);
  });

  test('files with an owner or a mode of their own are copied, where that is possible', () => {
    const asked = { ...service, secrets: [{ source: 'file', uid: '7' }], configs: [] };
    expect(mountedFiles(project, asked)).toEqual([]);
    expect(copiedFiles(project, asked)).toEqual([
      { target: '/run/secrets/file', source: { file: '/srv/key' }, mode: 0o444, uid: 7, gid: 0, owned: true },
    ]);
    expect(ignoredSettings(project, asked)).toEqual([]);
    const readOnly = { ...asked, read_only: true };
    expect(copiedFiles(project, readOnly)).toEqual([]);
    expect(mountedFiles(project, readOnly)).toHaveLength(1);
    expect(ignoredSettings(project, readOnly)).toEqual([
      'service "web": "uid" of secret "file" ignored: the service is read-only, so it is mounted as it is',
    ]);
    const folder = { ...project, secrets: { file: { name: 'f', file: '/' } } };
    expect(mountedFiles(folder, asked)).toHaveLength(1);
  });

  test('an owner that is no number is refused', () => {
    const named = { ...service, secrets: [{ source: 'env', uid: 'root' }] };
    expect(() => copiedFiles(project, named)).toThrow('secret "env": uid "root" is not a number');
  });

  test('their digest changes with the content, wherever it comes from, and with the place', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'windlass-content-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'key');
    const withFile = { ...project, secrets: { ...project.secrets, file: { name: 'f', file } } };
    const seen = [await contentHash(withFile, service)];
    await writeFile(file, 'one');
    seen.push(await contentHash(withFile, service));
    await writeFile(file, 'two');
    seen.push(await contentHash(withFile, service));
    seen.push(await contentHash({ ...withFile, environment: { KEY: 'other' } }, service));
    seen.push(await contentHash({ ...withFile, configs: { text: { name: 't', content: 'other' } } }, service));
    seen.push(await contentHash(withFile, { ...service, configs: [{ source: 'text' }] }));
    expect(new Set(seen).size).toBe(seen.length);
    expect(await contentHash(withFile, service)).toBe(seen[2]);
    expect(await contentHash(project, aService('plain'))).toBeUndefined();
  });
});

describe('archives', () => {
  test('are read by others as they were meant', async () => {
    const long = `/${'d'.repeat(90)}/${'f'.repeat(90)}`;
    const files = [
      { target: '/etc/text', content: 'héllo', mode: 0o440, uid: 1000, gid: 7, owned: true },
      { target: long, content: '', mode: 0o444, uid: 0, gid: 0, owned: false },
    ];
    const tar = (...args: string[]): string =>
      execFileSync('tar', args, {
        input: tarOf(files, 1_700_000_000),
        encoding: 'utf8',
        env: { ...process.env, TZ: 'UTC' },
      });
    const lines = tar('--numeric-owner', '--full-time', '-tv').trimEnd().split('\n');
    expect(lines.map((line) => line.split(/\s+/))).toEqual([
      ['-r--r-----', '1000/7', '6', '2023-11-14', '22:13:20', 'etc/text'],
      ['-r--r--r--', '0/0', '0', '2023-11-14', '22:13:20', long.slice(1)],
    ]);
    expect(tar('-xO', 'etc/text')).toBe('héllo');
  });
});

describe('pull policies', () => {
  const fake = new FakeEngine({ images: [{ tags: ['nginx'], lastTagged: '2026-01-01T00:00:00Z' }] });
  const hour = (hours: number): number => Date.parse('2026-01-01T00:00:00Z') + hours * 3_600_000;
  const rows: readonly (readonly [policy: string | undefined, here: boolean, hours: number, pulls: boolean])[] = [
    [undefined, false, 0, true],
    [undefined, true, 0, false],
    ['missing', true, 0, false],
    ['if_not_present', false, 0, true],
    ['always', true, 0, true],
    ['never', false, 0, false],
    ['build', false, 0, false],
    ['daily', true, 23, false],
    ['daily', true, 25, true],
    ['weekly', true, 24 * 6, false],
    ['weekly', true, 24 * 8, true],
    ['every_2h', true, 1, false],
    ['every_2h', true, 3, true],
    ['every_2h', false, 0, true],
  ];
  for (const [policy, here, hours, pulls] of rows)
    test(`${policy ?? 'none'}, image ${here ? 'here' : 'missing'}, after ${hours} h: ${pulls ? 'pull' : 'leave'}`, async () => {
      const service = aService('web', { image: 'nginx', ...(policy === undefined ? {} : { pull_policy: policy }) });
      const image = here ? await fake.engine.findImage('nginx') : undefined;
      expect(mustPull(service, image, hour(hours))).toBe(pulls);
    });

  const platforms: readonly (readonly [wanted: string | undefined, actual: string, matches: boolean])[] = [
    [undefined, 'linux/amd64', true],
    ['linux/amd64', 'linux/amd64', true],
    ['amd64', 'linux/amd64', true],
    ['linux/x86_64', 'linux/amd64', true],
    ['linux/arm64/v8', 'linux/arm64', true],
    ['linux/arm/v6', 'linux/arm/v7', false],
    ['linux/arm64', 'linux/amd64', false],
    ['windows/amd64', 'linux/amd64', false],
  ];
  for (const [wanted, actual, matches] of platforms)
    test(`${actual} ${matches ? 'will do' : 'will not do'} for ${wanted ?? 'any platform'}`, async () => {
      const image = await fake.engine.findImage('nginx');
      if (image === undefined) throw new Error('the fake engine lost its image');
      expect(matchesPlatform({ ...image, platform: actual }, wanted)).toBe(matches);
    });
});

describe('requests', () => {
  const step: StepOf<'create-container'> = {
    action: 'create-container',
    id: 'create container shop-web-1',
    resource: 'container shop-web-1',
    cause: 'missing',
    dependsOn: [],
    after: [],
    service: 'web',
    number: 1,
    name: '0123456789ab_shop-web-1',
    replaces: 'web-1',
    carriedVolumes: [
      { target: '/a', volume: 'va', declaredBy: 'service' },
      { target: '/b', volume: 'vb', declaredBy: 'image' },
      { target: '/c', volume: 'vc', declaredBy: 'image' },
    ],
    peers: {},
    links: ['shop-db-1:db'],
  };
  const service = aService('web', {
    networks: { z: null, a: { aliases: ['www'] }, m: { priority: 5, aliases: ['api'] } },
  });
  const project = aProject({
    services: { web: service },
    networks: { z: { name: 'shop_z' }, a: { name: 'shop_a' }, m: { name: 'other' } },
    volumes: { data: { name: 'shop_data' } },
  });

  test('a replacement is created under its temporary name and known by its final one', () => {
    const fake = new FakeEngine({ images: [{ tags: ['busybox'], id: 'sha256:x', volumes: ['/b'] }] });
    return fake.engine.findImage('busybox').then((image) => {
      const request = containerRequest(project, step, { service, image, peerIds: {} });
      expect(request.name).toBe('0123456789ab_shop-web-1');
      expect(request.attachments.map(({ network, aliases }) => [network, ...aliases])).toEqual([
        ['other', 'shop-web-1', 'web', 'api'],
        ['shop_a', 'shop-web-1', 'web', 'www'],
        ['shop_z', 'shop-web-1', 'web'],
      ]);
      expect(request.inheritedVolumes).toEqual({ '/a': 'va', '/b': 'vb' });
      expect(request.volumeNames).toEqual({ data: 'shop_data' });
      expect(request.labels['com.docker.compose.config-hash']).toBe(serviceHash(service));
    });
  });

  test('a one-off has the aliases of its service only on request', () => {
    const { number: _, replaces: __, ...rest } = step;
    const oneOff = { slug: 's', useAliases: false, autoRemove: true, tty: false, openStdin: false, attachStdin: false };
    const request = containerRequest(project, { ...rest, oneOff }, { service, image: undefined, peerIds: {} });
    expect(request.attachments.map(({ aliases }) => aliases)).toEqual([['shop-web-1'], ['shop-web-1'], ['shop-web-1']]);
    expect(request).toMatchObject({ oneOff: true, autoRemove: true });
  });

  test('a build takes its arguments from the file, the flags and the environment', () => {
    const built = aService('web', {
      build: {
        context: '.',
        args: { A: 'file', B: null, C: null },
        secrets: [{ source: 'key', target: 'k' }],
        tags: ['extra:1'],
      },
      platform: 'linux/arm64',
    });
    const around = aProject({
      secrets: { key: { name: 'key', environment: 'KEY' } },
      environment: { B: 'shell', KEY: 'hidden' },
    });
    const request = buildRequest(around, built, { args: { A: 'flag' }, noCache: true });
    expect(request).toMatchObject({
      tags: ['shop-web', 'extra:1'],
      args: { A: 'flag', B: 'shell' },
      platforms: ['linux/arm64'],
      noCache: true,
      secrets: [{ id: 'k', environment: 'KEY' }],
      labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
    });
    expect(JSON.stringify(request)).not.toContain('hidden');
  });

  test('published ports are ranges; those left to the engine are not there', () => {
    const ports = [
      { target: 80, published: '8080' },
      { target: 81, published: '9000-9010' },
      { target: 82 },
      { target: 83, published: '0' },
    ];
    expect(publishedRanges(aService('web', { ports }))).toEqual([
      [8080, 8080],
      [9000, 9010],
    ]);
  });
});

describe('services', () => {
  test('a cycle is told with its way', () => {
    const project = aProject({
      services: {
        a: { depends_on: { b: dependsOnStarted } },
        b: { depends_on: { c: dependsOnStarted } },
        c: { depends_on: { a: dependsOnStarted } },
      },
    });
    expect(() => inDependencyOrder(project)).toThrow('dependency cycle detected: a -> b -> c -> a');
  });

  test('a selection leaves nobody depending on what was left out', () => {
    const project = aProject({ services: { web: { depends_on: { db: dependsOnStarted } }, db: {}, other: {} } });
    const alone = selectServices(project, { services: ['web'], with: 'nothing' });
    expect(Object.keys(alone.services)).toEqual(['web']);
    expect(alone.services.web?.depends_on).toEqual({});
    expect(Object.keys(alone.disabledServices).sort()).toEqual(['db', 'other']);
    expect(Object.keys(selectServices(project, { services: ['db'], with: 'dependents' }).services)).toEqual([
      'web',
      'db',
    ]);
  });

  test('a service behind a profile is switched on by its name', () => {
    const project = { ...aProject(), disabledServices: { debug: aService('debug'), other: aService('other') } };
    const enabled = enableServices(project, ['debug', 'web']);
    expect(Object.keys(enabled.services)).toEqual(['web', 'debug']);
    expect(Object.keys(enabled.disabledServices)).toEqual(['other']);
  });

  test('a service behind a profile is told of, with the profile', () => {
    const project = { ...aProject(), disabledServices: { debug: aService('debug', { profiles: ['dev'] }) } };
    expect(() => selectServices(project, { services: ['debug'], with: 'nothing' })).toThrow(
      expect.objectContaining({ hint: 'enable one of its profiles: dev' }),
    );
  });
});

describe('use_api_socket', () => {
  test('adds the socket, the variable and the config, for those that ask', () => {
    const project = withApiSocket(
      aProject({ services: { web: { use_api_socket: true, environment: { A: 'b' } }, db: {} } }),
    );
    expect(project.services.web).toMatchObject({
      volumes: [{ type: 'bind', source: '/var/run/docker.sock', target: '/var/run/docker.sock' }],
      environment: { A: 'b', DOCKER_CONFIG: '/run/secrets/docker' },
      configs: [{ source: '#apisocket', target: '/run/secrets/docker/config.json' }],
    });
    expect(project.services.db?.volumes).toBeUndefined();
  });

  test('hands on the credentials of the docker config, and nothing else of it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'windlass-docker-config-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'config.json'), '{"auths":{"r.example":{"auth":"eDp5"}},"HttpHeaders":{"X":"y"}}');
    const given = aProject({ services: { web: { use_api_socket: true } }, environment: { DOCKER_CONFIG: folder } });
    const project = await withApiSocketAndCredentials(given);
    expect(project.configs['#apisocket']?.content).toBe('{"auths":{"r.example":{"auth":"eDp5"}}}');
  });
});

describe('the order of builds', () => {
  const build = { context: '.' };
  const project = aProject({
    services: {
      base: { build },
      middle: { image: 'x', depends_on: { base: dependsOnStarted } },
      top: { build, depends_on: { middle: dependsOnStarted } },
      other: { build: { context: '.', additional_contexts: { b: 'service:base' } } },
    },
  });
  test('follows dependencies, through services that are not built, and contexts', () => {
    const before = (name: string) => buildsBefore(project, project.services[name] ?? aService(name));
    expect(before('top')).toEqual(['base']);
    expect(before('other')).toEqual(['base']);
    expect(before('base')).toEqual([]);
  });
});
