// Records of containers as an engine finds them on disk.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ContainerStore } from '../../src/engine/native/containers/store.ts';
import { realNativeHost } from '../../src/engine/native/host.ts';
import { pathsUnder } from '../../src/engine/native/paths.ts';

test('a container whose record never reached the disk is cleared away, the others are there', async () => {
  const root = await mkdtemp(join(tmpdir(), 'windlass-store-'));
  const host = realNativeHost();
  try {
    const paths = pathsUnder(root, join(root, 'run'));
    const [kept, empty, zeros, none] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64)) as [
      string,
      string,
      string,
      string,
    ];
    for (const id of [kept, empty, zeros, none]) await mkdir(paths.container(id).home, { recursive: true });
    await writeFile(paths.container(kept).record, JSON.stringify({ id: kept, name: 'kept' }));
    await writeFile(paths.container(empty).record, '');
    await writeFile(paths.container(zeros).record, '\0\0\0');
    const store = new ContainerStore(host, paths);
    await store.open();
    expect(store.all().map(({ name }) => name)).toEqual(['kept']);
    expect(await readdir(paths.containers)).toEqual([kept]);
  } finally {
    host.kernel.close();
    await rm(root, { recursive: true });
  }
});
