// Folders of cache mounts, shared by commands as they ask for.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CacheMounts } from '../../../src/engine/native/builder/run/cache-mounts.ts';
import { realNativeHost } from '../../../src/engine/native/host.ts';

const host = realNativeHost();
const { signal } = new AbortController();
let folder: string;
let mounts: CacheMounts;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-mounts-'));
  mounts = new CacheMounts(host, folder);
});
afterEach(() => rm(folder, { recursive: true }));

test('shared by all, or private, or one after the other', async () => {
  const one = await mounts.hold('npm', 'shared', signal);
  const two = await mounts.hold('npm', 'shared', signal);
  expect([one.fresh, two.fresh, two.folder]).toEqual([true, false, one.folder]);
  expect((await mounts.hold('npm', 'private', signal)).folder).toBe(`${one.folder}-1`);
  let held = false;
  const locked = mounts.hold('npm', 'locked', signal).then((cache) => {
    held = true;
    return cache;
  });
  one.release();
  // A private one is had at once; had "locked" not waited, it would have been had by then too.
  await mounts.hold('npm', 'private', signal);
  expect(held).toBe(false);
  two.release();
  expect((await locked).folder).toBe(one.folder);
});

test('who gives up waiting is not kept', async () => {
  const gone = new AbortController();
  await mounts.hold('npm', 'shared', signal);
  const waiting = mounts.hold('npm', 'locked', gone.signal);
  gone.abort(new Error('cancelled'));
  await expect(waiting).rejects.toThrow('cancelled');
});

test('a folder in use is not removed, also by one who looked before it was taken', async () => {
  const first = await mounts.hold('npm', 'shared', signal);
  await writeFile(join(first.folder, 'content'), 'x'.repeat(100));
  expect(await mounts.prune()).toBe(0);
  first.release();
  const pruning = mounts.prune();
  const second = await mounts.hold('npm', 'shared', signal);
  await pruning;
  expect((await stat(second.folder)).isDirectory()).toBe(true);
  second.release();
  await mounts.prune();
  await expect(stat(second.folder)).rejects.toThrow('ENOENT');
});
