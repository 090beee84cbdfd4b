import { expect, test } from 'vitest';
import { hasMountsBelow, isReadOnlyMount, propagationFault } from '../../src/engine/native/containers/propagation.ts';

const MOUNTS = `1 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw
2 1 8:2 / /mnt/data rw,relatime shared:7 - ext4 /dev/sdb1 rw
3 2 8:3 / /mnt/data/slave rw,relatime master:7 - ext4 /dev/sdc1 rw
4 1 8:4 / /with\\040space rw shared:9 - ext4 /dev/sdd1 rw
5 1 8:5 / /mnt/covered rw shared:11 - ext4 /dev/sde1 rw
6 5 8:6 / /mnt/covered rw - tmpfs tmpfs rw
7 1 8:7 / /mnt/closed ro,relatime - ext4 /dev/sdf1 rw
`;

test('what is on a read-only mount is read-only', () => {
  const paths = ['/mnt/closed/x', '/mnt/closed', '/mnt/closedness', '/mnt/data/x'];
  expect(paths.map((path) => isReadOnlyMount(MOUNTS, path))).toEqual([true, true, false, false]);
});

test.each([
  ['/mnt/data/x', 'rshared'],
  ['/mnt/data', 'shared'],
  ['/mnt/data/slave/x', 'rslave'],
  ['/mnt/data/x', 'slave'],
  ['/with space/x', 'rshared'],
  ['/anywhere', 'rprivate'],
  ['/anywhere', ''],
])('%s can be mounted %s', (path, propagation) => {
  expect(propagationFault(MOUNTS, path, propagation)).toBeUndefined();
});

test.each([
  ['/srv', 'rshared', 'path /srv is mounted on / but it is not a shared mount'],
  ['/srv', 'rslave', 'path /srv is mounted on / but it is not a shared or slave mount'],
  ['/mnt/database', 'shared', 'path /mnt/database is mounted on / but it is not a shared mount'],
  ['/mnt/data/slave/x', 'shared', 'path /mnt/data/slave/x is mounted on /mnt/data/slave but it is not a shared mount'],
  ['/mnt/covered', 'shared', 'path /mnt/covered is mounted on /mnt/covered but it is not a shared mount'],
])('%s cannot be mounted %s', (path, propagation, fault) => {
  expect(propagationFault(MOUNTS, path, propagation)).toBe(fault);
});

test.each([
  ['/', true],
  ['/mnt', true],
  ['/mnt/data', true],
  ['/with', false],
  ['/with space', false],
  ['/mnt/covered', false],
  ['/etc/hostname', false],
])('whether something is mounted below %s: %s', (path, expected) => {
  expect(hasMountsBelow(MOUNTS, path)).toBe(expected);
});
