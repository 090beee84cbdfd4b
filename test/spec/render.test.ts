// The expected files in test/fixtures/render are what docker compose 2.40.3 prints for the same values.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Project } from '../../src/model.ts';
import { renderImages, renderProject, renderTree } from '../../src/spec/render.ts';
import { emitYaml } from '../../src/spec/yaml/emit.ts';
import { naturalOrder } from '../../src/spec/yaml/natural-order.ts';
import { GoFloat, resolvePlain, Timestamp } from '../../src/spec/yaml/scalar.ts';

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/render/${name}`, import.meta.url), 'utf8');

const project = (parts: Partial<Project> = {}): Project => ({
  name: 'demo',
  workingDir: '/demo',
  composeFiles: [],
  envFiles: [],
  environment: {},
  services: {},
  disabledServices: {},
  networks: {},
  volumes: {},
  secrets: {},
  configs: {},
  models: {},
  profiles: [],
  ...parts,
});

describe('the canonical form of a project', () => {
  it('quotes, escapes and sorts as docker compose does', () => {
    const hard = JSON.parse(fixture('project.json')) as Project;
    expect(renderProject(hard, 'yaml')).toBe(fixture('expected.yaml'));
    expect(renderProject(hard, 'json')).toBe(fixture('expected-json.txt'));
  });

  it('has services even when there are none', () => {
    expect(renderProject(project(), 'yaml')).toBe('name: demo\nservices: {}\n');
    expect(renderProject(project(), 'json')).toBe('{\n  "name": "demo",\n  "services": {}\n}');
  });

  it('never shows what a secret or a config from the environment holds', () => {
    const secret = project({
      secrets: { s: { name: 'demo_s', environment: 'TOKEN', content: 'hush' } },
      configs: {
        c: { name: 'demo_c', environment: 'TOKEN', content: 'hush' },
        d: { name: 'demo_d', content: 'written' },
      },
    });
    for (const format of ['json', 'yaml'] as const) {
      expect(renderProject(secret, format)).not.toContain('hush');
      expect(renderProject(secret, format)).toContain('written');
    }
  });

  it('shows extensions of a service in YAML only, and those at the top in both', () => {
    const extended = project({
      services: { a: { name: 'a', command: null, entrypoint: null, 'x-in': 1 } },
      'x-top': { at: new Timestamp('2001-01-01T00:00:00Z'), number: new GoFloat(1e6), none: [] },
    });
    expect(renderProject(extended, 'yaml')).toBe(
      'name: demo\nservices:\n  a:\n    x-in: 1\nx-top:\n  at: 2001-01-01T00:00:00Z\n  none: []\n  number: 1e+06\n',
    );
    const top = JSON.parse(renderProject(extended, 'json'))['x-top'];
    expect(top).toEqual({ at: '2001-01-01T00:00:00Z', none: null, number: 1000000 });
  });

  it('shows what JSON and YAML write differently', () => {
    const service = {
      name: 'a',
      command: [],
      entrypoint: null,
      env_file: [
        { path: '/a', required: true },
        { path: '/b', required: false, format: 'raw' },
      ],
      ulimits: { nproc: 5, nofile: { soft: 0, hard: 7 } },
      deploy: {},
      build: { context: '/', ssh: ['default', 'key=/k'] },
    };
    const both = project({ services: { a: service } });
    expect(JSON.parse(renderProject(both, 'json')).services.a).toEqual({
      build: { context: '/', ssh: ['default', 'key=/k'] },
      command: [],
      deploy: { resources: {}, placement: {} },
      entrypoint: null,
      env_file: ['/a', { path: '/b', required: false, format: 'raw' }],
      ulimits: { nproc: 5, nofile: { hard: 7 } },
    });
    expect(renderProject(both, 'yaml')).toBe(
      [
        'name: demo',
        'services:',
        '  a:',
        '    build:',
        '      context: /',
        '      ssh:',
        '        - default',
        "        - 'key: /k'",
        '    command: []',
        '    deploy: {}',
        '    env_file:',
        '      - /a',
        '      - path: /b',
        '        required: false',
        '    ulimits:',
        '      nofile:',
        '        soft: 0',
        '        hard: 7',
        '      nproc: 5',
        '',
      ].join('\n'),
    );
  });

  it('can be an override file of images alone', () => {
    const pinned = project({ services: { a: { name: 'a', command: ['x'], entrypoint: null, image: 'x@sha256:1' } } });
    expect(renderImages(pinned, 'yaml')).toBe('services:\n  a:\n    image: x@sha256:1\n');
  });
});

describe('a tree that is not interpolated', () => {
  it('keeps its dollars', () => {
    expect(renderTree({ services: { a: { image: '${X:-y}' } } }, 'yaml')).toBe('services:\n  a:\n    image: ${X:-y}\n');
  });
});

describe('YAML text', () => {
  it.each(['', '~', 'yes', '12:30', '1_000', '0o17', '.5', '2001-01-01', '<<', '- a', 'a: b', "it's", ' a', 'true'])(
    'is quoted where %j would be read as something else',
    (text) => {
      const written = emitYaml(text).trimEnd();
      const plain = !/^['"]/.test(written);
      expect(plain && resolvePlain(written) !== text).toBe(false);
    },
  );

  it('sorts numbers in keys as numbers', () => {
    expect(['a10', 'a2', 'a-1', 'a', 'b', 'a02'].sort(naturalOrder)).toEqual(['a', 'a-1', 'a2', 'a02', 'a10', 'b']);
  });
});
