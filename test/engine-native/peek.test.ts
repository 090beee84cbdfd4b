// A look at what an engine that does not run has on disk.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hasProject, whatIsKept } from '../../src/engine/native/keeper/peek.ts';

let lib: string;
const place = () => ({ lib, run: join(lib, 'run'), socket: join(lib, 'engine.sock') });
const put = async (path: string, content: string): Promise<void> => {
  await mkdir(join(lib, path, '..'), { recursive: true });
  await writeFile(join(lib, path), content);
};

beforeEach(async () => {
  lib = await mkdtemp(join(tmpdir(), 'windlass-peek-'));
});
afterEach(() => rm(lib, { recursive: true }));

test('a project is found by its containers, also beside records that the machine went down with', async () => {
  await put('containers/a/record.json', '\0\0\0');
  await put('containers/b/record.json', '');
  await mkdir(join(lib, 'containers/c'));
  await put('containers/d/record.json', '{"config":{"Labels":{"com.docker.compose.project":"shop"}}}');
  expect(await hasProject(place(), 'shop')).toBe(true);
  expect(await hasProject(place(), 'other')).toBe(false);
});

test('nothing, images alone, or more', async () => {
  expect(await whatIsKept(place())).toBe('nothing');
  await put('networks/1.json', '{"name":"bridge"}');
  expect(await whatIsKept(place())).toBe('nothing');
  await put('images/records/1.json', '{}');
  expect(await whatIsKept(place())).toBe('images');
  await put('networks/2.json', '\0\0');
  expect(await whatIsKept(place())).toBe('more');
  await rm(join(lib, 'networks/2.json'));
  await put('volumes/data/volume.json', '{}');
  expect(await whatIsKept(place())).toBe('more');
});
