import { describe, expect, it } from 'vitest';
import { mergeModels, mergeServices } from '../../src/spec/merge.ts';
import { Places } from '../../src/spec/places.ts';
import { enforceUnicity } from '../../src/spec/unicity.ts';
import { noProblems, plain, treeOf } from '../support/spec-files.ts';

type Case = readonly [rule: string, base: string, override: string, expected: unknown];

/** Attributes of one service, merged and rid of repetitions, as two files would be. */
function mergedService(base: string, override: string): unknown {
  const model = (text: string) => treeOf(`services: {web: {${text}}}`);
  const problems = noProblems();
  const merged = enforceUnicity(mergeModels(model(base), model(override), problems), problems);
  problems.throwIfAny();
  return (plain(merged) as { services: { web: unknown } }).services.web;
}

describe('a service in a later file', () => {
  const cases: Case[] = [
    ['replaces a text', 'image: a', 'image: b', { image: 'b' }],
    ['adds an attribute', 'image: a', 'user: me', { image: 'a', user: 'me' }],
    ['leaves what it sets to null', 'hostname: a', 'hostname: ', { hostname: 'a' }],
    ['appends a list', 'security_opt: [a]', 'security_opt: [b, a]', { security_opt: ['a', 'b', 'a'] }],
    [
      'merges mappings',
      'deploy: {replicas: 1, mode: x}',
      'deploy: {replicas: 2}',
      { deploy: { replicas: 2, mode: 'x' } },
    ],
    ['replaces a command', 'command: [a, b]', 'command: c', { command: 'c' }],
    ['clears a command', 'command: [a]', 'command: ', { command: null }],
    ['replaces an entrypoint', 'entrypoint: [a]', 'entrypoint: [b]', { entrypoint: ['b'] }],
    [
      'replaces the test of a health check and keeps its times',
      'healthcheck: {test: [CMD, a], retries: 3}',
      'healthcheck: {test: [CMD, b]}',
      { healthcheck: { test: ['CMD', 'b'], retries: 3 } },
    ],
    [
      'replaces a limit whole',
      'ulimits: {nofile: {soft: 1, hard: 2}}',
      'ulimits: {nofile: 3}',
      { ulimits: { nofile: 3 } },
    ],
    [
      'writes environment over environment by name, whatever the form',
      'environment: {A: 1, B: 2}',
      'environment: [B=3, C]',
      { environment: ['A=1', 'B=3', 'C'] },
    ],
    ['keeps the place of what it replaces', 'labels: [a=1, b=2]', 'labels: [a=3]', { labels: ['a=3', 'b=2'] }],
    [
      'prints numbers of a mapping as Go does',
      'labels: {a: 1.50, b: 1e6}',
      'labels: {}',
      { labels: ['a=1.5', 'b=1e+06'] },
    ],
    ['merges build arguments by name', 'build: {args: {A: 1}}', 'build: {args: [A=2]}', { build: { args: ['A=2'] } }],
    [
      'takes a build path as its context',
      'build: ./a',
      'build: {target: t}',
      { build: { context: './a', target: 't' } },
    ],
    ['keeps one of two equal dns servers', 'dns: 1.1.1.1', 'dns: [1.1.1.1, 2.2.2.2]', { dns: ['1.1.1.1', '2.2.2.2'] }],
    ['adds addresses to a host', 'extra_hosts: [a=1]', 'extra_hosts: {a: "2"}', { extra_hosts: ['a=1', 'a=2'] }],
    ['drops only equal hosts', 'extra_hosts: [a=1]', 'extra_hosts: [a=1, b=2]', { extra_hosts: ['a=1', 'b=2'] }],
    [
      'merges dependencies of both forms',
      'depends_on: [a]',
      'depends_on: {b: {condition: service_healthy}}',
      {
        depends_on: { a: { condition: 'service_started', required: true }, b: { condition: 'service_healthy' } },
      },
    ],
    [
      'merges networks of both forms',
      'networks: [a]',
      'networks: {b: {priority: 1}}',
      { networks: { a: null, b: { priority: 1 } } },
    ],
    [
      'merges models of both forms',
      'models: [a]',
      'models: {a: {model_var: V}}',
      { models: { a: { model_var: 'V' } } },
    ],
    [
      'merges logging of the same driver',
      'logging: {driver: d, options: {a: "1"}}',
      'logging: {options: {b: "2"}}',
      { logging: { driver: 'd', options: { a: '1', b: '2' } } },
    ],
    [
      'replaces logging of another driver',
      'logging: {driver: d, options: {a: "1"}}',
      'logging: {driver: e}',
      { logging: { driver: 'e' } },
    ],
    [
      'replaces the mount with the same target',
      'volumes: ["one:/x", "two:/y"]',
      'volumes: ["new:/x"]',
      { volumes: ['new:/x', 'two:/y'] },
    ],
    [
      'keeps both of two published ports',
      'ports: ["8080:80"]',
      'ports: ["9090:80"]',
      { ports: ['8080:80', '9090:80'] },
    ],
    ['keeps one of two equal ports', 'ports: ["80:80"]', 'ports: ["80:80"]', { ports: ['80:80'] }],
    [
      'replaces the device with the same path inside',
      'devices: ["/a:/x"]',
      'devices: ["/b:/x:r"]',
      { devices: ['/b:/x:r'] },
    ],
    [
      'replaces the secret with the same target',
      'secrets: [a, {source: b, target: t}]',
      'secrets: [{source: c, target: t}, a]',
      { secrets: ['a', { source: 'c', target: 't' }] },
    ],
    ['keeps one of two equal env files', 'env_file: a', 'env_file: [a, {path: b}]', { env_file: ['a', { path: 'b' }] }],
    ['keeps one of two equal names', 'cap_add: [A]', 'cap_add: [A, B]', { cap_add: ['A', 'B'] }],
    ['keeps the later of two temporary mounts', 'tmpfs: /a', 'tmpfs: [/a, /b]', { tmpfs: ['/a', '/b'] }],
  ];

  it.each(cases)('%s', (_rule, base, override, expected) => {
    expect(mergedService(base, override)).toEqual(expected);
  });

  it('cannot put a list onto a mapping', () => {
    expect(() => mergedService('deploy: {replicas: 1}', 'deploy: [a]')).toThrow(
      'service "web": "deploy": cannot merge a list onto a mapping',
    );
  });

  it('tells all attributes that do not merge at once', () => {
    const merge = () => mergedService('deploy: {}\n, cap_add: []', 'deploy: a\n, cap_add: b');
    expect(merge).toThrow(/"deploy"[\s\S]*"cap_add"/);
  });
});

describe('a network in a later file', () => {
  const mergedPools = (base: string, override: string): unknown => {
    const model = (text: string) => treeOf(`networks: {n: {ipam: {config: ${text}}}}`);
    const problems = noProblems();
    const merged = plain(mergeModels(model(base), model(override), problems)) as {
      networks: { n: { ipam: { config: unknown } } };
    };
    problems.throwIfAny();
    return merged.networks.n.ipam.config;
  };

  it('merges pools of the same subnet', () => {
    expect(mergedPools('[{subnet: 10.0.0.0/8}]', '[{subnet: 10.0.0.0/8, gateway: 10.0.0.1}]')).toEqual([
      { subnet: '10.0.0.0/8', gateway: '10.0.0.1' },
    ]);
  });

  it('puts a pool of its own subnet in, as docker compose does', () => {
    expect(mergedPools('[{subnet: 10.0.0.0/8}]', '[{subnet: 11.0.0.0/8}]')).toEqual([{ subnet: '11.0.0.0/8' }]);
  });
});

describe('merging', () => {
  it('keeps the place of every value, from whichever file it comes', () => {
    const places = new Places();
    const base = treeOf('services:\n  web:\n    image: a\n    user: u\n', places);
    const over = treeOf('services:\n  web:\n    image: b\n', places);
    const service = (tree: typeof base) => (tree.services as typeof base).web as typeof base;
    const merged = mergeServices(service(base), service(over), 'web', noProblems(places));
    expect(plain(merged)).toEqual({ image: 'b', user: 'u' });
  });

  it('changes neither side', () => {
    const base = treeOf('services: {web: {environment: {A: 1}, networks: [a], build: {args: {A: 1}}}}');
    const over = treeOf('services: {web: {environment: {A: 2}, networks: {b: {}}, build: {args: {B: 1}}}}');
    const before = [plain(base), plain(over)];
    mergeModels(base, over, noProblems());
    expect([plain(base), plain(over)]).toEqual(before);
  });
});
