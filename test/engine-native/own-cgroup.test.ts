import { expect, test } from 'vitest';
import { trackingRootsIn } from '../../src/engine/native/own-cgroup.ts';

test('systemd tracks processes by cgroup v2, and by its named hierarchy of v1', () => {
  const mounts = [
    'proc /proc proc rw 0 0',
    'cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0',
    'cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,xattr,name=systemd 0 0',
    'cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0',
    '',
  ].join('\n');
  expect(trackingRootsIn(mounts)).toEqual(['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified']);
  expect(trackingRootsIn('cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n')).toEqual(['/sys/fs/cgroup']);
  expect(trackingRootsIn('proc /proc proc rw 0 0\n')).toEqual([]);
});
