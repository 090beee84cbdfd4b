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

test('as old as the engine says, in whole seconds and any zone; what was written into it since does not matter', async () => {
  const { ctime } = await stat(folder);
  await utimes(folder, 1, 1);
  expect(await isFolderOf(`${ctime.toISOString().slice(0, 19)}Z`, folder)).toBe(true);
  const later = new Date(ctime.getTime() + 3_600_000).toISOString().slice(0, 19);
  expect(await isFolderOf(`${later}+01:00`, folder)).toBe(true);
});

test('another one of that name is not, nor one that is not there, nor one of which nothing is known', async () => {
  // What anybody can set proves nothing.
  const longAgo = new Date('2020-02-02T02:02:02Z');
  await utimes(folder, longAgo, longAgo);
  expect(await isFolderOf(longAgo.toISOString(), folder)).toBe(false);
  const { birthtime } = await stat(folder);
  expect(await isFolderOf(birthtime.toISOString(), join(folder, 'gone'))).toBe(false);
  expect(await isFolderOf('', folder)).toBe(false);
});
