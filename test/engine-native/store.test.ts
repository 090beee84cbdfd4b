// What an engine finds on disk after another one was killed.
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ContainerStore } from '../../src/engine/native/containers/store.ts';
import { realNativeHost } from '../../src/engine/native/host.ts';
import { ImageStore } from '../../src/engine/native/images/store.ts';
import { NetworkRecords } from '../../src/engine/native/networks/records.ts';
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

test('what was on its way when an engine was killed is cleared away, and what nobody names; images stay whole', async () => {
  const root = await mkdtemp(join(tmpdir(), 'windlass-store-'));
  const host = realNativeHost();
  try {
    const paths = pathsUnder(root, join(root, 'run'));
    const store = new ImageStore(host, paths);
    await store.open();
    const layer = 'a'.repeat(64);
    const blob = 'b'.repeat(64);
    const config = JSON.stringify({ rootfs: { diff_ids: [`sha256:${layer}`] } });
    const put = async (hex: string): Promise<void> => {
      await mkdir(join(paths.layers, hex, 'diff'), { recursive: true });
      await symlink(`../layers/${hex}/diff`, join(paths.layerLinks, hex.slice(0, 16)));
    };
    await put(layer);
    await writeFile(join(paths.blobs, blob), 'layer');
    const { id } = await store.addImage(config, [
      { diffId: `sha256:${layer}`, blob: `sha256:${blob}`, blobSize: 5, mediaType: 'x' },
    ]);
    await put('c'.repeat(64));
    await mkdir(join(paths.layers, '.0123.tmp', 'diff'), { recursive: true });
    await mkdir(join(paths.images, '.load-0123'));
    for (const name of ['.0123.part', '.0123.tmp', 'd'.repeat(64), `${blob}.01234567.tmp`])
      await writeFile(join(paths.blobs, name), '');
    await writeFile(`${paths.references}.01234567.tmp`, '');
    const next = new ImageStore(host, paths);
    await next.open();
    await next.sweep();
    expect(await readdir(paths.layers)).toEqual([layer]);
    expect(await readdir(paths.layerLinks)).toEqual([layer.slice(0, 16)]);
    expect((await readdir(paths.blobs)).sort()).toEqual([blob, id.slice('sha256:'.length)].sort());
    expect((await readdir(paths.images)).filter((name) => /tmp|load/.test(name))).toEqual([]);
    expect(next.get(id)?.config.rootfs.diff_ids).toEqual([`sha256:${layer}`]);

    await mkdir(paths.networks, { recursive: true });
    await writeFile(join(paths.networks, `${layer}.json.01234567.tmp`), '');
    await new NetworkRecords(host, paths).open();
    expect((await readdir(paths.networks)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  } finally {
    host.kernel.close();
    await rm(root, { recursive: true });
  }
});
