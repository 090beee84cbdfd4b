// The loader over random models: merging and loading give the same for the same, and a merge with nothing changes nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeModels } from '../../src/spec/merge.ts';
import { renderProject } from '../../src/spec/render.ts';
import { enforceUnicity } from '../../src/spec/unicity.ts';
import { loadFiles, noProblems, plain, treeOf } from '../support/spec-files.ts';

const name = fc.stringMatching(/^[a-z]{2,6}$/);
const pairs = fc.oneof(
  fc.dictionary(name, fc.oneof(name, fc.integer({ min: 0, max: 99 })), { maxKeys: 4 }),
  fc.uniqueArray(
    fc.tuple(name, name).map(([key, value]) => `${key}=${value}`),
    { maxLength: 4 },
  ),
);
const port = fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 99 })).map(([a, b]) => `${a}:${b}`);
const mount = fc.tuple(name, name).map(([source, target]) => `${source}:/${target}s`);

const service = fc.record(
  {
    image: name,
    command: fc.oneof(name, fc.array(name, { maxLength: 3 })),
    environment: pairs,
    labels: pairs,
    ports: fc.uniqueArray(port, { maxLength: 3 }),
    volumes: fc.uniqueArray(mount, { maxLength: 3 }),
    cap_add: fc.uniqueArray(name, { maxLength: 3 }),
    networks: fc.oneof(fc.uniqueArray(name, { maxLength: 3 }), fc.dictionary(name, fc.constant({}), { maxKeys: 3 })),
    healthcheck: fc.record({ test: name, retries: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }),
    logging: fc.record({ driver: name, options: fc.dictionary(name, name, { maxKeys: 2 }) }, { requiredKeys: [] }),
  },
  { requiredKeys: ['image'] },
);
const model = fc.record({ services: fc.dictionary(name, service, { minKeys: 1, maxKeys: 3 }) });

const treeFrom = (value: unknown) => treeOf(JSON.stringify(value));
const merged = (base: unknown, over: unknown): unknown => {
  const problems = noProblems();
  const result = enforceUnicity(mergeModels(treeFrom(base), treeFrom(over), problems), problems);
  problems.throwIfAny();
  return plain(result);
};

describe('merging', () => {
  it('is the same each time', () => {
    fc.assert(
      fc.property(model, model, (a, b) => {
        expect(merged(a, b)).toEqual(merged(a, b));
      }),
    );
  });

  it('with an empty model on either side changes nothing but repetitions', () => {
    const once = (value: unknown): unknown => plain(enforceUnicity(treeFrom(value), noProblems()));
    fc.assert(
      fc.property(model, (a) => {
        expect(merged(a, {})).toEqual(once(a));
        expect(merged({}, a)).toEqual(once(a));
      }),
    );
  });

  it('of a file over itself says no more than the file, once more makes no difference', () => {
    fc.assert(
      fc.property(model, (a) => {
        const twice = merged(a, a);
        expect(merged(twice, a)).toEqual(twice);
      }),
    );
  });

  it('lets each service have its own: names never meet', () => {
    fc.assert(
      fc.property(model, model, (a, b) => {
        const { services } = merged(a, b) as { services: Record<string, unknown> };
        expect(Object.keys(services).sort()).toEqual(
          [...new Set([...Object.keys(a.services), ...Object.keys(b.services)])].sort(),
        );
      }),
    );
  });
});

describe('loading', () => {
  it('twice gives the same bytes, and what is printed loads to the same again', async () => {
    await fc.assert(
      fc.asyncProperty(model, model, async (base, over) => {
        const files = { 'compose.yaml': JSON.stringify(base), 'compose.override.yaml': JSON.stringify(over) };
        const options = { checkConsistency: false };
        const text = renderProject((await loadFiles(files, options)).project, 'yaml');
        expect(renderProject((await loadFiles(files, options)).project, 'yaml')).toBe(text);
        const again = await loadFiles({ 'compose.yaml': text }, options);
        expect(renderProject(again.project, 'yaml')).toBe(text);
      }),
      { numRuns: 60 },
    );
  });
});
