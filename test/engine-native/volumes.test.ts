// Volumes that have something mounted over them.
import { expect, test } from 'vitest';
import type { NativeHost } from '../../src/engine/native/host.ts';
import type { MountRequest } from '../../src/engine/native/kernel.ts';
import { mountVolume } from '../../src/engine/native/volumes/mount.ts';
import { mountOptions } from '../../src/engine/native/volumes/mount-options.ts';

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
