// Archives out of a container: whole, or told not to be.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTar } from '../../src/archive/tar-reader.ts';
import { getArchive } from '../../src/engine/native/containers/archive.ts';
import { type NativeHost, realNativeHost } from '../../src/engine/native/host.ts';

let root: string;
let started: ChildProcess[];
let host: NativeHost;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'windlass-archive-'));
  await mkdir(join(root, 'data'));
  // More than any pipe takes in advance.
  await writeFile(join(root, 'data/large'), Buffer.alloc(8 * 1024 * 1024));
  started = [];
  const real = realNativeHost();
  host = {
    ...real,
    start(program, args, options) {
      const child = real.start(program, args, options);
      started.push(child);
      return child;
    },
  };
});
afterEach(() => rm(root, { recursive: true }));

const place = () => ({ root, path: '/data', asked: { container: 'c', path: '/data' } });

test('a folder comes with all that is in it', async () => {
  const found: [string, number][] = [];
  for await (const { path, size } of readTar(getArchive(host, place()))) found.push([path, size]);
  expect(found).toEqual([
    ['data/', 0],
    ['data/large', 8 * 1024 * 1024],
  ]);
});

test('a reader that leaves early ends the program behind it', async () => {
  const archive = getArchive(host, place());
  await once(archive, 'readable');
  archive.destroy();
  await Promise.all(started.map((child) => once(child, 'close')));
  expect(started).toHaveLength(1);
});

test('what breaks off is not taken for the end', async () => {
  const archive = getArchive(host, place());
  await once(archive, 'readable');
  for (const child of started) child.kill('SIGKILL');
  await expect(archive.toArray()).rejects.toThrow('cannot reach /data in container c');
});
