import { describe, expect, it } from 'vitest';
import { formatVariables } from '../../src/cli/config-variables.ts';
import { fullReference } from '../../src/cli/image-digests.ts';

const tree = {
  services: {
    b: { image: 'x:${T:-1}', environment: { A: '${R:?must}', B: '$Z $$NO ${Q:+y}' } },
    a: { ports: ['${T}'] },
  },
};

describe('config --variables', () => {
  it('prints a table', () => {
    const row = (...cells: string[]) =>
      cells
        .map((cell) => cell.padEnd(20))
        .join('')
        .replace(/ {20}$/, '');
    expect(
      formatVariables(tree, '')
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual([
      'NAME                REQUIRED            DEFAULT VALUE       ALTERNATE VALUE',
      row('Q', 'false', '', 'y').trimEnd(),
      row('R', 'true').trimEnd(),
      row('T', 'false', '1').trimEnd(),
      row('Z', 'false').trimEnd(),
      '',
    ]);
  });

  it('prints JSON as docker compose names it', () => {
    expect(JSON.parse(formatVariables(tree, 'json')).Q).toEqual({
      Name: 'Q',
      DefaultValue: '',
      PresenceValue: 'y',
      Required: false,
    });
    expect(formatVariables({ a: '${X:-<&>}' }, 'json')).toContain('"<&>"');
  });

  it('prints YAML', () => {
    expect(formatVariables({ a: '${X:-1}' }, 'yaml')).toBe(
      'X:\n    name: X\n    defaultvalue: "1"\n    presencevalue: ""\n    required: false\n',
    );
  });

  it('shows the most common of several mentions', () => {
    const services = { a: { image: '${V:-1}' }, b: { image: '${V:-2}' }, c: { image: '${V:-1}', command: ['${V}'] } };
    expect(JSON.parse(formatVariables({ services }, 'json')).V.DefaultValue).toBe('1');
    expect(JSON.parse(formatVariables({ list: ['${V:-1}', '${V:-1}', '${V:-3}'] }, 'json')).V.DefaultValue).toBe('3');
  });

  it('refuses any other format', () => {
    expect(() => formatVariables(tree, 'xml')).toThrow('format value "xml" could not be parsed');
  });
});

describe('a full image reference', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['team/app', 'docker.io/team/app:latest'],
    ['index.docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['registry:5000/app:2', 'registry:5000/app:2'],
    ['nginx:1@sha256:abc', 'docker.io/library/nginx@sha256:abc'],
  ])('of %s is %s', (image, full) => {
    expect(fullReference(image)).toBe(full);
  });
});
