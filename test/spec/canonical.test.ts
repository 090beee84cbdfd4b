import { describe, expect, it } from 'vitest';
import { cleanPath, toCanonical } from '../../src/spec/canonical.ts';
import { Places } from '../../src/spec/places.ts';
import { parsePorts } from '../../src/spec/short-port.ts';
import { parseVolume } from '../../src/spec/short-volume.ts';
import { Warnings } from '../../src/spec/warnings.ts';
import { noProblems, plain, treeOf } from '../support/spec-files.ts';

function canonicalService(attributes: string, lenient = false): unknown {
  const problems = noProblems();
  const context = { problems, warnings: new Warnings(new Places()), lenient };
  const tree = toCanonical(treeOf(`services: {web: {${attributes}}}`), context);
  problems.throwIfAny();
  return (plain(tree) as { services: { web: unknown } }).services.web;
}

describe('the long form', () => {
  it.each([
    ['build: ./a', { build: { context: './a' } }],
    ['build: {sbom: true, provenance: max}', { build: { sbom: 'true', provenance: 'max' } }],
    ['build: {additional_contexts: [a=b]}', { build: { additional_contexts: { a: 'b' } } }],
    ['build: {ssh: [default, "k=/key"]}', { build: { ssh: { default: null, k: '/key' } } }],
    ['build: {secrets: [s]}', { build: { secrets: [{ source: 's' }] } }],
    ['depends_on: [a]', { depends_on: { a: { condition: 'service_started', required: true } } }],
    [
      'depends_on: {a: {restart: true}}',
      { depends_on: { a: { restart: true, condition: 'service_started', required: true } } },
    ],
    ['env_file: a.env', { env_file: [{ path: 'a.env', required: true }] }],
    [
      'env_file: [a, {path: b, required: false}]',
      {
        env_file: [
          { path: 'a', required: true },
          { path: 'b', required: false },
        ],
      },
    ],
    ['label_file: a', { label_file: ['a'] }],
    ['extends: base', { extends: { service: 'base' } }],
    ['gpus: all', { gpus: [{ count: 'all' }] }],
    ['networks: [a, b]', { networks: { a: null, b: null } }],
    ['models: [a]', { models: { a: null } }],
    ['dns: 1.1.1.1', { dns: ['1.1.1.1'] }],
    ['dns: [1.1.1.1, ""]', { dns: ['1.1.1.1'] }],
    ['devices: ["/a:/b:r", /c]', { devices: [device('/a', '/b', 'r'), device('/c', '/c', 'rwm')] }],
    ['configs: [c], secrets: [s]', { configs: [{ source: 'c' }], secrets: [{ source: 's' }] }],
    [
      'develop: {watch: [{path: a, action: sync, ignore: x, include: y}]}',
      { develop: { watch: [{ path: 'a', action: 'sync', ignore: ['x'], include: ['y'] }] } },
    ],
    ['volumes: ["./a:/b:ro"]', { volumes: [bind('./a', '/b', { read_only: true })] }],
    ['ports: [80]', { ports: [{ mode: 'ingress', target: 80, protocol: 'tcp' }] }],
  ])('of %s', (short, long) => {
    expect(canonicalService(short)).toEqual(long);
  });

  it('leaves what is long already as it is, the same object', () => {
    const tree = treeOf('services: {web: {image: x, networks: {a: }, build: {context: .}}}');
    const context = { problems: noProblems(), warnings: new Warnings(new Places()), lenient: false };
    expect(toCanonical(tree, context)).toBe(tree);
  });

  it('is the long form of itself', () => {
    const context = { problems: noProblems(), warnings: new Warnings(new Places()), lenient: false };
    const once = toCanonical(treeOf('services: {web: {ports: ["1-2:3-4"], volumes: [a:/b], networks: [a]}}'), context);
    expect(plain(toCanonical(once, context))).toEqual(plain(once));
  });

  it('keeps what it cannot read while variables are in it', () => {
    expect(canonicalService('ports: ["${P}:80"], volumes: ["${V}"]', true)).toEqual({
      ports: ['${P}:80'],
      volumes: [{ type: 'volume', target: '${V}', volume: {} }],
    });
    expect(() => canonicalService('ports: ["${P}:80"]')).toThrow('"${P}" is not a host port');
  });

  it('takes the old name of an external resource over, with a warning', () => {
    const warnings = new Warnings(new Places());
    const tree = treeOf('networks: {n: {external: {name: real}}}');
    expect(plain(toCanonical(tree, { problems: noProblems(), warnings, lenient: false }))).toEqual({
      networks: { n: { external: true, name: 'real' } },
    });
    expect(warnings.all().map(({ message }) => message)).toEqual(['network "n": "external.name" is deprecated']);
  });
});

function device(source: string, target: string, permissions: string): object {
  return { source, target, permissions };
}

function bind(source: string, target: string, more: object = {}): object {
  return { type: 'bind', source, target, bind: { create_host_path: true }, ...more };
}

describe('a short port', () => {
  it.each([
    ['80', [{ target: 80 }]],
    ['8080:80', [{ target: 80, published: '8080' }]],
    ['0:80', [{ target: 80, published: '0' }]],
    ['127.0.0.1::80', [{ target: 80, host_ip: '127.0.0.1' }]],
    ['127.0.0.1:8080:80/udp', [{ target: 80, published: '8080', host_ip: '127.0.0.1', protocol: 'udp' }]],
    ['[::1]:8080:80', [{ target: 80, published: '8080', host_ip: '::1' }]],
    ['8080-8090:80', [{ target: 80, published: '8080-8090' }]],
    ['80:80/', [{ target: 80, published: '80' }]],
    ['80:80/TCP', [{ target: 80, published: '80' }]],
    [
      '9-10:9-10',
      [
        { target: 10, published: '10' },
        { target: 9, published: '9' },
      ],
    ],
  ])('%s', (text, expected) => {
    expect(parsePorts(text)).toEqual(expected.map((port) => ({ mode: 'ingress', protocol: 'tcp', ...port })));
  });

  it.each([
    ['::1:80:80', '"::1" is not an IP address'],
    ['1.2.3:80:80', '"1.2.3" is not an IP address'],
    ['a:80', '"a" is not a host port or a range of ports'],
    ['80:a', '"a" is not a container port or a range of ports'],
    ['80:', '"80:" has no container port'],
    ['80:80/http', '"http" is not a protocol'],
    ['70000', '"70000" is not a container port or a range of ports'],
    ['1-2:3-5', 'the ranges "1-2" and "3-5" differ in length'],
    ['2-1', '"2-1" is not a container port or a range of ports'],
  ])('%s is refused', (text, problem) => {
    expect(parsePorts(text)).toMatchObject({ problem });
  });
});

describe('a short volume', () => {
  it.each([
    ['/data', { type: 'volume', target: '/data', volume: {} }],
    ['/a', { type: 'volume', target: '/a' }],
    ['data:/a', { type: 'volume', source: 'data', target: '/a', volume: {} }],
    ['data:/a:nocopy,ro', { type: 'volume', source: 'data', target: '/a', read_only: true, volume: { nocopy: true } }],
    ['./a:/b', bind('./a', '/b')],
    ['~/a:/b', bind('~/a', '/b')],
    ['/a:/b:rw', bind('/a', '/b')],
    ['/a:/b:z,rshared', bind('/a', '/b', { bind: { create_host_path: true, selinux: 'z', propagation: 'rshared' } })],
    ['C:\\a:/b', bind('C:\\a', '/b')],
    ['data:/a:cached', { type: 'volume', source: 'data', target: '/a', volume: {} }],
    // A single letter is taken for a drive, as docker compose does.
    ['v:/v', { type: 'volume', target: 'v:/v', volume: {} }],
    ['${A:-x}:/b', { type: 'volume', source: '${A:-x}', target: '/b', volume: {} }],
  ])('%s', (text, expected) => {
    expect(parseVolume(text)).toEqual(expected);
  });

  it.each(['', 'aa::bb', 'aa:bb:cc:dd'])('"%s" is refused', (text) => {
    expect(parseVolume(text)).toHaveProperty('problem');
  });
});

describe('a cleaned path', () => {
  it.each([
    ['/a//b/', '/a/b'],
    ['/a/../..', '/'],
    ['a/../../b', '../b'],
    ['', '.'],
    ['./', '.'],
  ])('of "%s" is "%s"', (path, clean) => {
    expect(cleanPath(path)).toBe(clean);
  });
});
