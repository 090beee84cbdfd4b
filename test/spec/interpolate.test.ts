import { describe, expect, it } from 'vitest';
import { interpolate } from '../../src/spec/interpolate.ts';
import { Places } from '../../src/spec/places.ts';
import { Problems } from '../../src/spec/problems.ts';
import { Warnings } from '../../src/spec/warnings.ts';
import { plain, treeOf } from '../support/spec-files.ts';

const VARIABLES: Readonly<Record<string, string>> = { N: '3', T: 'true', Y: 'yes', F: '0.5', EMPTY: '', X: 'text' };

function interpolated(text: string): { tree: unknown; warnings: string[] } {
  const places = new Places();
  const problems = new Problems(places);
  const warnings = new Warnings(places);
  const tree = interpolate(treeOf(text, places), { lookup: (name) => VARIABLES[name], problems, warnings });
  problems.throwIfAny();
  return { tree: plain(tree), warnings: warnings.all().map(({ message }) => message) };
}

const service = (attributes: string): string => `services: {web: {${attributes}}}`;

describe('variables', () => {
  it.each([
    ['image: "a:${X}"', { image: 'a:text' }],
    ['command: [a, "$X"]', { command: ['a', 'text'] }],
    ['labels: {"${X}": "${X}"}', { labels: { '${X}': 'text' } }],
    ['image: "$$X"', { image: '$X' }],
  ])('are put into values of %s, not into keys', (attributes, expected) => {
    expect(interpolated(service(attributes)).tree).toEqual({ services: { web: expected } });
  });

  it('become what their attribute is', () => {
    const attributes =
      'scale: "${N}", privileged: "$T", cpus: "$F", init: "$Y", healthcheck: {retries: "$N"}, ulimits: {nofile: {soft: "$N"}}, ports: [{target: "$N"}], image: "$N"';
    expect(interpolated(service(attributes))).toEqual({
      tree: {
        services: {
          web: {
            scale: 3,
            privileged: true,
            cpus: 0.5,
            init: true,
            healthcheck: { retries: 3 },
            ulimits: { nofile: { soft: 3 } },
            ports: [{ target: 3 }],
            image: '3',
          },
        },
      },
      warnings: ['service "web": "yes" is not a boolean in YAML 1.2, write true'],
    });
  });

  it.each([
    ['scale: "0x10"', 'must be a whole number, not "0x10"'],
    ['scale: "${X}"', 'must be a whole number, not "text" (from "${X}")'],
    ['privileged: "1"', 'must be true or false, not "1"'],
    ['cpus: a', 'must be a number, not "a"'],
  ])('are refused where %s needs another type', (attributes, message) => {
    expect(() => interpolated(service(attributes))).toThrow(message);
  });

  it('take 010 for ten', () => {
    expect(interpolated(service('scale: "010"')).tree).toEqual({ services: { web: { scale: 10 } } });
  });

  it('that are not set are told once, with every place', () => {
    const text = 'services:\n  web:\n    image: "$A"\n    user: "$A$B"\n';
    expect(interpolated(text).warnings).toEqual([
      'service "web": the variable "A" is not set, an empty text is used, also used at compose.yaml:4',
      'service "web": the variable "B" is not set, an empty text is used',
    ]);
  });

  it('are all told when several are missing or malformed', () => {
    const text = 'services:\n  web:\n    image: "${A:?name it}"\n    user: "${"\n';
    expect(() => interpolated(text)).toThrow(/compose\.yaml:3:12: .*name it[\s\S]*compose\.yaml:4:11: /);
  });

  it('share what holds none', () => {
    const tree = treeOf(service('image: x, ports: [80]'));
    const places = new Places();
    const context = { lookup: () => undefined, problems: new Problems(places), warnings: new Warnings(places) };
    expect(interpolate(tree, context)).toBe(tree);
  });
});
