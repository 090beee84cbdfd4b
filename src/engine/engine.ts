// The Engine interface: what windlass asks of whatever runs containers, and what is observed through it. No code that runs.
// Every verb does one thing, takes an AbortSignal, and fails with an EngineError whose kind is
// not-found, conflict, unsupported, unavailable or failed. Removing what is gone succeeds; creating what exists is a conflict.
import type { Readable, Writable } from 'node:stream';
import type { Build, Network, NetworkAttachment, Service, Volume } from '../model.ts';

export type EngineKind = 'docker' | 'podman' | 'native';

/** What the engine can do, asked while planning, so that "unsupported" is said before anything changes. */
export interface Capabilities {
  readonly kind: EngineKind;
  readonly engineVersion: string;
  /** The negotiated API version, such as `1.41`. */
  readonly apiVersion: string;
  readonly os: string;
  readonly architecture: string;
  /** Several networks in one create (API 1.44). */
  readonly multiNetworkCreate: boolean;
  /** `healthcheck.start_interval` (API 1.44). */
  readonly startInterval: boolean;
  /** A MAC address per network attachment (API 1.44). */
  readonly endpointMac: boolean;
  /** `volumes[].volume.subpath` (API 1.45). */
  readonly volumeSubpath: boolean;
  /** `type: image` mounts (API 1.48). */
  readonly imageMounts: boolean;
  /** `networks.*.gw_priority` (API 1.48). */
  readonly gatewayPriority: boolean;
  /** `networks.*.interface_name` (API 1.49). */
  readonly interfaceName: boolean;
  /** How images are built: buildx, BuildKit through the API, the classic builder, the native engine's, or not at all. */
  readonly builder: 'buildx' | 'buildkit' | 'classic' | 'native' | 'none';
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
export type HealthState = 'starting' | 'healthy' | 'unhealthy';

export interface ObservedMount {
  readonly type: string;
  /** Volume name; empty for others. */
  readonly name: string;
  /** Of a volume: `local`. */
  readonly driver?: string;
  readonly source: string;
  readonly target: string;
  readonly readWrite: boolean;
}

export interface ObservedPort {
  readonly hostIp: string;
  readonly containerPort: number;
  /** 0 when exposed but not published. */
  readonly hostPort: number;
  readonly protocol: string;
}

/** One container as the engine lists it. */
export interface ObservedContainer {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly command: string;
  readonly state: ContainerState;
  readonly health: HealthState | undefined;
  /** Of the last run, when `state` is exited; undefined where the engine does not tell. */
  readonly exitCode: number | undefined;
  /** The engine's own words: `Up 5 minutes (healthy)`. */
  readonly status: string;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Network name → id of the network it is attached to. */
  readonly networks: Readonly<Record<string, { readonly id: string; readonly address: string }>>;
  readonly mounts: readonly ObservedMount[];
  readonly ports: readonly ObservedPort[];
}

export interface ObservedNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ObservedVolume {
  readonly name: string;
  readonly driver: string;
  /** `local` or `global`, where the engine tells. */
  readonly scope?: string;
  /** Path on the engine's host, where the engine tells. */
  readonly mountpoint?: string;
  /** ISO 8601, where the engine tells: when the volume was made or, by some engines, when something in its folder was. */
  readonly createdAt?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One snapshot of everything labelled with the project. Lossless; choices are made later. */
export interface ObservedProject {
  readonly project: string;
  /** Replicas, one-offs and orphans alike, stopped ones included. */
  readonly containers: readonly ObservedContainer[];
  readonly networks: readonly ObservedNetwork[];
  readonly volumes: readonly ObservedVolume[];
}

export interface ProbeResult {
  /** ISO 8601. */
  readonly start: string;
  readonly exitCode: number;
  readonly output: string;
}

/** What only `inspect` tells of a container. */
export interface ContainerDetails {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly state: ContainerState;
  readonly exitCode: number;
  readonly error: string;
  readonly oomKilled: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly hasHealthcheck: boolean;
  readonly health: HealthState | undefined;
  /** Oldest first; at most five. */
  readonly probes: readonly ProbeResult[];
  readonly restartCount: number;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly networks: Readonly<
    Record<string, { readonly id: string; readonly address: string; readonly aliases: readonly string[] }>
  >;
  readonly mounts: readonly ObservedMount[];
  readonly ports: readonly ObservedPort[];
  /** The engine's whole answer, for commands that print it. */
  readonly raw: unknown;
}

/** What containers of an image have unless a service says otherwise. */
export interface ImageDefaults {
  /** `KEY=value` */
  readonly environment: readonly string[];
  readonly command: readonly string[];
  readonly entrypoint: readonly string[];
  readonly user: string;
  readonly workingDir: string;
}

export interface ObservedImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  /** `os/architecture[/variant]`. */
  readonly platform: string;
  /** ISO 8601, or empty. */
  readonly created: string;
  /** ISO 8601 of the last `tag` on this engine, where the engine tells. */
  readonly lastTagged?: string;
  readonly size: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Paths declared with VOLUME. */
  readonly volumes: readonly string[];
  readonly exposedPorts: readonly string[];
  readonly hasHealthcheck: boolean;
  /** Undefined where the engine does not tell. */
  readonly defaults?: ImageDefaults;
}

/** What a list tells of an image. */
export interface ListedImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  /** Unix seconds. */
  readonly createdAt: number;
  readonly size: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** An attachment to make, with the network's real name. */
export interface Attachment {
  readonly network: string;
  readonly settings: NetworkAttachment;
  /** Every DNS name on that network, service and container names included. */
  readonly aliases: readonly string[];
  /** `container[:alias]` names for `links`, resolved. */
  readonly links?: readonly string[];
}

/** A mount whose source is settled: an absolute path, a real volume name, or an anonymous volume carried over. */
export interface CreateContainer {
  readonly name: string;
  /** The canonical service. References to other services (`network_mode: service:x`, `volumes_from`) are already `container:<id>`. */
  readonly service: Service;
  /** Reference or id to create from. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Highest priority first; the first is the primary one. Empty with `network_mode`. */
  readonly attachments: readonly Attachment[];
  /** Volume key → real volume name. */
  readonly volumeNames: Readonly<Record<string, string>>;
  /** Volumes to keep from the container that is replaced: target → volume name. */
  readonly inheritedVolumes: Readonly<Record<string, string>>;
  /** Host paths of file secrets and configs: mounts to add, read-only. */
  readonly fileMounts: readonly {
    readonly source: string;
    readonly target: string;
    readonly kind?: 'secret' | 'config';
  }[];
  /** `container:alias` for `links` and `external_links`; those of the attachments when absent. */
  readonly links?: readonly string[];
  /** The project's directory: where a relative seccomp profile is looked up. */
  readonly workingDir?: string;
  /** For `run`: no restart policy, AutoRemove and so on. */
  readonly oneOff?: boolean;
  readonly autoRemove?: boolean;
  readonly tty?: boolean;
  readonly openStdin?: boolean;
  readonly attachStdin?: boolean;
}

export interface PullProgress {
  readonly layer: string;
  readonly status: string;
  readonly current?: number;
  readonly total?: number;
}

export interface BuildRequest {
  readonly service: string;
  readonly build: Build;
  /** Every tag to give; the first is the one the service runs. */
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Already resolved: null arguments have taken their value from the environment or are gone. */
  readonly args: Readonly<Record<string, string>>;
  readonly platforms: readonly string[];
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly push: boolean;
  readonly quiet: boolean;
  /** Bytes. */
  readonly memory?: number;
  readonly builder?: string;
  readonly ssh?: readonly string[];
  readonly provenance?: string;
  readonly sbom?: string;
  readonly check?: boolean;
  /** Secrets' contents by id. Never logged. */
  readonly secrets: readonly {
    readonly id: string;
    readonly file?: string;
    /** Name of the variable it comes from. */
    readonly environment?: string;
    /** The value itself, where it is known; wins over `environment`. */
    readonly content?: string;
  }[];
}

export interface LogOptions {
  readonly follow: boolean;
  readonly since?: string;
  readonly until?: string;
  /** A count, or `all`. */
  readonly tail: string;
  readonly timestamps: boolean;
}

/** What stands at a path inside a container. */
export interface PathStat {
  readonly name: string;
  readonly size: number;
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  /** Where a symbolic link leads, resolved inside the container; empty for others. */
  readonly linkTarget: string;
}

/** A chunk of a container's output. */
export interface LogChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

export interface EngineEvent {
  /** `container`, `network`, `volume`, `image`. */
  readonly type: string;
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Unix time in nanoseconds. */
  readonly timeNano: bigint;
}

/** A hijacked connection to a process's streams. With a terminal, everything comes on `stdout`. */
export interface ProcessStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Cuts the connection. The process goes on. */
  close(): void;
}

export interface ExecRequest {
  readonly command: readonly string[];
  readonly environment?: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  readonly privileged?: boolean;
  readonly tty: boolean;
  readonly attachStdin: boolean;
  readonly attachOutput: boolean;
}

export interface Exec {
  readonly id: string;
  /** Starts it; streams are undefined when started detached. */
  start(options: { readonly detach: boolean; readonly tty: boolean }): Promise<ProcessStreams | undefined>;
  resize(columns: number, rows: number): Promise<void>;
  /** Exit code; call after the streams ended. */
  exitCode(): Promise<number>;
}

export interface ProcessTable {
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
}

/** `next-exit` and `removed` are for a container that has yet to start. */
export type WaitUntil = 'not-running' | 'next-exit' | 'removed';

export interface Engine {
  readonly kind: EngineKind;
  /** Where it listens, without credentials: `unix:///var/run/docker.sock`. */
  readonly endpoint: string;
  capabilities(signal?: AbortSignal): Promise<Capabilities>;

  observe(project: string, signal?: AbortSignal): Promise<ObservedProject>;
  /** The containers of `observe` alone, in one request: for commands that look at nothing else. */
  listContainers(project: string, signal?: AbortSignal): Promise<readonly ObservedContainer[]>;
  /** Containers of every Compose project, for `ls`; `all` includes stopped ones. */
  listProjectContainers(all: boolean, signal?: AbortSignal): Promise<readonly ObservedContainer[]>;
  /** Every running container that publishes a port, to name who holds one. */
  listPublishedPorts(signal?: AbortSignal): Promise<readonly ObservedContainer[]>;
  /** Every running container that has the volume mounted, of whatever project or none. */
  listVolumeUsers(volume: string, signal?: AbortSignal): Promise<readonly ObservedContainer[]>;
  inspectContainer(id: string, signal?: AbortSignal): Promise<ContainerDetails>;
  /** Undefined when there is none of that name or id. */
  findContainer(nameOrId: string, signal?: AbortSignal): Promise<ContainerDetails | undefined>;
  findNetwork(nameOrId: string, signal?: AbortSignal): Promise<ObservedNetwork | undefined>;
  findVolume(name: string, signal?: AbortSignal): Promise<ObservedVolume | undefined>;
  findImage(reference: string, signal?: AbortSignal): Promise<ObservedImage | undefined>;
  /** Images with a label `key` or `key=value`, newest first. */
  listImages(label: string, signal?: AbortSignal): Promise<readonly ListedImage[]>;

  pullImage(
    reference: string,
    options: { platform?: string; onProgress?: (progress: PullProgress) => void },
    signal?: AbortSignal,
  ): Promise<void>;
  pushImage(
    reference: string,
    options: { onProgress?: (progress: PullProgress) => void },
    signal?: AbortSignal,
  ): Promise<void>;
  tagImage(source: string, target: string, signal?: AbortSignal): Promise<void>;
  /** `force` untags even when stopped containers use it. */
  removeImage(reference: string, options: { force: boolean }, signal?: AbortSignal): Promise<void>;
  /** Digest the registry gives for a reference: `sha256:…`. */
  resolveDigest(reference: string, signal?: AbortSignal): Promise<string>;
  /** The images as one archive, as `docker save` makes it. */
  saveImages(references: readonly string[], signal?: AbortSignal): Promise<Readable>;
  /** Takes the images of such an archive in, with their tags. */
  loadImages(archive: Readable, signal?: AbortSignal): Promise<void>;
  /** Returns the id of the built image. `onOutput` gets the builder's own lines. */
  buildImage(request: BuildRequest, onOutput: (text: string) => void, signal?: AbortSignal): Promise<string>;

  createNetwork(network: Network, labels: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<string>;
  removeNetwork(nameOrId: string, signal?: AbortSignal): Promise<void>;
  connectNetwork(container: string, attachment: Attachment, signal?: AbortSignal): Promise<void>;
  disconnectNetwork(container: string, network: string, signal?: AbortSignal): Promise<void>;
  createVolume(volume: Volume, labels: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void>;
  removeVolume(name: string, signal?: AbortSignal): Promise<void>;

  /** Creates it attached to all its networks. Returns its id. */
  createContainer(request: CreateContainer, signal?: AbortSignal): Promise<string>;
  startContainer(id: string, signal?: AbortSignal): Promise<void>;
  /** `timeoutSeconds` undefined = the container's own stop timeout. */
  stopContainer(id: string, timeoutSeconds: number | undefined, signal?: AbortSignal): Promise<void>;
  killContainer(id: string, signalName: string, signal?: AbortSignal): Promise<void>;
  restartContainer(id: string, timeoutSeconds: number | undefined, signal?: AbortSignal): Promise<void>;
  pauseContainer(id: string, signal?: AbortSignal): Promise<void>;
  unpauseContainer(id: string, signal?: AbortSignal): Promise<void>;
  renameContainer(id: string, name: string, signal?: AbortSignal): Promise<void>;
  removeContainer(id: string, options: { force: boolean; volumes: boolean }, signal?: AbortSignal): Promise<void>;
  /** Resolves with the exit code when the container is no longer running, or as `until` says. */
  waitContainer(id: string, signal?: AbortSignal, until?: WaitUntil): Promise<number>;
  putArchive(
    id: string,
    path: string,
    archive: Readable | Uint8Array,
    options?: { copyUidGid?: boolean },
    signal?: AbortSignal,
  ): Promise<void>;
  getArchive(id: string, path: string, signal?: AbortSignal): Promise<Readable>;
  /** Undefined when there is nothing at the path. */
  statPath(id: string, path: string, signal?: AbortSignal): Promise<PathStat | undefined>;
  logs(id: string, options: LogOptions, signal?: AbortSignal): AsyncIterable<LogChunk>;
  attach(
    id: string,
    options: { stdin: boolean; detachKeys?: string; logs?: boolean },
    signal?: AbortSignal,
  ): Promise<ProcessStreams>;
  resizeContainer(id: string, columns: number, rows: number): Promise<void>;
  createExec(id: string, request: ExecRequest, signal?: AbortSignal): Promise<Exec>;
  top(id: string, signal?: AbortSignal): Promise<ProcessTable>;
  /** Raw engine statistics documents, one per sample. */
  stats(id: string, options: { stream: boolean }, signal?: AbortSignal): AsyncIterable<unknown>;
  commitContainer(
    id: string,
    options: { reference?: string; author?: string; comment?: string; changes?: readonly string[]; pause: boolean },
    signal?: AbortSignal,
  ): Promise<string>;
  exportContainer(id: string, signal?: AbortSignal): Promise<Readable>;
  /** Events of containers, networks and volumes carrying the project's label. Ends with the signal. */
  events(filter: { project: string; since?: string; until?: string }, signal?: AbortSignal): AsyncIterable<EngineEvent>;
  /** Closes connections. */
  close(): Promise<void>;
}
