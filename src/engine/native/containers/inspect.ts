// A container as `GET /containers/{id}/json` and the list show it. Pure.

import type { CgroupMode } from '../machine.ts';
import { DEFAULT_NETWORK } from '../networks/record.ts';
import type { ContainerPaths } from '../paths.ts';
import { hostConfigView } from './host-config-view.ts';
import { networkNamespaceOf, rootOf } from './process.ts';
import type { ContainerConfig, ContainerRecord, Endpoint, MountPoint } from './types.ts';

/** What inspect tells beside the record. */
export interface InspectFacts {
  readonly paths: ContainerPaths;
  /** The OCI runtime of containers that name none. */
  readonly runtime: string;
  readonly cgroupMode: CgroupMode;
  /** Folders of the image's layers, topmost first. */
  readonly layers: readonly string[];
  /** The AppArmor profile it is to run under; empty for none, and where the kernel has no AppArmor. */
  readonly apparmor: string;
  /** `--link`s, each as target and what it is called here. */
  readonly links: readonly string[] | null;
  /** Execs that have not ended. */
  readonly execs: readonly string[];
  /** Bytes of the writable layer, and of all layers, where they were asked for. */
  readonly sizes?: { readonly own: number; readonly all: number };
}

export function inspectContainer(record: ContainerRecord, facts: InspectFacts): Record<string, unknown> {
  const { paths, layers, execs, sizes } = facts;
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
    AppArmorProfile: facts.apparmor,
    ExecIDs: execs.length > 0 ? execs : null,
    HostConfig: { ...hostConfigView(record.hostConfig, facts.runtime, facts.cgroupMode), Links: facts.links },
    GraphDriver: {
      Name: 'overlay2',
      Data: {
        LowerDir: layers.join(':'),
        MergedDir: mergedDirectory(record, paths),
        UpperDir: paths.upper,
        WorkDir: paths.work,
      },
    },
    ...(sizes ? { SizeRw: sizes.own, SizeRootFs: sizes.all } : {}),
    // `--tmpfs` stands in HostConfig.Tmpfs alone, a mount of that kind here.
    Mounts: record.mounts
      .filter((point) => point.Type !== 'tmpfs' || !(point.Destination in (record.hostConfig.Tmpfs ?? {})))
      .map(apiMount),
    Config: configView(record.config),
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

/** Empty maps are shown as Docker shows them: no volumes are null, no ports are not there. */
function configView({ ExposedPorts: ports, Volumes: volumes, ...config }: ContainerConfig): Record<string, unknown> {
  const some = (map: object | null | undefined): boolean =>
    map !== null && map !== undefined && Object.keys(map).length > 0;
  return {
    ...EMPTY_CONFIG,
    ...config,
    ...(some(ports) ? { ExposedPorts: ports } : {}),
    Volumes: some(volumes) ? volumes : null,
  };
}

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
    IPAMConfig: settings.IPAMConfig && Object.keys(settings.IPAMConfig).length > 0 ? settings.IPAMConfig : null,
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
