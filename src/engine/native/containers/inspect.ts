// A container as `GET /containers/{id}/json` and the list show it. Pure.
import { DEFAULT_NETWORK } from '../networks/record.ts';
import type { ContainerPaths } from '../paths.ts';
import { networkNamespaceOf, rootOf } from './process.ts';
import type { ContainerRecord, Endpoint, HostConfig, MountPoint } from './types.ts';

const DEFAULT_SHM = 67108864;

export function inspectContainer(record: ContainerRecord, paths: ContainerPaths): Record<string, unknown> {
  const command = commandOf(record);
  return {
    Id: record.id,
    Created: record.created,
    Path: command[0] ?? '',
    Args: command.slice(1),
    State: stateOf(record),
    Image: record.imageId,
    ResolvConfPath: paths.resolvConf,
    HostnamePath: paths.hostname,
    HostsPath: paths.hosts,
    // Only files in which a client may look.
    LogPath: ['json-file', 'local', ''].includes(record.hostConfig.LogConfig?.Type ?? '') ? paths.log : '',
    Name: `/${record.name}`,
    RestartCount: record.state.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: null,
    HostConfig: fullHostConfig(record.hostConfig),
    GraphDriver: {
      Name: 'overlay2',
      Data: { UpperDir: paths.upper, WorkDir: paths.work, MergedDir: mergedDirectory(record, paths) },
    },
    Mounts: record.mounts.filter((point) => point.Type !== 'tmpfs' || !point.Options).map(apiMount),
    Config: { ...EMPTY_CONFIG, ...record.config },
    NetworkSettings: networkSettings(record),
  };
}

const EMPTY_CONFIG = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: [],
  Cmd: null,
  Image: '',
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: {},
};

export const commandOf = (record: ContainerRecord): string[] => [
  ...(record.config.Entrypoint ?? []),
  ...(record.config.Cmd ?? []),
];

function stateOf(record: ContainerRecord): Record<string, unknown> {
  const { state } = record;
  return {
    Status: state.status,
    Running: state.status === 'running' || state.status === 'paused' || state.status === 'restarting',
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: state.status === 'dead',
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
    ...(state.health ? { Health: state.health } : {}),
  };
}

/** The client's host settings with every field that clients rely on. */
function fullHostConfig(host: HostConfig): Record<string, unknown> {
  return {
    Binds: null,
    ContainerIDFile: '',
    PortBindings: {},
    AutoRemove: false,
    VolumeDriver: '',
    VolumesFrom: null,
    CapAdd: null,
    CapDrop: null,
    CgroupnsMode: 'host',
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: null,
    GroupAdd: null,
    Cgroup: '',
    Links: null,
    OomScoreAdj: 0,
    PidMode: '',
    Privileged: false,
    PublishAllPorts: false,
    ReadonlyRootfs: false,
    SecurityOpt: null,
    UTSMode: '',
    UsernsMode: '',
    ConsoleSize: [0, 0],
    Isolation: '',
    CpuShares: 0,
    Memory: 0,
    NanoCpus: 0,
    CgroupParent: '',
    BlkioWeight: 0,
    CpuPeriod: 0,
    CpuQuota: 0,
    CpusetCpus: '',
    CpusetMems: '',
    Devices: [],
    DeviceCgroupRules: null,
    DeviceRequests: null,
    MemoryReservation: 0,
    MemorySwap: host.Memory ? host.Memory * 2 : 0,
    MemorySwappiness: null,
    OomKillDisable: false,
    PidsLimit: null,
    Ulimits: null,
    ...host,
    ShmSize: host.ShmSize || DEFAULT_SHM,
    Runtime: host.Runtime || 'runc',
    IpcMode: host.IpcMode || 'private',
    NetworkMode: host.NetworkMode || 'default',
    LogConfig: { Type: host.LogConfig?.Type || 'json-file', Config: host.LogConfig?.Config ?? {} },
    RestartPolicy: {
      Name: host.RestartPolicy?.Name || 'no',
      MaximumRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0,
    },
  };
}

/** Where the host sees its files: through the process while it runs. */
const mergedDirectory = (record: ContainerRecord, paths: ContainerPaths): string =>
  record.state.pid === 0 ? paths.rootfs : rootOf(record);

function networkSettings(record: ContainerRecord): Record<string, unknown> {
  const legacy = record.endpoints[DEFAULT_NETWORK]?.lease;
  return {
    Bridge: '',
    SandboxID: record.state.pid === 0 ? '' : record.id,
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    Ports: portMap(record),
    SandboxKey: record.state.pid === 0 ? '' : networkNamespaceOf(record),
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: legacy?.endpointId ?? '',
    Gateway: legacy?.gateway ?? '',
    GlobalIPv6Address: legacy?.address6 ?? '',
    GlobalIPv6PrefixLen: legacy?.prefix6 ?? 0,
    IPAddress: legacy?.address ?? '',
    IPPrefixLen: legacy?.prefix ?? 0,
    IPv6Gateway: legacy?.gateway6 ?? '',
    MacAddress: legacy?.mac ?? '',
    Networks: Object.fromEntries(
      Object.entries(record.endpoints).map(([name, endpoint]) => [name, apiEndpoint(record, endpoint)]),
    ),
  };
}

export function apiEndpoint(record: ContainerRecord, endpoint: Endpoint): Record<string, unknown> {
  const { lease, settings } = endpoint;
  const named = endpoint.networkName !== DEFAULT_NETWORK;
  return {
    IPAMConfig: settings.IPAMConfig ?? null,
    Links: settings.Links ?? null,
    Aliases: settings.Aliases ?? null,
    NetworkID: endpoint.networkId,
    EndpointID: lease?.endpointId ?? '',
    Gateway: lease?.gateway ?? '',
    IPAddress: lease?.address ?? '',
    IPPrefixLen: lease?.prefix ?? 0,
    IPv6Gateway: lease?.gateway6 ?? '',
    GlobalIPv6Address: lease?.address6 ?? '',
    GlobalIPv6PrefixLen: lease?.prefix6 ?? 0,
    MacAddress: lease?.mac ?? '',
    DriverOpts: settings.DriverOpts ?? null,
    DNSNames: named ? [...new Set([record.name, ...(settings.Aliases ?? []), record.id.slice(0, 12)])] : null,
  };
}

/** Exposed ports with what they are bound to; `null` where they are not published. Only while the container runs. */
function portMap(record: ContainerRecord): Record<string, { HostIp: string; HostPort: string }[] | null> {
  if (record.state.pid === 0) return {};
  const ports: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const port of Object.keys(record.config.ExposedPorts ?? {}))
    ports[port.includes('/') ? port : `${port}/tcp`] = null;
  for (const port of record.ports) {
    const key = `${port.containerPort}/${port.protocol}`;
    ports[key] = [...(ports[key] ?? []), { HostIp: port.hostIp, HostPort: String(port.hostPort) }];
  }
  return ports;
}

export const apiMount = (point: MountPoint): Record<string, unknown> => ({
  Type: point.Type,
  ...(point.Name === undefined ? {} : { Name: point.Name }),
  Source: point.Source,
  Destination: point.Destination,
  ...(point.Driver === undefined ? {} : { Driver: point.Driver }),
  Mode: point.Mode,
  RW: point.RW,
  Propagation: point.Propagation,
});
