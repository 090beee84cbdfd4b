// What an engine finds on disk of networks that were removed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type NativeHost, realNativeHost } from '../../src/engine/native/host.ts';
import { NetworkRecords } from '../../src/engine/native/networks/records.ts';
import { pathsUnder } from '../../src/engine/native/paths.ts';

test('a network that was removed is found by nobody, and cleared away by the next engine if this one could not', async () => {
  const root = await mkdtemp(join(tmpdir(), 'windlass-networks-'));
  const host = realNativeHost();
  try {
    const paths = pathsUnder(root, join(root, 'run'));
    const records = new NetworkRecords(host, paths);
    await records.open();
    const { record } = await records.create({ Name: 'shop' }, async () => undefined);
    await records.leave(record);
    expect(records.lookup('shop')).toBeUndefined();

    const next = new NetworkRecords(host, paths);
    await next.open();
    expect(next.lookup('shop')).toBeUndefined();
    expect(await next.leftBehind()).toEqual([record]);
    await next.forget(record);
    expect(await next.leftBehind()).toEqual([]);
  } finally {
    host.kernel.close();
    await rm(root, { recursive: true });
  }
});

test('a network that cannot be kept is not there, and its name is free', async () => {
  const root = await mkdtemp(join(tmpdir(), 'windlass-networks-'));
  const real = realNativeHost();
  let full = false;
  const host: NativeHost = {
    ...real,
    writeAtomic: (...write) => (full ? Promise.reject(new Error('ENOSPC')) : real.writeAtomic(...write)),
  };
  try {
    const records = new NetworkRecords(host, pathsUnder(root, join(root, 'run')));
    await records.open();
    full = true;
    await expect(records.create({ Name: 'shop' }, async () => undefined)).rejects.toThrow('ENOSPC');
    expect(records.lookup('shop')).toBeUndefined();
    full = false;
    expect((await records.create({ Name: 'shop' }, async () => undefined)).record.name).toBe('shop');
  } finally {
    real.kernel.close();
    await rm(root, { recursive: true });
  }
});
