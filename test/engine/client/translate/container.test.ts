import { describe, expect, it } from 'vitest';
import { type CreateFacts, containerBody } from '../../../../src/engine/client/translate/container.ts';
import type { CreateContainer } from '../../../../src/engine/engine.ts';
import type { Service } from '../../../../src/model.ts';
import { createRequest } from '../../../support/create-request.ts';

const FACTS: CreateFacts = {
  multiNetworkCreate: false,
  proxyEnvironment: {},
  readFile: () => {
    throw new Error('nothing is read here');
  },
};

type Body = { readonly HostConfig: Readonly<Record<string, unknown>> } & Readonly<Record<string, unknown>>;

const bodyOf = (
  service: Partial<Service>,
  request: Partial<Omit<CreateContainer, 'service'>> = {},
  facts: Partial<CreateFacts> = {},
): Body => containerBody(createRequest(service, request), { ...FACTS, ...facts }).body as unknown as Body;

describe('the process', () => {
  it("is the image's own where the service says nothing", () => {
    expect(bodyOf({})).toEqual({
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      ExposedPorts: {},
      Env: [],
      Image: 'busybox',
      Labels: {},
      HostConfig: {
        OomKillDisable: false,
        ExtraHosts: [],
        AutoRemove: false,
        NetworkMode: 'none',
        PortBindings: {},
        LogConfig: { Type: '', Config: {} },
      },
      NetworkingConfig: { EndpointsConfig: {} },
    });
  });

  it("distinguishes the image's command from an empty one", () => {
    expect(bodyOf({ command: null, entrypoint: null })).not.toHaveProperty('Cmd');
    expect(bodyOf({ command: [], entrypoint: [] })).toMatchObject({ Cmd: [], Entrypoint: [] });
  });

  it.each<[Partial<Service>, Readonly<Record<string, unknown>>]>([
    [{ command: ['sh', '-c', 'x'] }, { Cmd: ['sh', '-c', 'x'] }],
    [{ entrypoint: ['/init'] }, { Entrypoint: ['/init'] }],
    [{ user: '1000:1000' }, { User: '1000:1000' }],
    [{ working_dir: '/srv' }, { WorkingDir: '/srv' }],
    [
      { hostname: 'h', domainname: 'd.example' },
      { Hostname: 'h', Domainname: 'd.example' },
    ],
    [
      { tty: true, stdin_open: true },
      { Tty: true, OpenStdin: true, StdinOnce: false },
    ],
    [{ stop_signal: 'SIGINT' }, { StopSignal: 'SIGINT' }],
    [{ stop_grace_period: '1m30s' }, { StopTimeout: 90 }],
    [{ stop_grace_period: '1.9s' }, { StopTimeout: 1 }],
    [{ environment: { B: '2', A: '1', NONE: null, EMPTY: '' } }, { Env: ['A=1', 'B=2', 'EMPTY=', 'NONE'] }],
    [{ expose: ['80', '90/udp'] }, { ExposedPorts: { '80': {}, '90/udp': {} } }],
    [{ network_mode: 'disabled' }, { NetworkDisabled: true }],
  ])('%o becomes %o', (service, expected) => {
    expect(bodyOf(service)).toMatchObject(expected);
  });

  it('attaches standard input for run only', () => {
    expect(bodyOf({}, { attachStdin: true, openStdin: true, tty: true })).toMatchObject({
      AttachStdin: true,
      OpenStdin: true,
      StdinOnce: true,
      Tty: true,
    });
  });

  it("gives proxies of docker's configuration, and lets the service's own win", () => {
    const body = bodyOf(
      { environment: { HTTP_PROXY: 'own' } },
      {},
      { proxyEnvironment: { HTTP_PROXY: 'p', http_proxy: 'p' } },
    );
    expect(body.Env).toEqual(['HTTP_PROXY=own', 'http_proxy=p']);
  });
});

describe('the host configuration', () => {
  it.each<[Partial<Service>, Readonly<Record<string, unknown>>]>([
    [{ annotations: { a: 'b' } }, { Annotations: { a: 'b' } }],
    [
      { cap_add: ['NET_ADMIN'], cap_drop: ['ALL'] },
      { CapAdd: ['CAP_NET_ADMIN'], CapDrop: ['ALL'] },
    ],
    [
      { cgroup: 'private', cgroup_parent: '/x' },
      { CgroupnsMode: 'private', CgroupParent: '/x' },
    ],
    [{ cpus: 0.1 }, { NanoCpus: 100_000_000 }],
    [{ cpus: 1.1 }, { NanoCpus: 1_100_000_000 }],
    [
      { cpu_count: 2, cpu_percent: 12.5 },
      { CpuCount: 2, CpuPercent: 1250 },
    ],
    [
      { cpu_period: 1, cpu_quota: 2, cpu_rt_period: 3, cpu_rt_runtime: 4 },
      { CpuPeriod: 1, CpuQuota: 2, CpuRealtimePeriod: 3, CpuRealtimeRuntime: 4 },
    ],
    [
      { cpu_shares: 512, cpuset: '0-1' },
      { CpuShares: 512, CpusetCpus: '0-1' },
    ],
    [{ device_cgroup_rules: ['c 1:3 mr'] }, { DeviceCgroupRules: ['c 1:3 mr'] }],
    [
      { dns: ['1.1.1.1'], dns_opt: ['ndots:2'], dns_search: ['x'] },
      { Dns: ['1.1.1.1'], DnsOptions: ['ndots:2'], DnsSearch: ['x'] },
    ],
    [
      { extra_hosts: ['a=10.0.0.1', 'b=::1', 'gw=host-gateway'] },
      { ExtraHosts: ['a:10.0.0.1', 'b:::1', 'gw:host-gateway'] },
    ],
    [{ group_add: ['audio'] }, { GroupAdd: ['audio'] }],
    [{ init: true }, { Init: true }],
    [{ init: false }, { Init: false }],
    [
      { ipc: 'shareable', pid: 'host', uts: 'host', userns_mode: 'host' },
      { IpcMode: 'shareable', PidMode: 'host', UTSMode: 'host', UsernsMode: 'host' },
    ],
    [{ isolation: 'default' }, { Isolation: 'default' }],
    [
      { mem_limit: '67108864', mem_reservation: '33554432', memswap_limit: '134217728' },
      { Memory: 67108864, MemoryReservation: 33554432, MemorySwap: 134217728 },
    ],
    [{ memswap_limit: '-1' }, { MemorySwap: -1 }],
    [{ mem_swappiness: '60' }, { MemorySwappiness: 60 }],
    [
      { oom_kill_disable: true, oom_score_adj: -500 },
      { OomKillDisable: true, OomScoreAdj: -500 },
    ],
    [{ pids_limit: 100 }, { PidsLimit: 100 }],
    [{ pids_limit: -1 }, { PidsLimit: -1 }],
    [
      { privileged: true, read_only: true },
      { Privileged: true, ReadonlyRootfs: true },
    ],
    [{ runtime: 'runc' }, { Runtime: 'runc' }],
    [{ shm_size: '1048576' }, { ShmSize: 1048576 }],
    [
      { storage_opt: { size: '1G' }, sysctls: { 'net.core.somaxconn': '1024' } },
      { StorageOpt: { size: '1G' }, Sysctls: { 'net.core.somaxconn': '1024' } },
    ],
    [{ tmpfs: ['/run', '/tmp:size=1m,mode=1777'] }, { Tmpfs: { '/run': '', '/tmp': 'size=1m,mode=1777' } }],
    [{ volumes_from: ['abc:ro'] }, { VolumesFrom: ['abc:ro'] }],
    [
      { logging: { driver: 'json-file', options: { 'max-size': '1m' } } },
      { LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } } },
    ],
  ])('%o becomes %o', (service, expected) => {
    expect(bodyOf(service).HostConfig).toMatchObject(expected);
  });

  it.each<[Partial<Service>, string]>([
    [{ pids_limit: 0 }, 'PidsLimit'],
    [{ mem_swappiness: '0' }, 'MemorySwappiness'],
  ])('%o leaves %s to the engine', (service, key) => {
    expect(bodyOf(service).HostConfig).not.toHaveProperty(key);
  });
});

describe('restart policies', () => {
  it.each<[Partial<Service>, object | undefined]>([
    [{}, undefined],
    [{ restart: 'no' }, { Name: 'no', MaximumRetryCount: 0 }],
    [{ restart: 'always' }, { Name: 'always', MaximumRetryCount: 0 }],
    [{ restart: 'unless-stopped' }, { Name: 'unless-stopped', MaximumRetryCount: 0 }],
    [{ restart: 'on-failure:3' }, { Name: 'on-failure', MaximumRetryCount: 3 }],
    [
      { restart: 'always', deploy: { restart_policy: { condition: 'none' } } },
      { Name: 'no', MaximumRetryCount: 0 },
    ],
    [{ deploy: { restart_policy: { condition: 'any' } } }, { Name: 'always', MaximumRetryCount: 0 }],
    [
      { deploy: { restart_policy: { condition: 'on-failure', max_attempts: 5 } } },
      { Name: 'on-failure', MaximumRetryCount: 5 },
    ],
  ])('%o becomes %o', (service, policy) => {
    expect(bodyOf(service).HostConfig.RestartPolicy).toEqual(policy);
  });

  it('do not apply to one-off containers', () => {
    expect(bodyOf({ restart: 'always' }, { oneOff: true, autoRemove: true }).HostConfig).toMatchObject({
      AutoRemove: true,
    });
    expect(bodyOf({ restart: 'always' }, { oneOff: true }).HostConfig).not.toHaveProperty('RestartPolicy');
  });
});

describe('ports', () => {
  it('publishes every mapping of one container port and leaves ranges to the engine', () => {
    const body = bodyOf({
      ports: [
        { target: 80, published: '8080', protocol: 'tcp' },
        { target: 80, published: '8081', host_ip: '127.0.0.1', protocol: 'tcp' },
        { target: 53, published: '5300-5310', protocol: 'udp' },
        { target: 90, protocol: 'tcp' },
      ],
    });
    expect(body.HostConfig.PortBindings).toEqual({
      '80/tcp': [
        { HostIp: '', HostPort: '8080' },
        { HostIp: '127.0.0.1', HostPort: '8081' },
      ],
      '53/udp': [{ HostIp: '', HostPort: '5300-5310' }],
      '90/tcp': [{ HostIp: '', HostPort: '' }],
    });
    expect(body.ExposedPorts).toEqual({ '80/tcp': {}, '53/udp': {}, '90/tcp': {} });
  });
});

describe('limits and devices', () => {
  it("lets deploy.resources win over the service's own limits", () => {
    const { HostConfig } = bodyOf({
      mem_limit: '1',
      cpus: 9,
      pids_limit: 1,
      mem_reservation: '2',
      deploy: {
        resources: { limits: { memory: '100', cpus: '0.5', pids: 7 }, reservations: { memory: '50', cpus: '0.25' } },
      },
    });
    expect(HostConfig).toMatchObject({ Memory: 100, NanoCpus: 500_000_000, PidsLimit: 7, MemoryReservation: 50 });
  });

  it("keeps the service's own limits where deploy.resources is silent", () => {
    const { HostConfig } = bodyOf({ mem_limit: '1', deploy: { resources: { limits: { cpus: 2 } } } });
    expect(HostConfig).toMatchObject({ Memory: 1, NanoCpus: 2_000_000_000 });
  });

  it('splits CDI devices from device files', () => {
    const { HostConfig } = bodyOf({
      devices: [
        { source: '/dev/null', target: '/dev/zero2', permissions: 'r' },
        { source: '/dev/fuse' },
        { source: 'vendor.com/class=dev0', target: 'vendor.com/class=dev0' },
      ],
    });
    expect(HostConfig.Devices).toEqual([
      { PathOnHost: '/dev/null', PathInContainer: '/dev/zero2', CgroupPermissions: 'r' },
      { PathOnHost: '/dev/fuse', PathInContainer: '/dev/fuse', CgroupPermissions: 'rwm' },
    ]);
    expect(HostConfig.DeviceRequests).toEqual([{ Driver: 'cdi', DeviceIDs: ['vendor.com/class=dev0'] }]);
  });

  it('asks for gpus and reserved devices', () => {
    const { HostConfig } = bodyOf({
      gpus: [{ count: -1 }],
      deploy: {
        resources: {
          reservations: { devices: [{ capabilities: ['tpu'], count: 2, driver: 'd', options: { k: 'v' } }] },
        },
      },
    });
    expect(HostConfig.DeviceRequests).toEqual([
      { Driver: 'd', Count: 2, DeviceIDs: null, Capabilities: [['tpu']], Options: { k: 'v' } },
      { Driver: '', Count: -1, DeviceIDs: null, Capabilities: [['gpu']], Options: null },
    ]);
  });

  it('sorts ulimits, single and split', () => {
    const { HostConfig } = bodyOf({ ulimits: { nproc: 65535, core: { soft: 0, hard: -1 } } });
    expect(HostConfig.Ulimits).toEqual([
      { Name: 'core', Soft: 0, Hard: -1 },
      { Name: 'nproc', Soft: 65535, Hard: 65535 },
    ]);
  });

  it('translates blkio settings', () => {
    const rate = [{ path: '/dev/sda', rate: '1024' }];
    const { HostConfig } = bodyOf({
      blkio_config: {
        weight: 300,
        weight_device: [{ path: '/dev/sda', weight: 400 }],
        device_read_bps: rate,
        device_write_iops: rate,
      },
    });
    expect(HostConfig).toMatchObject({
      BlkioWeight: 300,
      BlkioWeightDevice: [{ Path: '/dev/sda', Weight: 400 }],
      BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1024 }],
      BlkioDeviceWriteIOps: [{ Path: '/dev/sda', Rate: 1024 }],
    });
  });
});

describe('health checks', () => {
  it.each<[NonNullable<Service['healthcheck']>, object]>([
    [{ test: ['CMD', 'true'] }, { Test: ['CMD', 'true'], Interval: 0, Timeout: 0, StartPeriod: 0, Retries: 0 }],
    [
      {
        test: ['CMD-SHELL', 'x'],
        interval: '1m30s',
        timeout: '500ms',
        start_period: '2s',
        start_interval: '1s',
        retries: 3,
      },
      { Test: ['CMD-SHELL', 'x'], Interval: 90e9, Timeout: 5e8, StartPeriod: 2e9, StartInterval: 1e9, Retries: 3 },
    ],
    [
      { disable: true, test: ['CMD', 'x'] },
      { Test: ['NONE'], Interval: 0, Timeout: 0, StartPeriod: 0, Retries: 0 },
    ],
    [{ interval: '5s' }, { Interval: 5e9, Timeout: 0, StartPeriod: 0, Retries: 0 }],
  ])('%o becomes %o', (healthcheck, expected) => {
    expect(bodyOf({ healthcheck }).Healthcheck).toEqual(expected);
  });
});

describe('security options', () => {
  it('inlines seccomp profiles and empties the masked paths', () => {
    const paths: string[] = [];
    const readFile = (path: string): string => {
      paths.push(path);
      return '{\n  "defaultAction": "SCMP_ACT_ALLOW"\n}';
    };
    const { HostConfig } = bodyOf(
      { security_opt: ['no-new-privileges', 'label:disable', 'seccomp=profile.json', 'systempaths=unconfined'] },
      { workingDir: '/project' },
      { readFile },
    );
    expect(HostConfig).toMatchObject({
      SecurityOpt: ['no-new-privileges', 'label:disable', 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'],
      MaskedPaths: [],
      ReadonlyPaths: [],
    });
    expect(paths).toEqual(['/project/profile.json']);
  });

  it('leaves unconfined alone', () => {
    expect(bodyOf({ security_opt: ['seccomp=unconfined', 'seccomp:unconfined'] }).HostConfig.SecurityOpt).toEqual([
      'seccomp=unconfined',
      'seccomp:unconfined',
    ]);
  });

  it('names the profile that cannot be read and the option that is malformed', () => {
    expect(() => bodyOf({ security_opt: ['seccomp=/no/such.json'] })).toThrow(
      /cannot use the seccomp profile "\/no\/such.json": nothing is read here/,
    );
    expect(() => bodyOf({ security_opt: ['nonsense'] })).toThrow(
      /security_opt "nonsense" is not of the form name=value/,
    );
  });
});
