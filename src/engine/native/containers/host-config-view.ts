// The host settings of a container as inspect shows them: every field that clients rely on, whatever the client that made the
// container left out or sent as null. Pure.
import type { CgroupMode } from '../machine.ts';
import { cgroupNamespace } from './cgroup-namespace.ts';
import { MASKED_PATHS, READONLY_PATHS } from './oci-paths.ts';
import type { HostConfig } from './types.ts';

const DEFAULT_SHM = 67108864;

/** What stands where nothing was said. Lists are null there, as in Docker. */
const UNSAID = {
  Binds: null,
  ContainerIDFile: '',
  PortBindings: {},
  AutoRemove: false,
  VolumeDriver: '',
  VolumesFrom: null,
  CapAdd: null,
  CapDrop: null,
  Dns: null,
  DnsOptions: null,
  DnsSearch: null,
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: 'private',
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
  ShmSize: DEFAULT_SHM,
  ConsoleSize: [0, 0],
  Isolation: '',
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: '',
  BlkioWeight: 0,
  BlkioWeightDevice: null,
  BlkioDeviceReadBps: null,
  BlkioDeviceWriteBps: null,
  BlkioDeviceReadIOps: null,
  BlkioDeviceWriteIOps: null,
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: '',
  CpusetMems: '',
  Devices: null,
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: 0,
  MemorySwap: 0,
  MemorySwappiness: null,
  OomKillDisable: false,
  PidsLimit: null,
  Ulimits: null,
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
  NetworkMode: 'default',
} as const;

/** Fields where an empty text means "not said" as well. */
const FILLED = ['IpcMode', 'NetworkMode'] as const;

/** `runtime` is that of containers that name none. */
export function hostConfigView(host: HostConfig, runtime: string, cgroupMode: CgroupMode): Record<string, unknown> {
  const said = Object.fromEntries(Object.entries(host).filter(([, value]) => value !== null && value !== undefined));
  const view: Record<string, unknown> = { ...UNSAID, ...said };
  for (const name of FILLED) if (view[name] === '') view[name] = UNSAID[name];
  const privileged = host.Privileged === true;
  return {
    ...view,
    CgroupnsMode: cgroupNamespace(host, cgroupMode),
    Runtime: host.Runtime || runtime,
    ShmSize: host.ShmSize || DEFAULT_SHM,
    MemorySwap: host.MemorySwap || (host.Memory ?? 0) * 2,
    PidsLimit: host.PidsLimit ?? null,
    LogConfig: { Type: host.LogConfig?.Type || 'json-file', Config: host.LogConfig?.Config ?? {} },
    RestartPolicy: {
      Name: host.RestartPolicy?.Name ?? '',
      MaximumRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0,
    },
    MaskedPaths: privileged ? null : (host.MaskedPaths ?? MASKED_PATHS),
    ReadonlyPaths: privileged ? null : (host.ReadonlyPaths ?? READONLY_PATHS),
  };
}
