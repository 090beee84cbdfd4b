import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WindlassError } from '../../src/errors.ts';
import { type LoadOptions, loadProject } from '../../src/spec/load.ts';

let here: string;
let copies: string;

beforeEach(() => {
  here = mkdtempSync(join(tmpdir(), 'windlass-here-'));
  copies = mkdtempSync(join(tmpdir(), 'windlass-copies-'));
});
afterEach(() => {
  for (const folder of [here, copies]) rmSync(folder, { recursive: true, force: true });
});

const fetched: string[] = [];
function load(files: readonly string[], remote: Readonly<Record<string, string>>, more: Partial<LoadOptions> = {}) {
  fetched.length = 0;
  const fetch = async (reference: string): Promise<string> => {
    fetched.push(reference);
    const text = remote[reference];
    if (text === undefined) throw new WindlassError('X', `nothing at "${reference}"`, { hint: 'look elsewhere' });
    const path = join(copies, `${fetched.length}.yaml`);
    writeFileSync(path, text);
    return path;
  };
  return loadProject({ cwd: here, env: {}, files, envFiles: [], profiles: [], remote: { fetch }, ...more });
}

describe('Compose files on other machines', () => {
  it('stand in the folder of their copy, and have the name of the folder here', async () => {
    writeFileSync(join(here, '.env'), 'TAG=9');
    const text = 'services: {web: {image: "nginx:${TAG}", volumes: ["./data:/data"]}}';
    const { project } = await load(['oci://r/x'], { 'oci://r/x': text });
    expect(project.services.web?.image).toBe('nginx:9');
    expect(project.services.web?.volumes?.[0]?.source).toBe(join(copies, 'data'));
    expect(project.name).toBe(here.split('/').at(-1)?.toLowerCase());
    expect(project.composeFiles).toEqual([join(copies, '1.yaml')]);
  });

  it('are fetched once each, however many files name them, and standard input is read once', async () => {
    const base = 'services: {base: {image: b}}';
    let reads = 0;
    const { project } = await load(
      ['-'],
      { 'oci://r/x': base, 'github.com/o/r': 'include: ["oci://r/x"]' },
      {
        readStdin: async () => {
          reads++;
          return 'include: ["github.com/o/r", "oci://r/x"]\nservices: {a: {extends: {file: "oci://r/x", service: base}}}';
        },
      },
    );
    expect(Object.keys(project.services).sort()).toEqual(['a', 'base']);
    expect(project.services.a?.image).toBe('b');
    expect(fetched.toSorted()).toEqual(['github.com/o/r', 'oci://r/x']);
    expect(reads).toBe(1);
  });

  it('that cannot be had are told where they are named', async () => {
    writeFileSync(join(here, 'compose.yaml'), 'include:\n  - oci://r/nope\n');
    await expect(load([], {})).rejects.toThrow(
      /compose\.yaml:2:5: nothing at "oci:\/\/r\/nope"[\s\S]*hint: look elsewhere/,
    );
  });

  it('are called by their reference in messages', async () => {
    await expect(load(['oci://r/x'], { 'oci://r/x': 'services: {web: {imag: x}}' })).rejects.toThrow(
      /^oci:\/\/r\/x:1:18: /,
    );
  });
});
