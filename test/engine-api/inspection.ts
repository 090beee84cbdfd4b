// `GET /containers/{id}/json`, field by field, for a container that was made with nearly everything and for a plain one.
import { beforeAll, expect, test } from 'vitest';
import { type At, type CreateBody, good, IMAGE } from './bench.ts';

const HEALTH = {
  Test: ['CMD', 'true'],
  Interval: 30_000_000_000,
  Timeout: 5_000_000_000,
  Retries: 3,
  StartPeriod: 1_000_000_000,
};

const RICH: CreateBody = {
  Hostname: 'rich',
  Domainname: 'example.test',
  User: '1:1',
  AttachStdout: true,
  ExposedPorts: { '80/tcp': {}, '53/udp': {} },
  OpenStdin: true,
  StdinOnce: true,
  Env: ['ONE=1', 'TWO=with spaces'],
  Cmd: ['-c', 'sleep 600'],
  Entrypoint: ['sh'],
  Healthcheck: HEALTH,
  Labels: { a: 'b' },
  StopSignal: 'SIGINT',
  StopTimeout: 5,
  WorkingDir: '/tmp',
  HostConfig: {
    Memory: 134217728,
    MemorySwap: 268435456,
    MemoryReservation: 67108864,
    NanoCpus: 500_000_000,
    CpuShares: 512,
    PidsLimit: 100,
    CapAdd: ['NET_ADMIN'],
    CapDrop: ['MKNOD'],
    Dns: ['192.0.2.53'],
    DnsSearch: ['example.test'],
    DnsOptions: ['ndots:1'],
    ExtraHosts: ['else:192.0.2.9'],
    GroupAdd: ['20'],
    IpcMode: 'private',
    LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
    PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    ReadonlyRootfs: true,
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    SecurityOpt: ['no-new-privileges'],
    ShmSize: 33554432,
    Sysctls: { 'net.ipv4.ip_forward': '0' },
    Tmpfs: { '/scratch': 'size=1m' },
    Ulimits: [{ Name: 'nofile', Soft: 512, Hard: 1024 }],
    Init: false,
  },
};

/** Path in the answer → what has to be there. */
const FIELDS: readonly (readonly [string, unknown])[] = [
  ['Id', expect.stringMatching(/^[0-9a-f]{64}$/)],
  ['Created', expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)],
  ['Path', 'sh'],
  ['Args', ['-c', 'sleep 600']],
  ['Image', expect.stringMatching(/^sha256:[0-9a-f]{64}$/)],
  ['Driver', 'overlay2'],
  ['Platform', 'linux'],
  ['RestartCount', 0],
  ['MountLabel', ''],
  ['ProcessLabel', ''],
  ['ExecIDs', null],
  ['HostnamePath', expect.stringMatching(/^\//)],
  ['HostsPath', expect.stringMatching(/^\//)],
  ['ResolvConfPath', expect.stringMatching(/^\//)],
  ['LogPath', expect.stringMatching(/^\//)],
  ['GraphDriver.Name', 'overlay2'],
  ['GraphDriver.Data.UpperDir', expect.stringMatching(/^\//)],
  ['GraphDriver.Data.LowerDir', expect.stringMatching(/^\//)],
  ['GraphDriver.Data.MergedDir', expect.stringMatching(/^\//)],
  ['GraphDriver.Data.WorkDir', expect.stringMatching(/^\//)],
  ['State.Status', 'running'],
  ['State.Running', true],
  ['State.Restarting', false],
  ['State.Dead', false],
  ['State.Error', ''],
  ['State.Health.FailingStreak', 0],
  ['Config.Hostname', 'rich'],
  ['Config.Domainname', 'example.test'],
  ['Config.User', '1:1'],
  ['Config.AttachStdin', false],
  ['Config.AttachStdout', true],
  ['Config.AttachStderr', false],
  ['Config.ExposedPorts', { '80/tcp': {}, '53/udp': {} }],
  ['Config.Tty', false],
  ['Config.OpenStdin', true],
  ['Config.StdinOnce', true],
  ['Config.Env', expect.arrayContaining(['ONE=1', 'TWO=with spaces'])],
  ['Config.Cmd', ['-c', 'sleep 600']],
  ['Config.Healthcheck', HEALTH],
  ['Config.Image', IMAGE],
  ['Config.Volumes', null],
  ['Config.WorkingDir', '/tmp'],
  ['Config.Entrypoint', ['sh']],
  ['Config.OnBuild', null],
  ['Config.Labels', expect.objectContaining({ a: 'b' })],
  ['Config.StopSignal', 'SIGINT'],
  ['Config.StopTimeout', 5],
  ['HostConfig.Binds', null],
  ['HostConfig.ContainerIDFile', ''],
  ['HostConfig.LogConfig', { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } }],
  ['HostConfig.NetworkMode', 'default'],
  ['HostConfig.PortBindings', { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] }],
  ['HostConfig.RestartPolicy', { Name: 'on-failure', MaximumRetryCount: 3 }],
  ['HostConfig.AutoRemove', false],
  ['HostConfig.VolumeDriver', ''],
  ['HostConfig.VolumesFrom', null],
  ['HostConfig.CapAdd', [expect.stringMatching(/^(CAP_)?NET_ADMIN$/)]],
  ['HostConfig.CapDrop', [expect.stringMatching(/^(CAP_)?MKNOD$/)]],
  ['HostConfig.Dns', ['192.0.2.53']],
  ['HostConfig.DnsOptions', ['ndots:1']],
  ['HostConfig.DnsSearch', ['example.test']],
  ['HostConfig.ExtraHosts', ['else:192.0.2.9']],
  ['HostConfig.GroupAdd', ['20']],
  ['HostConfig.IpcMode', 'private'],
  ['HostConfig.Links', null],
  ['HostConfig.OomScoreAdj', 0],
  ['HostConfig.PidMode', ''],
  ['HostConfig.Privileged', false],
  ['HostConfig.PublishAllPorts', false],
  ['HostConfig.ReadonlyRootfs', true],
  ['HostConfig.SecurityOpt', ['no-new-privileges']],
  ['HostConfig.Tmpfs', { '/scratch': 'size=1m' }],
  ['HostConfig.UTSMode', ''],
  ['HostConfig.UsernsMode', ''],
  ['HostConfig.ShmSize', 33554432],
  ['HostConfig.Sysctls', { 'net.ipv4.ip_forward': '0' }],
  ['HostConfig.Runtime', expect.stringMatching(/^(crun|runc)$/)],
  ['HostConfig.Isolation', ''],
  ['HostConfig.CpuShares', 512],
  ['HostConfig.Memory', 134217728],
  ['HostConfig.NanoCpus', 500_000_000],
  ['HostConfig.CgroupParent', ''],
  ['HostConfig.BlkioWeight', 0],
  ['HostConfig.CpuPeriod', 0],
  ['HostConfig.CpusetCpus', ''],
  ['HostConfig.MemoryReservation', 67108864],
  ['HostConfig.MemorySwap', 268435456],
  ['HostConfig.PidsLimit', 100],
  ['HostConfig.Init', false],
  ['HostConfig.Ulimits', [{ Name: 'nofile', Soft: 512, Hard: 1024 }]],
  ['HostConfig.MaskedPaths', expect.arrayContaining(['/proc/kcore', '/sys/firmware'])],
  ['HostConfig.ReadonlyPaths', expect.arrayContaining(['/proc/sys', '/proc/sysrq-trigger'])],
  ['NetworkSettings.SandboxKey', expect.stringMatching(/^\//)],
  ['NetworkSettings.Ports.53/udp', null],
  ['NetworkSettings.Ports.80/tcp.0.HostIp', '127.0.0.1'],
  ['NetworkSettings.Ports.80/tcp.0.HostPort', expect.stringMatching(/^\d{4,5}$/)],
  ['NetworkSettings.IPAddress', expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/)],
  ['NetworkSettings.IPPrefixLen', expect.any(Number)],
  ['NetworkSettings.Gateway', expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/)],
  ['NetworkSettings.MacAddress', expect.stringMatching(/^02:42:/)],
  ['NetworkSettings.Networks.bridge.NetworkID', expect.stringMatching(/^[0-9a-f]{64}$/)],
  ['NetworkSettings.Networks.bridge.EndpointID', expect.stringMatching(/^[0-9a-f]{64}$/)],
  ['NetworkSettings.Networks.bridge.Aliases', null],
  ['NetworkSettings.Networks.bridge.Links', null],
  ['NetworkSettings.Networks.bridge.DriverOpts', null],
];

/** What it is like inside: shell text → output. */
const INSIDE: readonly (readonly [string, string, string | RegExp])[] = [
  ['its host name', 'hostname', 'rich'],
  ['its user and groups', 'id -u; id -g; id -G', '1\n1\n1 20'],
  ['its folder', 'pwd', '/tmp'],
  ['its environment', 'echo "$ONE,$TWO"', '1,with spaces'],
  ['its name servers', 'cat /etc/resolv.conf', /^search example\.test\nnameserver 192\.0\.2\.53\noptions ndots:1$/],
  ['its extra hosts', 'grep else /etc/hosts', /^192\.0\.2\.9\s+else$/],
  ['its own name in the hosts file', 'tail -1 /etc/hosts', /^\d+\.\d+\.\d+\.\d+\s+rich\.example\.test rich$/],
  ['its domain', 'cat /proc/sys/kernel/domainname', 'example.test'],
  ['a hosts file that cannot be written', "grep ' /etc/hosts ' /proc/mounts | cut -d' ' -f4", /^ro,/],
  ['a root that cannot be written', 'touch /file 2>&1', /Read-only file system/],
  ['its tmpfs', "grep ' /scratch ' /proc/mounts", /^tmpfs \/scratch tmpfs .*size=1024k/],
  ['its shared memory', "grep ' /dev/shm ' /proc/mounts", /size=32768k/],
  ['its limit of open files', 'grep "open files" /proc/1/limits', /^Max open files\s+512\s+1024\s/],
  ['no new privileges', 'grep NoNewPrivs /proc/self/status', /1$/],
  ['its sysctl', 'cat /proc/sys/net/ipv4/ip_forward', '0'],
];

export function inspection(at: At): void {
  let rich: unknown;
  let richId = '';
  let plain: unknown;
  beforeAll(async () => {
    richId = await at().run(RICH);
    const id = await at().create();
    [rich, plain] = await Promise.all([at().inspect(richId), at().inspect(id)]);
  });

  test.each(FIELDS)('%s', (path, expected) => {
    expect(rich).toHaveProperty(pathOf(path), expected);
  });

  test.each(INSIDE)('inside: %s', async (_, script, expected) => {
    const { stdout } = await at().exec(richId, script);
    if (typeof expected === 'string') expect(stdout.trim()).toBe(expected);
    else expect(stdout.trim()).toMatch(expected);
  });

  test('inside: capabilities are the default ones, with one more and one less', async () => {
    const id = await at().finished('grep CapBnd /proc/self/status', {
      HostConfig: { CapAdd: ['NET_ADMIN'], CapDrop: ['MKNOD'] },
    });
    // The default set is a80425fb; NET_ADMIN is bit 12, MKNOD bit 27.
    expect((await at().logs(id)).stdout).toBe('CapBnd:\t00000000a00435fb\n');
  });

  test('a plain container has the defaults', () => {
    expect(plain).toMatchObject({
      State: { Status: 'created', Pid: 0, ExitCode: 0, StartedAt: '0001-01-01T00:00:00Z' },
      HostConfig: {
        NetworkMode: 'default',
        RestartPolicy: { Name: '', MaximumRetryCount: 0 },
        LogConfig: { Type: 'json-file', Config: {} },
        ShmSize: 67108864,
        Memory: 0,
        PidsLimit: null,
        IpcMode: 'private',
        MemorySwap: 0,
        OomKillDisable: false,
        CapAdd: null,
        Devices: null,
      },
      Mounts: [],
      Config: { Tty: false, OpenStdin: false, Entrypoint: null, Cmd: ['sleep', '600'] },
    });
    expect(plain).not.toHaveProperty('State.Health');
    expect(plain).not.toHaveProperty('Config.Healthcheck');
    expect(plain).toHaveProperty('NetworkSettings.Networks.bridge.IPAddress', '');
    expect(plain).toHaveProperty('NetworkSettings.IPAddress', '');
  });

  test('the host name is the short id unless given', async () => {
    const id = await at().create();
    expect(await at().inspect(id)).toHaveProperty('Config.Hostname', id.slice(0, 12));
  });

  test('sizes are told when asked for', async () => {
    const id = await at().finished('head -c 100000 /dev/zero > /f');
    const { json } = good(await at().api.get(`/containers/${id}/json`, { size: 1 }));
    expect((json as { SizeRw: number }).SizeRw).toBeGreaterThanOrEqual(100_000);
    expect((json as { SizeRootFs: number }).SizeRootFs).toBeGreaterThan(1_000_000);
    expect(plain).not.toHaveProperty('SizeRw');
  });

  test('mounts of every kind', async () => {
    const volume = await at().volume();
    const id = await at().create({
      HostConfig: {
        Binds: ['/usr:/bind:ro'],
        Mounts: [
          { Type: 'volume', Source: volume, Target: '/volume' },
          { Type: 'tmpfs', Target: '/memory', TmpfsOptions: { SizeBytes: 1048576, Mode: 0o700 } },
          { Type: 'bind', Source: '/var', Target: '/long', ReadOnly: true, BindOptions: { Propagation: 'rslave' } },
        ],
      },
    });
    const { Mounts, HostConfig } = (await at().inspect(id)) as {
      Mounts: { Destination: string }[];
      HostConfig: { Mounts: object[] };
    };
    const byTarget = Object.fromEntries(Mounts.map((point) => [point.Destination, point]));
    expect(byTarget['/bind']).toEqual({
      Type: 'bind',
      Source: '/usr',
      Destination: '/bind',
      Mode: 'ro',
      RW: false,
      Propagation: 'rprivate',
    });
    expect(byTarget['/volume']).toEqual({
      Type: 'volume',
      Name: volume,
      Source: expect.stringContaining(volume),
      Destination: '/volume',
      Driver: 'local',
      Mode: 'z',
      RW: true,
      Propagation: '',
    });
    expect(byTarget['/memory']).toEqual({
      Type: 'tmpfs',
      Source: '',
      Destination: '/memory',
      Mode: '',
      RW: true,
      Propagation: '',
    });
    expect(byTarget['/long']).toEqual({
      Type: 'bind',
      Source: '/var',
      Destination: '/long',
      Mode: '',
      RW: false,
      Propagation: 'rslave',
    });
    expect(HostConfig.Mounts).toHaveLength(3);
  });

  test('execs that run are named, and those that ended are not', async () => {
    const exec = good(await at().api.post(`/containers/${richId}/exec`, { Cmd: ['sleep', '600'] })).json as {
      Id: string;
    };
    good(await at().api.post(`/exec/${exec.Id}/start`, { Detach: true }));
    const { ExecIDs } = (await at().inspect(richId)) as { ExecIDs: string[] | null };
    expect(ExecIDs).toContain(exec.Id);
  });

  test('on a network of its own: aliases, address, no legacy fields', async () => {
    const network = await at().network({ IPAM: { Config: [{ Subnet: '10.211.77.0/24' }] } });
    const id = await at().run({
      HostConfig: { NetworkMode: network.name },
      NetworkingConfig: {
        EndpointsConfig: { [network.name]: { Aliases: ['other'], IPAMConfig: { IPv4Address: '10.211.77.9' } } },
      },
    });
    const inspected = await at().inspect(id);
    expect(inspected).toHaveProperty('NetworkSettings.IPAddress', '');
    expect(inspected).toHaveProperty(
      ['NetworkSettings', 'Networks', network.name],
      expect.objectContaining({
        IPAMConfig: { IPv4Address: '10.211.77.9' },
        Links: null,
        Aliases: ['other', id.slice(0, 12)],
        NetworkID: network.id,
        EndpointID: expect.stringMatching(/^[0-9a-f]{64}$/),
        Gateway: '10.211.77.1',
        IPAddress: '10.211.77.9',
        IPPrefixLen: 24,
        IPv6Gateway: '',
        GlobalIPv6Address: '',
        GlobalIPv6PrefixLen: 0,
        MacAddress: '02:42:0a:d3:4d:09',
        DriverOpts: null,
      }),
    );
    await at().remove(id);
  });
}

/** Dots separate, but not within `80/tcp` and its like. */
const pathOf = (path: string): string[] => path.split('.');
