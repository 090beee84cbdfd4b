// Volumes that have something mounted over them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type NativeHost, realNativeHost } from '../../src/engine/native/host.ts';
import type { MountRequest } from '../../src/engine/native/kernel.ts';
import { pathsUnder } from '../../src/engine/native/paths.ts';
import { mountVolume } from '../../src/engine/native/volumes/mount.ts';
import { mountOptions } from '../../src/engine/native/volumes/mount-options.ts';
import { VolumeStore } from '../../src/engine/native/volumes/store.ts';

test.each([
  ['', 0, 0, ''],
  ['size=1m,noexec,nosuid,uid=5', 8 | 2, 0, 'size=1m,uid=5'],
  ['defaults,ro,noexec,rw', 8, 0, ''],
  ['ro', 1, 0, ''],
  ['rbind,rslave', 4096 | 16384, (2 ** 19) | 16384, ''],
  ['noatime,strictatime', 1024 | (2 ** 24), 0, ''],
  ['constructor,size=2', 0, 0, 'constructor,size=2'],
])('options "%s"', (text, flags, propagation, data) => {
  expect(mountOptions(text)).toEqual({ flags, readOnly: (flags & 1) !== 0, propagation, data });
});

/** A host whose kernel takes what is not among `refused`; tells what it was asked. */
function hostThat(refused: (request: MountRequest) => boolean = () => false) {
  const asked: string[] = [];
  const kernel = {
    mount: (request: MountRequest) => {
      const { source, type, flags = 0, data = '' } = request;
      asked.push([source, type, flags, data].join(' ').trim());
      return refused(request) ? Promise.reject(new Error('mount /v: Invalid argument')) : Promise.resolve();
    },
    unmount: () => {
      asked.push('unmount');
      return Promise.resolve();
    },
  };
  return { host: { kernel } as unknown as NativeHost, asked };
}

test('a read-only bind mount is told so once more, and its propagation by itself', async () => {
  const { host, asked } = hostThat();
  await mountVolume(host, { type: 'none', o: 'bind,ro,shared', device: '/srv' }, '/v');
  expect(asked).toEqual([`/srv none ${4096 | 1}`, `none none ${2 ** 20}`, `none none ${4096 | 1 | 32}`]);
});

test('what cannot be mounted as asked is not mounted otherwise, and is told without its password', async () => {
  const { host, asked } = hostThat(({ flags = 0 }) => (flags & 32) !== 0);
  const options = { type: 'none', o: 'bind,ro,password=hush', device: '/srv' };
  await expect(mountVolume(host, options, '/v')).rejects.toThrow(
    "error while mounting volume '/v': failed to mount local volume: mount /srv:/v, data: password=…: Invalid argument",
  );
  expect(asked.at(-1)).toBe('unmount');
});

/** Volumes on a disk of their own, with a kernel that notes what is mounted. */
async function volumesOf(earlier?: string) {
  const folder = earlier ?? (await mkdtemp(join(tmpdir(), 'windlass-volumes-')));
  if (earlier === undefined) onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { host, asked } = hostThat();
  const volumes = new VolumeStore({ ...realNativeHost(), kernel: host.kernel }, pathsUnder(folder, folder));
  await volumes.open();
  return { volumes, asked, folder };
}

const TMPFS = { Name: 'fast', DriverOpts: { type: 'tmpfs', device: 'tmpfs' } };

test('a volume is mounted once, whoever comes, and unmounted with the last', async () => {
  const { volumes, asked } = await volumesOf();
  await volumes.create(TMPFS);
  await volumes.acquire('fast', 'one');
  await volumes.acquire('fast', 'two');
  await volumes.release('fast', 'one');
  expect(asked).toEqual(['unmount', 'tmpfs tmpfs 0']);
  await volumes.release('fast', 'two');
  expect(asked.at(-1)).toBe('unmount');
});

test('what an engine that was killed left mounted is unmounted by the next, and never removed from within', async () => {
  const first = await volumesOf();
  await first.volumes.create(TMPFS);
  await first.volumes.acquire('fast', 'ended');
  const { volumes, asked } = await volumesOf(first.folder);
  volumes.adopt('fast', 'survivor');
  await volumes.release('fast', 'ended');
  expect(asked).toEqual([]);
  await volumes.release('fast', 'survivor');
  expect(asked).toEqual(['unmount']);
  const third = await volumesOf(first.folder);
  await third.volumes.remove('fast');
  expect(third.asked).toEqual(['unmount']);
});
