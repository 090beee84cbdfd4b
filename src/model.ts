// Desired state: what a set of Compose files says should be there, in canonical form (one way to say each thing).
// The names are the Compose Specification's own, so that a key can be followed by search from the schema to the engine.
// Imports nothing; no engine word appears here.

/** A size in bytes as decimal digits, as docker compose prints it: `"67108864"`. */
export type Bytes = string;
/** A duration in Go's notation, as docker compose prints it: `"1m30s"`. */
export type Duration = string;
/** Extension values (`x-…`) and driver options of unknown shape. */
export type Extension = unknown;

type Extensible = { readonly [key: `x-${string}`]: Extension };
type StringMap = { readonly [key: string]: string };
/** An entry whose value may be absent: `KEY` alone, to be taken from elsewhere. */
export type NullableStringMap = { readonly [key: string]: string | null };

/** The unit named by one set of Compose files. Deeply readonly; functions derive a new one. */
export interface Project extends Extensible {
  readonly name: string;
  /** Absolute directory that relative paths were resolved against. */
  readonly workingDir: string;
  /** Absolute paths of the files the project was loaded from, in order; `-` for standard input. */
  readonly composeFiles: readonly string[];
  /** Absolute paths of the `--env-file`s given by the user (not the default `.env`). */
  readonly envFiles: readonly string[];
  /** Variables that interpolation saw: shell over env files. Holds secrets: never print it whole. */
  readonly environment: StringMap;
  readonly services: { readonly [name: string]: Service };
  /** Services that exist in the files but whose profile is not active. They are not orphans. */
  readonly disabledServices: { readonly [name: string]: Service };
  readonly networks: { readonly [key: string]: Network };
  readonly volumes: { readonly [key: string]: Volume };
  readonly secrets: { readonly [key: string]: FileObject };
  readonly configs: { readonly [key: string]: FileObject };
  readonly models: { readonly [key: string]: Model };
  /** Profiles that were switched on. */
  readonly profiles: readonly string[];
}

/** What one kind of container should be. */
export interface Service extends Extensible {
  readonly name: string;
  readonly annotations?: StringMap;
  readonly attach?: boolean;
  readonly build?: Build;
  readonly develop?: Develop;
  readonly blkio_config?: BlkioConfig;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly cgroup_parent?: string;
  readonly cgroup?: string;
  readonly cpu_count?: number;
  readonly cpu_percent?: number;
  readonly cpu_period?: number;
  readonly cpu_quota?: number;
  readonly cpu_rt_period?: number;
  readonly cpu_rt_runtime?: number;
  readonly cpus?: number;
  readonly cpuset?: string;
  readonly cpu_shares?: number;
  /** `null` means the image's own; `[]` clears it. */
  readonly command: readonly string[] | null;
  readonly configs?: readonly FileReference[];
  readonly container_name?: string;
  readonly credential_spec?: { readonly config?: string; readonly file?: string; readonly registry?: string };
  readonly depends_on?: { readonly [service: string]: Dependency };
  readonly deploy?: Deploy;
  readonly device_cgroup_rules?: readonly string[];
  readonly devices?: readonly DeviceMapping[];
  readonly dns?: readonly string[];
  readonly dns_opt?: readonly string[];
  readonly dns_search?: readonly string[];
  readonly domainname?: string;
  /** `null` means the image's own; `[]` clears it. */
  readonly entrypoint: readonly string[] | null;
  readonly provider?: { readonly type: string; readonly options?: { readonly [key: string]: readonly string[] } };
  readonly environment?: NullableStringMap;
  readonly env_file?: readonly { readonly path: string; readonly required?: boolean; readonly format?: string }[];
  readonly expose?: readonly string[];
  readonly extends?: { readonly service: string; readonly file?: string };
  readonly external_links?: readonly string[];
  /** `host=address`, one entry per address. */
  readonly extra_hosts?: readonly string[];
  readonly group_add?: readonly string[];
  readonly gpus?: readonly DeviceRequest[];
  readonly hostname?: string;
  readonly healthcheck?: Healthcheck;
  readonly image?: string;
  readonly init?: boolean;
  readonly ipc?: string;
  readonly isolation?: string;
  readonly labels?: StringMap;
  readonly label_file?: readonly string[];
  readonly links?: readonly string[];
  readonly logging?: { readonly driver?: string; readonly options?: StringMap };
  readonly mem_limit?: Bytes;
  readonly mem_reservation?: Bytes;
  readonly memswap_limit?: Bytes;
  readonly mem_swappiness?: Bytes;
  readonly mac_address?: string;
  readonly models?: { readonly [key: string]: { readonly endpoint_var?: string; readonly model_var?: string } | null };
  readonly network_mode?: string;
  readonly networks?: { readonly [key: string]: NetworkAttachment | null };
  readonly oom_kill_disable?: boolean;
  readonly oom_score_adj?: number;
  readonly pid?: string;
  readonly pids_limit?: number;
  readonly platform?: string;
  readonly ports?: readonly Port[];
  readonly privileged?: boolean;
  readonly profiles?: readonly string[];
  readonly pull_policy?: string;
  readonly pull_refresh_after?: string;
  readonly read_only?: boolean;
  readonly restart?: string;
  readonly runtime?: string;
  readonly scale?: number;
  readonly secrets?: readonly FileReference[];
  readonly security_opt?: readonly string[];
  readonly shm_size?: Bytes;
  readonly stdin_open?: boolean;
  readonly stop_grace_period?: Duration;
  readonly stop_signal?: string;
  readonly storage_opt?: StringMap;
  readonly sysctls?: StringMap;
  readonly tmpfs?: readonly string[];
  readonly tty?: boolean;
  readonly ulimits?: Ulimits;
  readonly use_api_socket?: boolean;
  readonly user?: string;
  readonly userns_mode?: string;
  readonly uts?: string;
  readonly volumes?: readonly Mount[];
  readonly volumes_from?: readonly string[];
  readonly working_dir?: string;
  /** Run in containers of their own before the service starts. */
  readonly pre_start?: readonly InitHook[];
  readonly post_start?: readonly Hook[];
  readonly pre_stop?: readonly Hook[];
}

export interface Build extends Extensible {
  readonly context?: string;
  readonly dockerfile?: string;
  readonly dockerfile_inline?: string;
  readonly entitlements?: readonly string[];
  readonly args?: NullableStringMap;
  readonly provenance?: string;
  readonly sbom?: string;
  /** `id` or `id=path`, one per key. */
  readonly ssh?: readonly string[];
  readonly labels?: StringMap;
  readonly cache_from?: readonly string[];
  readonly cache_to?: readonly string[];
  readonly no_cache?: boolean;
  readonly no_cache_filter?: readonly string[];
  readonly additional_contexts?: StringMap;
  readonly pull?: boolean;
  readonly extra_hosts?: readonly string[];
  readonly isolation?: string;
  readonly network?: string;
  readonly target?: string;
  readonly secrets?: readonly FileReference[];
  readonly shm_size?: Bytes;
  readonly tags?: readonly string[];
  readonly ulimits?: Ulimits;
  readonly platforms?: readonly string[];
  readonly privileged?: boolean;
}

export type DependencyCondition = 'service_started' | 'service_healthy' | 'service_completed_successfully';

export interface Dependency extends Extensible {
  readonly condition: DependencyCondition;
  /** Restart the dependent when an explicit operation restarts or recreates the dependency. */
  readonly restart?: boolean;
  /** `false`: a missing or failed dependency only warns. */
  readonly required: boolean;
}

export type Ulimits = { readonly [name: string]: number | { readonly soft: number; readonly hard: number } };

export interface Healthcheck extends Extensible {
  /** `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", text]`. */
  readonly test?: readonly string[];
  readonly timeout?: Duration;
  readonly interval?: Duration;
  readonly retries?: number;
  readonly start_period?: Duration;
  readonly start_interval?: Duration;
  readonly disable?: boolean;
}

export interface Hook extends Extensible {
  readonly command: readonly string[];
  readonly user?: string;
  readonly privileged?: boolean;
  readonly working_dir?: string;
  readonly environment?: NullableStringMap;
}

export interface InitHook extends Extensible {
  /** Null: what the image runs. */
  readonly command: readonly string[] | null;
  /** The service's own unless given. */
  readonly image?: string;
  readonly user?: string;
  readonly privileged?: boolean;
  readonly working_dir?: string;
  readonly environment?: NullableStringMap;
  /** For every replica, instead of once before the first. */
  readonly per_replica?: boolean;
}

export type WatchAction = 'rebuild' | 'sync' | 'restart' | 'sync+restart' | 'sync+exec';

export interface Develop extends Extensible {
  readonly watch?: readonly WatchRule[];
}

export interface WatchRule extends Extensible {
  readonly path: string;
  readonly action: WatchAction;
  readonly target?: string;
  readonly exec?: Partial<Hook>;
  readonly include?: readonly string[];
  readonly ignore?: readonly string[];
  readonly initial_sync?: boolean;
}

export interface NetworkAttachment extends Extensible {
  readonly aliases?: readonly string[];
  readonly driver_opts?: StringMap;
  readonly gw_priority?: number;
  readonly interface_name?: string;
  readonly ipv4_address?: string;
  readonly ipv6_address?: string;
  readonly link_local_ips?: readonly string[];
  readonly mac_address?: string;
  readonly priority?: number;
}

export interface Port extends Extensible {
  readonly name?: string;
  readonly mode?: string;
  readonly host_ip?: string;
  readonly target: number;
  /** A host port or a range `8000-8010`; absent or empty = the engine chooses. */
  readonly published?: string;
  readonly protocol?: string;
  readonly app_protocol?: string;
}

export type MountType = 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster';

export interface Mount extends Extensible {
  readonly type: MountType;
  /** Host path, volume key or image; absent for an anonymous volume. */
  readonly source?: string;
  readonly target?: string;
  readonly read_only?: boolean;
  readonly consistency?: string;
  readonly bind?: {
    readonly propagation?: string;
    readonly create_host_path?: boolean;
    readonly recursive?: string;
    readonly selinux?: string;
  };
  readonly volume?: { readonly labels?: StringMap; readonly nocopy?: boolean; readonly subpath?: string };
  readonly tmpfs?: { readonly size?: Bytes; readonly mode?: number };
  readonly image?: { readonly subpath?: string };
}

/** A service's or build's use of a secret or config. */
export interface FileReference extends Extensible {
  readonly source: string;
  readonly target?: string;
  readonly uid?: string;
  readonly gid?: string;
  /** Octal digits as text, such as `"0440"`. */
  readonly mode?: string;
}

export interface DeviceMapping extends Extensible {
  readonly source: string;
  readonly target?: string;
  readonly permissions?: string;
}

export interface DeviceRequest extends Extensible {
  readonly capabilities?: readonly string[];
  readonly driver?: string;
  /** -1 = all. */
  readonly count?: number;
  readonly device_ids?: readonly string[];
  readonly options?: StringMap;
}

export interface BlkioConfig extends Extensible {
  readonly weight?: number;
  readonly weight_device?: readonly { readonly path: string; readonly weight: number }[];
  readonly device_read_bps?: readonly { readonly path: string; readonly rate: Bytes }[];
  readonly device_read_iops?: readonly { readonly path: string; readonly rate: Bytes }[];
  readonly device_write_bps?: readonly { readonly path: string; readonly rate: Bytes }[];
  readonly device_write_iops?: readonly { readonly path: string; readonly rate: Bytes }[];
}

export interface Resources extends Extensible {
  readonly cpus?: string | number;
  readonly memory?: Bytes;
  readonly pids?: number;
  readonly devices?: readonly DeviceRequest[];
  readonly generic_resources?: readonly unknown[];
}

export interface UpdateConfig extends Extensible {
  readonly parallelism?: number;
  readonly delay?: Duration;
  readonly failure_action?: string;
  readonly monitor?: Duration;
  readonly max_failure_ratio?: number;
  readonly order?: string;
}

export interface Deploy extends Extensible {
  readonly mode?: string;
  readonly replicas?: number;
  readonly labels?: StringMap;
  readonly update_config?: UpdateConfig;
  readonly rollback_config?: UpdateConfig;
  readonly resources?: { readonly limits?: Resources; readonly reservations?: Resources };
  readonly restart_policy?: {
    readonly condition?: string;
    readonly delay?: Duration;
    readonly max_attempts?: number;
    readonly window?: Duration;
  };
  readonly placement?: {
    readonly constraints?: readonly string[];
    readonly preferences?: readonly { readonly spread?: string }[];
    readonly max_replicas_per_node?: number;
  };
  readonly endpoint_mode?: string;
}

export interface Network extends Extensible {
  /** The real name: `<project>_<key>`, or the one the file gives. */
  readonly name: string;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly ipam?: {
    readonly driver?: string;
    readonly config?: readonly {
      readonly subnet?: string;
      readonly gateway?: string;
      readonly ip_range?: string;
      readonly aux_addresses?: StringMap;
    }[];
    readonly options?: StringMap;
  };
  readonly external?: boolean;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly labels?: StringMap;
  readonly enable_ipv4?: boolean;
  readonly enable_ipv6?: boolean;
}

export interface Volume extends Extensible {
  /** The real name: `<project>_<key>`, or the one the file gives. */
  readonly name: string;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly external?: boolean;
  readonly labels?: StringMap;
}

/** A top-level secret or config. */
export interface FileObject extends Extensible {
  readonly name: string;
  readonly file?: string;
  readonly environment?: string;
  /** Inline text. For `environment` objects the loader resolves it here; never print a secret's. */
  readonly content?: string;
  readonly external?: boolean;
  readonly labels?: StringMap;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly template_driver?: string;
}

export interface Model extends Extensible {
  readonly name: string;
  readonly model: string;
  readonly context_size?: number;
  readonly runtime_flags?: readonly string[];
}
