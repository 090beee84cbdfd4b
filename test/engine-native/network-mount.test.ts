import { expect, test } from 'vitest';
import { mountArguments } from '../../src/engine/native/volumes/network-mount.ts';

test.each([
  // As Docker's documentation writes it.
  ['nfs', ':/srv/x', 'addr=192.0.2.1,rw,nfsvers=4', ['-t', 'nfs', '-o', 'rw,nfsvers=4', '192.0.2.1:/srv/x']],
  ['nfs', ':/srv/x', 'addr=files.lan', ['-t', 'nfs', 'files.lan:/srv/x']],
  ['nfs4', 'old.lan:/srv/a:b', 'soft,addr=fd00::1', ['-t', 'nfs4', '-o', 'soft', '[fd00::1]:/srv/a:b']],
  // As mount(8) has it.
  ['nfs', 'files.lan:/srv/x', 'ro', ['-t', 'nfs', '-o', 'ro', 'files.lan:/srv/x']],
  ['cifs', '//files.lan/x', 'addr=192.0.2.1', ['-t', 'cifs', '-o', 'addr=192.0.2.1', '//files.lan/x']],
])('%s of %s with %s', (type, device, o, expected) => {
  expect(mountArguments({ type, device, o })).toEqual(expected);
});
