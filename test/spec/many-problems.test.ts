// Of very many problems the first five hundred are told, and that there may be more; the same for warnings.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SpecError } from '../../src/diagnostics.ts';
import { type LoadOptions, loadProject } from '../../src/spec/load.ts';

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'windlass-many-'));
});
afterAll(() => rm(cwd, { recursive: true }));

const repeated = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join('');

async function load(text: string): Promise<Awaited<ReturnType<typeof loadProject>>> {
  await writeFile(join(cwd, 'compose.yaml'), text);
  const options: LoadOptions = { cwd, env: {}, files: [], envFiles: [], profiles: [], projectName: 'many' };
  return loadProject(options);
}

const refusal = (text: string): Promise<SpecError> =>
  load(text).then(
    () => expect.fail('it was loaded'),
    (error: unknown) => (error instanceof SpecError ? error : Promise.reject(error)),
  );

test.each([
  ['unknown keys', (i: number) => `  s${i}: {image: x, imag: y}\n`, /unknown key "imag"/],
  ['unknown dependencies', (i: number) => `  s${i}: {image: x, depends_on: [n${i}]}\n`, /which is not declared/],
])('%s', async (_, service, expected) => {
  const { diagnostics } = await refusal(`services:\n${repeated(3000, service)}`);
  expect(diagnostics).toHaveLength(501);
  expect(diagnostics[0]).toMatchObject({ message: expect.stringMatching(expected), position: { line: 2 } });
  expect(diagnostics.at(-1)?.message).toBe('that is 500 problems; there may be more');
});

test('four hundred are told whole', async () => {
  const { diagnostics } = await refusal(`services:\n${repeated(400, (i) => `  s${i}: {image: x, imag: y}\n`)}`);
  expect(diagnostics).toHaveLength(400);
});

test('unset variables', async () => {
  const { warnings } = await load(
    `services:\n  a:\n    image: x\n    environment:\n${repeated(700, (i) => `      - A${i}=$B${i}\n`)}`,
  );
  expect(warnings).toHaveLength(501);
  expect(warnings.at(-1)?.message).toBe('and 200 more warnings like these');
});
