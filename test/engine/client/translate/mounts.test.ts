import { describe, expect, it } from 'vitest';
import { type MountFields, mounts } from '../../../../src/engine/client/translate/mounts.ts';
import type { CreateContainer } from '../../../../src/engine/engine.ts';
import type { Mount } from '../../../../src/model.ts';
import { createRequest } from '../../../support/create-request.ts';

const mountsOf = (volumes: readonly Mount[], request: Partial<Omit<CreateContainer, 'service'>> = {}): MountFields =>
  mounts(createRequest({ volumes }, { volumeNames: { data: 'shop_data' }, ...request }));

describe('the Binds field', () => {
  it.each<[Mount, string]>([
    [{ type: 'bind', source: '/src', target: '/dst' }, '/src:/dst:rw'],
    [{ type: 'bind', source: '/src', target: '/dst', read_only: true }, '/src:/dst:ro'],
    [{ type: 'bind', source: '/src', target: '/dst', bind: { create_host_path: true } }, '/src:/dst:rw'],
    [
      { type: 'bind', source: '/src', target: '/dst', bind: { create_host_path: true, selinux: 'z' } },
      '/src:/dst:rw,z',
    ],
    [{ type: 'volume', source: 'data', target: '/dst' }, 'shop_data:/dst:rw'],
    [{ type: 'volume', source: 'data', target: '/dst', volume: {} }, 'shop_data:/dst:rw'],
    [{ type: 'volume', source: 'data', target: '/dst', read_only: true }, 'shop_data:/dst:ro'],
  ])('%o is bound as %s', (mount, bind) => {
    expect(mountsOf([mount])).toEqual({ Binds: [bind] });
  });
});

describe('the Mounts field', () => {
  it.each<[Mount, object]>([
    [
      { type: 'bind', source: '/src', target: '/dst', bind: {} },
      { Type: 'bind', Source: '/src', Target: '/dst', BindOptions: {} },
    ],
    [
      { type: 'bind', source: '/src', target: '/dst', bind: { create_host_path: false } },
      { Type: 'bind', Source: '/src', Target: '/dst', BindOptions: {} },
    ],
    [
      { type: 'bind', source: '/src', target: '/dst', bind: { create_host_path: true, propagation: 'rshared' } },
      { Type: 'bind', Source: '/src', Target: '/dst', BindOptions: { Propagation: 'rshared', CreateMountpoint: true } },
    ],
    [
      { type: 'bind', source: '/src', target: '/dst', bind: { create_host_path: true, recursive: 'disabled' } },
      { Type: 'bind', Source: '/src', Target: '/dst', BindOptions: { NonRecursive: true, CreateMountpoint: true } },
    ],
    [
      { type: 'volume', source: 'data', target: '/dst', volume: { nocopy: true } },
      { Type: 'volume', Source: 'shop_data', Target: '/dst', VolumeOptions: { NoCopy: true } },
    ],
    [
      { type: 'volume', source: 'data', target: '/dst', volume: { subpath: 'a', labels: { k: 'v' } } },
      { Type: 'volume', Source: 'shop_data', Target: '/dst', VolumeOptions: { Subpath: 'a', Labels: { k: 'v' } } },
    ],
    [
      { type: 'volume', target: '/dst' },
      { Type: 'volume', Target: '/dst' },
    ],
    [
      { type: 'tmpfs', target: '/t' },
      { Type: 'tmpfs', Target: '/t' },
    ],
    [
      { type: 'tmpfs', target: '/t', tmpfs: { size: '1024', mode: 0o1777 } },
      { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 1024, Mode: 0o1777 } },
    ],
    [
      { type: 'image', source: 'busybox', target: '/i', image: { subpath: 'bin' } },
      { Type: 'image', Source: 'busybox', Target: '/i', ImageOptions: { Subpath: 'bin' } },
    ],
    [
      { type: 'npipe', source: '\\\\.\\pipe\\docker_engine', target: '\\\\.\\pipe\\docker_engine' },
      { Type: 'npipe', Source: '\\\\.\\pipe\\docker_engine', Target: '\\\\.\\pipe\\docker_engine' },
    ],
    // Options of another type mean nothing.
    [
      { type: 'tmpfs', target: '/t', bind: { selinux: 'z' } },
      { Type: 'tmpfs', Target: '/t' },
    ],
  ])('%o becomes %o', (mount, body) => {
    expect(mountsOf([mount])).toEqual({ Mounts: [body] });
  });
});

it('keeps an anonymous volume of the container that is replaced', () => {
  const kept = { Type: 'volume', Source: 'f00', Target: '/data' };
  expect(mountsOf([{ type: 'volume', target: '/data' }], { inheritedVolumes: { '/data': 'f00' } })).toEqual({
    Mounts: [kept],
  });
  expect(mountsOf([], { inheritedVolumes: { '/data': 'f00' } })).toEqual({ Mounts: [kept] });
});

it('lets a named volume win over what it would inherit', () => {
  const named: Mount = { type: 'volume', source: 'data', target: '/data' };
  expect(mountsOf([named], { inheritedVolumes: { '/data': 'f00' } })).toEqual({ Binds: ['shop_data:/data:rw'] });
});

it('mounts files of secrets and configs read-only, unless a volume has their place', () => {
  const fileMounts = [
    { source: '/p/secret', target: '/run/secrets/s', kind: 'secret' as const },
    { source: '/p/config', target: '/c', kind: 'config' as const },
  ];
  expect(mountsOf([{ type: 'bind', source: '/own', target: '/c' }], { fileMounts })).toEqual({
    Binds: ['/own:/c:rw'],
    Mounts: [{ Type: 'bind', Source: '/p/secret', Target: '/run/secrets/s', ReadOnly: true, BindOptions: {} }],
  });
});

it('takes a volume that no file declares as the name of one', () => {
  expect(mountsOf([{ type: 'volume', source: 'elsewhere', target: '/e' }])).toEqual({
    Mounts: [{ Type: 'volume', Source: 'elsewhere', Target: '/e' }],
  });
});
