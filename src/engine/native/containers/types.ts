// What a container is, as clients say it (the API's own names) and as the engine keeps it on disk.
import type { RunConfig } from '../images/image-config.ts';
import type { IdMapping } from '../user-namespaces/id-mapping.ts';

export interface ContainerConfig extends RunConfig {
  Hostname?: string;
  Domainname?: string;
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  Tty?: boolean;
  OpenStdin?: boolean;
  StdinOnce?: boolean;
  Image?: string;
  NetworkDisabled?: boolean;
  MacAddress?: string;
  StopTimeout?: number;
}

export interface PortBinding {
  HostIp?: string;
  HostPort?: string;
}

export interface RestartPolicy {
  Name?: string;
  MaximumRetryCount?: number;
}

export interface DeviceMapping {
  PathOnHost?: string;
  PathInContainer?: string;
  CgroupPermissions?: string;
}

export interface MountSpec {
  Type?: string;
  Source?: string;
  Target?: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: {
    Propagation?: string;
    NonRecursive?: boolean;
    CreateMountpoint?: boolean;
    ReadOnlyNonRecursive?: boolean;
    ReadOnlyForceRecursive?: boolean;
  };
  VolumeOptions?: {
    NoCopy?: boolean;
    Labels?: Record<string, string> | null;
    DriverConfig?: { Name?: string; Options?: Record<string, string> | null } | null;
    Subpath?: string;
  };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number; Options?: string[][] };
}

interface WeightDevice {
  Path?: string;
  Weight?: number;
}
interface ThrottleDevice {
  Path?: string;
  Rate?: number;
}

export interface Resources {
  /** Of other systems; refused. */
  IOMaximumBandwidth?: number;
  IOMaximumIOps?: number;
  Memory?: number;
  MemoryReservation?: number;
  MemorySwap?: number;
  MemorySwappiness?: number | null;
  NanoCpus?: number;
  CpuShares?: number;
  CpuPeriod?: number;
  CpuQuota?: number;
  CpuRealtimePeriod?: number;
  CpuRealtimeRuntime?: number;
  CpusetCpus?: string;
  CpusetMems?: string;
  PidsLimit?: number | null;
  OomKillDisable?: boolean | null;
  BlkioWeight?: number;
  BlkioWeightDevice?: WeightDevice[] | null;
  BlkioDeviceReadBps?: ThrottleDevice[] | null;
  BlkioDeviceWriteBps?: ThrottleDevice[] | null;
  BlkioDeviceReadIOps?: ThrottleDevice[] | null;
  BlkioDeviceWriteIOps?: ThrottleDevice[] | null;
  Ulimits?: { Name?: string; Soft?: number; Hard?: number }[] | null;
  Devices?: DeviceMapping[] | null;
  DeviceCgroupRules?: string[] | null;
  DeviceRequests?: unknown[] | null;
  CgroupParent?: string;
}

export interface HostConfig extends Resources {
  Binds?: string[] | null;
  Mounts?: MountSpec[] | null;
  Tmpfs?: Record<string, string> | null;
  VolumesFrom?: string[] | null;
  VolumeDriver?: string;
  NetworkMode?: string;
  PortBindings?: Record<string, PortBinding[] | null> | null;
  PublishAllPorts?: boolean;
  RestartPolicy?: RestartPolicy;
  AutoRemove?: boolean;
  CapAdd?: string[] | null;
  CapDrop?: string[] | null;
  Privileged?: boolean;
  SecurityOpt?: string[] | null;
  ReadonlyRootfs?: boolean;
  MaskedPaths?: string[] | null;
  ReadonlyPaths?: string[] | null;
  Dns?: string[] | null;
  DnsOptions?: string[] | null;
  DnsSearch?: string[] | null;
  ExtraHosts?: string[] | null;
  GroupAdd?: string[] | null;
  IpcMode?: string;
  PidMode?: string;
  UTSMode?: string;
  UsernsMode?: string;
  CgroupnsMode?: string;
  Isolation?: string;
  Cgroup?: string;
  Links?: string[] | null;
  LogConfig?: { Type?: string; Config?: Record<string, string> | null };
  OomScoreAdj?: number;
  ShmSize?: number;
  Sysctls?: Record<string, string> | null;
  Runtime?: string;
  Init?: boolean | null;
  StorageOpt?: Record<string, string> | null;
  Annotations?: Record<string, string> | null;
  ContainerIDFile?: string;
  [other: string]: unknown;
}

export interface EndpointSettings {
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string; LinkLocalIPs?: string[] } | null;
  Links?: string[] | null;
  Aliases?: string[] | null;
  MacAddress?: string;
  DriverOpts?: Record<string, string> | null;
  GwPriority?: number;
}

/** A mount whose source is settled, as inspect shows it. */
export interface MountPoint {
  readonly Type: 'bind' | 'volume' | 'tmpfs';
  /** Volume name; absent for others. */
  readonly Name?: string;
  readonly Source: string;
  readonly Destination: string;
  readonly Driver?: string;
  readonly Mode: string;
  readonly RW: boolean;
  readonly Propagation: string;
  /** tmpfs only: mount options. */
  readonly Options?: readonly string[];
  /** A volume the container was made with, to be removed by `rm -v`. */
  readonly Anonymous?: boolean;
  /** The image's content is not copied into an empty volume. */
  readonly NoCopy?: boolean;
  /** A folder within the volume. */
  readonly Subpath?: string;
  /** What becomes of mounts below the source; without a word they come along, as read-only as the mount itself. */
  readonly Below?: MountsBelow;
}

/** `omitted`: they do not come along. `as they are`: writable below a read-only mount, too. `read-only`: or not at all. */
export type MountsBelow = 'omitted' | 'as they are' | 'read-only';

/** A container's attachment to one network. */
export interface Endpoint {
  readonly networkId: string;
  readonly networkName: string;
  readonly settings: EndpointSettings;
  /** Present while attached (the container runs). */
  readonly lease?: Lease;
}

export interface Lease {
  readonly endpointId: string;
  readonly address: string;
  readonly prefix: number;
  readonly gateway: string;
  readonly mac: string;
  readonly address6?: string;
  readonly prefix6?: number;
  readonly gateway6?: string;
  /** Its interface inside, `eth0`, and the host's end of the pair. */
  readonly interfaceName: string;
  readonly hostInterface: string;
}

export type Status = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface ProbeLog {
  readonly Start: string;
  readonly End: string;
  readonly ExitCode: number;
  readonly Output: string;
}

export interface Health {
  readonly Status: 'starting' | 'healthy' | 'unhealthy';
  readonly FailingStreak: number;
  readonly Log: readonly ProbeLog[];
}

export interface ContainerState {
  readonly status: Status;
  /** 0 unless it runs. */
  readonly pid: number;
  /** Start time of the process in clock ticks, as /proc tells: a pid alone may be somebody else's by now. */
  readonly pidStart: string;
  readonly exitCode: number;
  readonly error: string;
  readonly oomKilled: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly restartCount: number;
  /** The user stopped or killed it: no restart policy applies until it is started again. */
  readonly stoppedByUser: boolean;
  readonly health?: Health;
}

/** A port open on the host for this container. */
export interface PublishedPort {
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly hostIp: string;
  readonly hostPort: number;
}

export interface ContainerRecord {
  readonly id: string;
  readonly name: string;
  readonly created: string;
  readonly imageId: string;
  /** Full diff ids, so that the root file system can be mounted whatever becomes of the image's name. */
  readonly layers: readonly string[];
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  /** What its users and groups are on the host, for its whole life: absent where they are the host's own. */
  readonly ids?: IdMapping;
  readonly mounts: readonly MountPoint[];
  /** By network name; the first is the primary one. */
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  readonly ports: readonly PublishedPort[];
  readonly state: ContainerState;
}

export const NEVER = '0001-01-01T00:00:00Z';

/** Of a container that was created and never started. */
export const NOT_STARTED: ContainerState = {
  status: 'created',
  pid: 0,
  pidStart: '',
  exitCode: 0,
  error: '',
  oomKilled: false,
  startedAt: NEVER,
  finishedAt: NEVER,
  restartCount: 0,
  stoppedByUser: false,
};

export const isLive = (status: Status): boolean => status === 'running' || status === 'paused';
