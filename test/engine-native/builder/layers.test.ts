import { mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Layers } from '../../../src/engine/native/builder/layers.ts';
import { realNativeHost } from '../../../src/engine/native/host.ts';
import { ImageStore } from '../../../src/engine/native/images/store.ts';
import { pathsUnder } from '../../../src/engine/native/paths.ts';
import { eventually } from '../../support/eventually.ts';

const host = realNativeHost();
let folder: string;
let store: ImageStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-layers-'));
  store = new ImageStore(host, pathsUnder(join(folder, 'lib'), join(folder, 'run')));
  await store.open();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a build that is over does not wait for a layer of gigabytes, and keeps nothing of it', async () => {
  const upper = join(folder, 'upper');
  await mkdir(upper);
  const huge = await open(join(upper, 'huge'), 'w');
  await huge.truncate(2 * 1024 ** 3);
  await huge.close();
  const over = new AbortController();
  const layer = new Layers(host, store, folder, over.signal).fromUpper(upper);
  await eventually('it is being kept', async () => (await readdir(store.blobFolder)).length > 0);
  over.abort(new Error('Build cancelled'));
  await expect(layer).rejects.toThrow(/abort/i);
  expect(await readdir(store.blobFolder)).toEqual([]);
});
