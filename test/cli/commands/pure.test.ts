import { describe, expect, it } from 'vitest';
import { jsonLine, plainLine } from '../../../src/cli/commands/events.ts';
import { summarise } from '../../../src/cli/commands/ls.ts';
import { parseReplicas } from '../../../src/cli/commands/scale.ts';
import { collect } from '../../../src/cli/commands/top.ts';
import { versionText } from '../../../src/cli/commands/version.ts';
import { pluginCall, pluginMetadata } from '../../../src/cli/docker-plugin.ts';
import { reportText } from '../../../src/cli/doctor/report.ts';
import { familiarReference } from '../../../src/cli/image-reference.ts';
import { invokedAs } from '../../../src/cli/program-name.ts';
import { byNumber, notRunning, oneContainer, selectContainers, shortName } from '../../../src/cli/select-containers.ts';
import type { ObservedContainer } from '../../../src/engine/engine.ts';
import { LABEL } from '../../../src/names.ts';

function container(
  service: string,
  number: number,
  given: Partial<ObservedContainer> = {},
  labels = {},
): ObservedContainer {
  return {
    id: `${service}${number}`,
    name: `shop-${service}-${number}`,
    image: 'busybox',
    imageId: '',
    command: '',
    state: 'running',
    health: undefined,
    exitCode: undefined,
    status: '',
    createdAt: 0,
    labels: {
      [LABEL.project]: 'shop',
      [LABEL.service]: service,
      [LABEL.number]: String(number),
      [LABEL.configHash]: 'x',
      [LABEL.configFiles]: '/a.yaml,/b.yaml',
      ...labels,
    },
    networks: {},
    mounts: [],
    ports: [],
    ...given,
  };
}

describe('containers are chosen', () => {
  const oneOff = container('web', 0, { id: 'run' }, { [LABEL.oneOff]: 'True' });
  const all = [oneOff, container('web', 2), container('web', 1, { state: 'exited' }), container('db', 1)];
  const ids = (found: readonly ObservedContainer[]) => found.map(({ id }) => id);
  it('by service, state and kind', () => {
    const want = { services: [], oneOffs: false, stopped: false };
    expect(ids(selectContainers(all, want))).toEqual(['web2', 'db1']);
    expect(ids(selectContainers(all, { ...want, stopped: true, services: ['web'] }))).toEqual(['web2', 'web1']);
    expect(ids(selectContainers(all, { ...want, oneOffs: true, services: ['web'] }).sort(byNumber))).toEqual([
      'web2',
      'run',
    ]);
  });
  it('one by one', () => {
    const want = { oneOffs: true, stopped: true };
    for (const lowest of [0, -1]) expect(oneContainer(all, 'web', lowest, want).id).toBe('web1');
    expect(oneContainer(all, 'web', 2, want).id).toBe('web2');
    expect(() => oneContainer(all, 'web', 3, want)).toThrow('service "web" is not running container #3');
    expect(() => oneContainer(all, 'nope', 0, want)).toThrow('service "nope" is not running');
  });
  it.each([
    ['wbe', 0, 'did you mean "web"?'],
    ['web', 0, 'start it with "windlass start web"'],
    ['cache', 0, 'start it with "windlass up -d cache"'],
    ['web', 3, '"windlass ps web" lists its containers'],
  ])('of service %s, number %i, there is none: %s', (service, index, hint) => {
    expect(notRunning(all, service, index).hint).toBe(hint);
  });
  it.each([
    ['shop-web-1', 'web-1'],
    ['shop_web_1', 'web_1'],
    ['my-name', 'my-name'],
  ])('%s is called %s in logs', (name, short) => {
    expect(shortName(container('web', 1, { name }))).toBe(short);
  });
});

it('projects are summed up by name', () => {
  const other = container('x', 1, { state: 'paused' }, { [LABEL.project]: 'a', [LABEL.configFiles]: '/c.yaml' });
  expect(summarise([container('web', 1), container('web', 2, { state: 'exited' }), container('db', 1), other])).toEqual(
    [
      { Name: 'a', Status: 'paused(1)', ConfigFiles: '/c.yaml' },
      { Name: 'shop', Status: 'exited(1), running(2)', ConfigFiles: '/a.yaml,/b.yaml' },
    ],
  );
});

it('processes of all containers share one table whose command is the last column', () => {
  const { titles, rows } = collect([
    { service: 'web', number: '1', table: { titles: ['PID', 'CMD'], processes: [['1', 'sh']] } },
    { service: 'db', number: '1', table: { titles: ['PID', 'CMD', 'TIME'], processes: [['2', 'my', '0:00']] } },
  ]);
  expect(titles).toEqual(['SERVICE', '#', 'PID', 'TIME', 'CMD']);
  expect(rows).toEqual([
    { SERVICE: 'web', '#': '1', PID: '1', CMD: 'sh' },
    { SERVICE: 'db', '#': '1', PID: '2', CMD: 'my', TIME: '0:00' },
  ]);
});

describe('scale', () => {
  it('reads pairs', () => expect(parseReplicas(['a=1', 'b=0'])).toEqual({ a: 1, b: 0 }));
  it.each(['a', 'a=', '=1', 'a=x', 'a=-1', 'a=1.5'])('%s is refused', (argument) => {
    expect(() => parseReplicas([argument])).toThrow('invalid scale specifier');
  });
});

it.each([
  ['busybox', 'busybox', 'latest'],
  ['docker.io/library/busybox:1', 'busybox', '1'],
  ['docker.io/team/app', 'team/app', 'latest'],
  ['registry:5000/team/app', 'registry:5000/team/app', 'latest'],
  ['registry:5000/team/app:2', 'registry:5000/team/app', '2'],
  ['app:1@sha256:abc', 'app', ''],
  [`sha256:${'a'.repeat(64)}`, '', ''],
])('the image %s is %s with tag %s', (reference, repository, tag) => {
  expect(familiarReference(reference)).toEqual({ repository, tag });
});

it('an event in text and JSON has no label of Compose’s', () => {
  const event = {
    type: 'container',
    action: 'start',
    id: 'abc',
    attributes: { name: 'shop-web-1', image: 'busybox', [LABEL.project]: 'shop' },
    timeNano: 1_795_266_123_123_456_789n,
  };
  expect(plainLine(event)).toMatch(
    /^2026-11-2\d \d\d:\d\d:03\.123456 container start abc \(image=busybox, name=shop-web-1\)$/,
  );
  expect(JSON.parse(jsonLine(event, 'web'))).toMatchObject({
    action: 'start',
    attributes: { name: 'shop-web-1', image: 'busybox' },
    id: 'abc',
    service: 'web',
    type: 'container',
  });
});

describe('version', () => {
  it('is docker compose’s line and number', () => {
    expect(versionText({ short: false, format: undefined })).toMatch(
      /^Docker Compose version 2\.40\.3 \(windlass \d+\.\d+\.\d+\)\n$/,
    );
    expect(versionText({ short: true, format: undefined })).toBe('2.40.3\n');
    expect(JSON.parse(versionText({ short: false, format: 'json' }))).toMatchObject({ version: '2.40.3' });
  });
});

describe('as docker’s plugin', () => {
  it('answers its question', () => {
    expect(JSON.parse(pluginMetadata(['docker-cli-plugin-metadata']) ?? '')).toMatchObject({ SchemaVersion: '0.1.0' });
    expect(pluginMetadata(['up'])).toBeUndefined();
  });
  it.each<[string[], unknown]>([
    [['compose', 'up', '-d'], { argv: ['up', '-d'], env: {} }],
    [['--context', 'far', 'compose', 'ps'], { argv: ['ps'], env: { DOCKER_CONTEXT: 'far', DOCKER_HOST: '' } }],
    [['--host=tcp://h', '-D', 'compose'], { argv: [], env: { DOCKER_HOST: 'tcp://h', DOCKER_CONTEXT: '' } }],
    [['--tlsverify', '-l', 'debug', 'compose', 'ps'], { argv: ['ps'], env: { DOCKER_TLS_VERIFY: '1' } }],
    [['up', 'compose'], undefined],
    [['-f', 'x', 'up'], undefined],
    [['--host'], undefined],
  ])('%j', (argv, expected) => {
    expect(pluginCall(argv)).toEqual(expected);
  });
  it.each([
    ['/x/dist/windlass.js', 'windlass'],
    ['/x/.docker/cli-plugins/docker-compose', 'docker-compose'],
    ['/x/src/main.ts', 'windlass'],
  ])('%s is called %s', (script, name) => {
    expect(invokedAs(['node', script])).toBe(name);
  });
});

it('doctor’s findings are shown by topic, with what to do', () => {
  const text = reportText(
    {
      version: '1.0.0',
      findings: [
        { topic: 'engine', name: 'DOCKER_HOST', verdict: 'problem', detail: 'refused', hint: 'start it' },
        { topic: 'host', name: 'node', verdict: 'ok', detail: 'v24' },
      ],
    },
    false,
  );
  expect(text).toBe(
    'Engines, in the order in which they are tried\n  ✗ DOCKER_HOST  refused\n                 hint: start it\n\n' +
      'This machine\n  ✓ node         v24\n\nNo engine can be used. Follow a hint above.\n',
  );
});
