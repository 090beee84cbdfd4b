import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFolder } from '../src/make-folder.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-folder-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('makes the parents too, with the mode, and minds nothing that is there', async () => {
  const path = join(folder, 'a', 'b', 'c');
  await Promise.all([makeFolder(path, 0o700), makeFolder(path, 0o700), makeFolder(join(folder, 'a', 'x'), 0o700)]);
  await makeFolder(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o700);
});

test.runIf(process.platform === 'linux')('ends where the file system makes no folders', async () => {
  for (const path of ['/proc/windlass', '/proc/windlass/a/b'])
    await expect(makeFolder(path)).rejects.toThrow(/ENOENT|EACCES/);
});

test('a file on the way is told', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(makeFolder(join(folder, 'file', 'a'))).rejects.toThrow('ENOTDIR');
  await expect(makeFolder(join(folder, 'file'))).rejects.toThrow('EEXIST');
});
