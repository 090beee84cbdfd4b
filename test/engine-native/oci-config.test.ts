// The OCI configuration, as golden files. Refresh them with `npx vitest run --project unit test/engine-native -u`.
import { describe, expect, test } from 'vitest';
import { DEFAULT_CAPABILITIES } from '../../src/engine/native/containers/capabilities.ts';
import { feasibleLimits } from '../../src/engine/native/containers/limit-features.ts';
import { type BundleFacts, ociConfig } from '../../src/engine/native/containers/oci-config.ts';
import { overlayOptions } from '../../src/engine/native/containers/rootfs.ts';
import {
  type ContainerConfig,
  type ContainerRecord,
  type HostConfig,
  type MountPoint,
  NEVER,
  NOT_STARTED,
} from '../../src/engine/native/containers/types.ts';
import { pathsUnder } from '../../src/engine/native/paths.ts';

const ID = '0123456789abcdef'.repeat(4);
const paths = pathsUnder('/lib', '/run');

function facts(
  config: ContainerConfig = {},
  hostConfig: HostConfig = {},
  more: Partial<BundleFacts> = {},
  mounts: ContainerRecord['mounts'] = [],
): BundleFacts {
  return {
    record: {
      id: ID,
      name: 'web',
      created: NEVER,
      imageId: `sha256:${ID}`,
      layers: [],
      config: { Hostname: 'web', Cmd: ['sleep', '1'], ...config },
      hostConfig,
      mounts,
      endpoints: {},
      ports: [],
      state: NOT_STARTED,
    },
    rootfs: '/run/rootfs',
    user: { uid: 0, gid: 0, additionalGids: [], home: '/root' },
    linkVariables: [],
    recursiveReadOnly: true,
    availableCapabilities: [...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN'],
    architecture: 'x64',
    cgroupPath: `/windlass/${ID}`,
    cgroupMode: 'v2',
    cgroupNamespace: false,
    namespaces: { user: 'host', network: { path: '/run/netns' }, pid: 'new', ipc: 'new', uts: 'new' },
    devices: [],
    deviceRules: [{ allow: false, access: 'rwm' }],
    deviceNumbers: new Map(),
    apparmor: undefined,
    lxcfs: [],
    files: { '/etc/hosts': '/h/hosts', '/etc/hostname': '/h/hostname', '/etc/resolv.conf': '/h/resolv.conf' },
    ...more,
  };
}

/** The system calls are the same in every file: their number is enough. */
const shown = (given: BundleFacts): string => {
  const config = ociConfig(given);
  const seccomp = config.linux.seccomp && {
    ...config.linux.seccomp,
    syscalls: config.linux.seccomp.syscalls.map((rule) =>
      rule.names.length > 9 ? { ...rule, names: `${rule.names.length} names` } : rule,
    ),
  };
  return `${JSON.stringify({ ...config, linux: { ...config.linux, ...(seccomp ? { seccomp } : {}) } }, undefined, 2)}\n`;
};

test('a plain container', async () => {
  await expect(shown(facts())).toMatchFileSnapshot('../golden/engine-native/plain.json');
});

test('a container with limits, mounts and a user', async () => {
  const given = facts(
    { Tty: true, User: 'web', WorkingDir: '/srv', Env: ['A=1', 'PATH=/bin'] },
    {
      Memory: 64 * 1024 * 1024,
      NanoCpus: 1.5e9,
      PidsLimit: 50,
      CapAdd: ['NET_ADMIN'],
      CapDrop: ['KILL'],
      ReadonlyRootfs: true,
      SecurityOpt: ['no-new-privileges:true'],
      Sysctls: { 'net.core.somaxconn': '99' },
      Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 20 }],
      ShmSize: 1024,
    },
    { user: { uid: 33, gid: 33, additionalGids: [50], home: '/var/www' }, init: '/usr/bin/tini-static' },
    [
      {
        Type: 'volume',
        Name: 'v',
        Source: '/v/_data',
        Destination: '/data/deep/er',
        Mode: 'z',
        RW: true,
        Propagation: '',
      },
      { Type: 'bind', Source: '/etc/x', Destination: '/data', Mode: 'ro', RW: false, Propagation: 'rslave' },
      { Type: 'bind', Source: '/own/hosts', Destination: '/etc/hosts', Mode: '', RW: true, Propagation: 'rprivate' },
      {
        Type: 'tmpfs',
        Source: '',
        Destination: '/tmp',
        Mode: '',
        RW: true,
        Propagation: '',
        Options: ['noexec', 'size=1m'],
      },
    ],
  );
  await expect(shown(given)).toMatchFileSnapshot('../golden/engine-native/limits.json');
});

describe('mounts below a bind mount', () => {
  const bind = { Type: 'bind', Source: '/s', Destination: '/d', Mode: '', RW: false, Propagation: 'rprivate' } as const;
  const optionsOf = (point: MountPoint, recursiveReadOnly = true) =>
    ociConfig(facts({}, {}, { recursiveReadOnly }, [point])).mounts.find(({ destination }) => destination === '/d')
      ?.options;
  test.each<[string, Partial<MountPoint>, string[]]>([
    ['are read-only with it', {}, ['rbind', 'ro', 'rro', 'rprivate']],
    ['stay as they are', { Below: 'as they are' }, ['rbind', 'ro', 'rprivate']],
    ['stay out', { Below: 'omitted' }, ['bind', 'ro', 'private']],
    ['come along', { RW: true }, ['rbind', 'rw', 'rprivate']],
  ])('%s', (_, change, expected) => {
    expect(optionsOf({ ...bind, ...change })).toEqual(expected);
  });

  test('where the kernel cannot: only who insists is refused', () => {
    expect(optionsOf(bind, false)).toEqual(['rbind', 'ro', 'rprivate']);
    expect(() => optionsOf({ ...bind, Below: 'read-only' }, false)).toThrow('needs Linux 5.12');
  });
});

describe('rules', () => {
  test('a privileged container has no filter and nothing hidden', () => {
    const { linux } = ociConfig(facts({}, { Privileged: true }));
    expect([linux.seccomp, linux.maskedPaths, linux.readonlyPaths]).toEqual([undefined, [], []]);
  });

  test('on the host’s network there is neither a namespace nor a network setting', () => {
    const { linux } = ociConfig(
      facts({}, {}, { namespaces: { user: 'host', network: 'host', pid: 'host', ipc: 'new', uts: 'host' } }),
    );
    expect(linux.namespaces.map(({ type }) => type)).toEqual(['mount', 'ipc']);
    expect(linux.sysctl).toEqual({});
  });

  test('without a capability its system calls are not allowed', () => {
    const names = (add: string[]) =>
      ociConfig(facts({}, { CapAdd: add }, { availableCapabilities: ['CAP_SYS_ADMIN'] })).linux.seccomp?.syscalls[0]
        ?.names ?? [];
    expect(names([])).not.toContain('mount');
    expect(names(['SYS_ADMIN'])).toContain('mount');
    expect(names([])).not.toContain('bpf');
    expect(names([])).not.toContain('io_uring_setup');
    expect(names([])).toContain('openat');
  });

  test('a profile of the user’s replaces the default one', () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['mkdir'], action: 'SCMP_ACT_ERRNO' },
        { names: ['mount'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
      ],
    };
    const { linux } = ociConfig(facts({}, { SecurityOpt: [`seccomp=${JSON.stringify(profile)}`] }));
    expect(linux.seccomp).toMatchObject({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir'] }] });
    expect(ociConfig(facts({}, { SecurityOpt: ['seccomp=unconfined'] })).linux.seccomp).toBeUndefined();
  });

  test('variables: later ones win, and the home is the user’s', () => {
    const { env } = ociConfig(facts({ Env: ['PATH=/x', 'A=1', 'A=2', 'broken'] })).process;
    expect(env).toEqual(['PATH=/x', 'HOSTNAME=web', 'A=2', 'HOME=/root']);
  });
});

describe('what the machine has', () => {
  const mountsTo = (config: ReturnType<typeof ociConfig>, prefix: string) =>
    config.mounts
      .filter(({ destination }) => destination.startsWith(prefix))
      .map(({ destination, source }) => [destination, source]);

  test('files of lxcfs come over the kernel’s, and the user’s mounts over both', () => {
    const own = {
      Type: 'bind',
      Source: '/mine',
      Destination: '/proc/uptime',
      Mode: '',
      RW: true,
      Propagation: '',
    } as const;
    const config = ociConfig(facts({}, {}, { lxcfs: ['meminfo', 'uptime'] }, [own]));
    expect(mountsTo(config, '/proc')).toEqual([
      ['/proc', 'proc'],
      ['/proc/meminfo', '/var/lib/lxcfs/proc/meminfo'],
      ['/proc/uptime', '/var/lib/lxcfs/proc/uptime'],
      ['/proc/uptime', '/mine'],
    ]);
  });

  test('a profile of AppArmor is named where there is one', () => {
    expect(ociConfig(facts({}, {}, { apparmor: 'mine' })).process.apparmorProfile).toBe('mine');
    expect(ociConfig(facts({}, {})).process).not.toHaveProperty('apparmorProfile');
  });

  test('shared memory: none, the host’s folder of a donor, or one of the container’s own', () => {
    expect(mountsTo(ociConfig(facts({}, { IpcMode: 'none' })), '/dev/shm')).toEqual([]);
    expect(mountsTo(ociConfig(facts({}, {}, { sharedShm: '/run/a/shm' })), '/dev/shm')).toEqual([
      ['/dev/shm', '/run/a/shm'],
    ]);
    expect(mountsTo(ociConfig(facts()), '/dev/shm')).toEqual([['/dev/shm', 'shm']]);
  });

  test('cgroup v2 alone: a cgroup namespace, and no limit that it has no file for', () => {
    const v2 = { cpus: 4, features: new Set(['blkio weight'] as const) };
    const asked: HostConfig = {
      Memory: 2 ** 26,
      MemorySwappiness: 5,
      OomKillDisable: true,
      BlkioWeight: 300,
      CpuShares: 512,
    };
    const { linux } = ociConfig(facts({}, feasibleLimits(asked, v2), { cgroupNamespace: true }));
    expect(linux.namespaces).toContainEqual({ type: 'cgroup' });
    expect(linux.resources).toMatchObject({ cpu: { shares: 512 }, blockIO: { weight: 300 } });
    expect(linux.resources.memory).toEqual({ limit: 2 ** 26, swap: 2 ** 27 });
  });
});

test('120 layers fit the one page of options that the kernel reads', () => {
  const lowerNames = Array.from({ length: 120 }, (_, n) => n.toString(16).padStart(16, '0'));
  const container = pathsUnder('/var/lib/windlass', '/run/windlass').container(ID);
  expect(overlayOptions({ container, lowerNames, lowerDirectory: paths.layerLinks }).length).toBeLessThan(4096);
});

test('a folder with a comma or colon in its name cannot add options', () => {
  const container = { ...paths.container(ID), upper: '/a,lowerdir=/:b' };
  expect(overlayOptions({ container, lowerNames: ['x'], lowerDirectory: '/' })).toContain(
    'upperdir=/a\\,lowerdir=/\\:b,',
  );
});

test.each(['v1', 'hybrid'] as const)(
  'cgroups %s: the folder of the controllers is read-only like them',
  (cgroupMode) => {
    const options = (hostConfig: HostConfig): unknown[] =>
      ociConfig(facts({}, hostConfig, { cgroupMode }))
        .mounts.filter(({ destination }) => destination === '/sys/fs/cgroup')
        .map((mount) => mount.options);
    const closed = ['nosuid', 'noexec', 'nodev'];
    expect(options({})).toEqual([
      ['ro', ...closed],
      ['bind', 'remount', 'ro', ...closed],
    ]);
    expect(options({ Privileged: true })).toEqual([['rw', ...closed]]);
  },
);
