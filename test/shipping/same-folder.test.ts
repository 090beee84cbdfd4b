// A folder that an engine names is used only where it is the engine's own.
import { mkdir, mkdtemp, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isFolderOf } from '../../src/shipping/volumes/same-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'windlass-volume-')), '_data');
  await mkdir(folder);
});
afterEach(() => rm(dirname(folder), { recursive: true, force: true }));

const LONG_AGO = new Date('2020-02-02T02:02:02.750Z');

test('as old as the engine says: by what changed last in it or above it, in whole seconds, or by when it was made', async () => {
  const made = (await stat(folder)).birthtime.toISOString();
  await utimes(folder, LONG_AGO, LONG_AGO);
  expect(await isFolderOf('2020-02-02T02:02:02Z', folder)).toBe(true);
  expect(await isFolderOf(made, folder)).toBe(true);
  await utimes(folder, 1, 1);
  await utimes(dirname(folder), LONG_AGO, LONG_AGO);
  expect(await isFolderOf('2020-02-02T03:02:02+01:00', folder)).toBe(true);
});

test('another one of that name is not, nor one that is not there, nor one of which nothing is known', async () => {
  expect(await isFolderOf('2020-02-02T02:02:02Z', folder)).toBe(false);
  const { birthtime } = await stat(folder);
  expect(await isFolderOf(birthtime.toISOString(), join(folder, 'gone'))).toBe(false);
  expect(await isFolderOf('', folder)).toBe(false);
});
