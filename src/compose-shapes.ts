// How docker compose 2.40.3 lays out each part of a project when it writes it as JSON or YAML: which keys, in which order, and
// which values are left out. Both `config`'s output and the config hash follow these tables (compose-reference §2.9). The order is
// that of the fields in compose-go 2.9.1's types; a key in a wrong place changes every hash.

/** How one value is written, and when it counts as absent. */
export type Kind =
  /** `''` is absent. */
  | 'text'
  /** `false` is absent. */
  | 'flag'
  /** `0` is absent. */
  | 'int'
  /** A 32-bit float; `0` is absent. */
  | 'float32'
  /** A size, written as text; `0` is absent. */
  | 'bytes'
  /** Go duration text; `0s` is absent. */
  | 'duration'
  /** `null` where not given in JSON, left out of YAML; an empty list is kept by both. */
  | 'command'
  /** `host=address`, sorted. */
  | 'hosts'
  | 'envFile'
  | 'ulimit'
  | 'sshKey'
  /** Written even when empty: `''`, `false` and `0` are values. */
  | { readonly given: 'text' | 'flag' | 'int' | 'duration' }
  /** As `given`, and written as the empty value where it is missing. */
  | { readonly always: 'text' | 'flag' | 'int' | 'bytes' }
  /** An empty list is absent. */
  | { readonly list: Kind }
  /** Keys in sorted order; an empty one is absent. A null value stays null. */
  | { readonly map: Kind }
  /** Left out where not given. */
  | { readonly optional: Shape }
  /** In JSON written even when nothing is in it, `{}`; left out of YAML then. */
  | { readonly embedded: Shape };

/** A key, its kind, and its name in JSON where that differs. */
export type Field = readonly [key: string, kind: Kind, jsonKey?: string];

export interface Shape {
  readonly fields: readonly Field[];
  /** `x-…` keys are kept; YAML shows them behind the fields, JSON leaves them out. */
  readonly extensible: boolean;
}

const shape = (...fields: Field[]): Shape => ({ fields, extensible: true });
const closed = (...fields: Field[]): Shape => ({ fields, extensible: false });

const texts: Kind = { list: 'text' };
const textMap: Kind = { map: 'text' };

const HOOK = shape(
  ['command', 'command'],
  ['user', 'text'],
  ['privileged', 'flag'],
  ['working_dir', 'text'],
  ['environment', textMap],
);

const INIT_HOOK = shape(
  ['command', 'command'],
  ['image', 'text'],
  ['user', 'text'],
  ['privileged', 'flag'],
  ['working_dir', 'text'],
  ['environment', textMap],
  ['per_replica', 'flag'],
);

const DEVELOP = shape([
  'watch',
  {
    list: {
      optional: shape(
        ['path', { always: 'text' }],
        ['action', { always: 'text' }],
        ['target', 'text'],
        ['exec', { embedded: HOOK }],
        ['include', texts],
        ['ignore', texts],
        ['initial_sync', 'flag'],
      ),
    },
  },
]);

// Their JSON keys have capitals, since the fields carry no names of their own.
const WEIGHT_DEVICES: Kind = {
  list: { optional: shape(['path', { always: 'text' }, 'Path'], ['weight', { always: 'int' }, 'Weight']) },
};
const THROTTLE_DEVICES: Kind = {
  list: { optional: shape(['path', { always: 'text' }, 'Path'], ['rate', { always: 'bytes' }, 'Rate']) },
};

const BLKIO = shape(
  ['weight', 'int'],
  ['weight_device', WEIGHT_DEVICES],
  ['device_read_bps', THROTTLE_DEVICES],
  ['device_read_iops', THROTTLE_DEVICES],
  ['device_write_bps', THROTTLE_DEVICES],
  ['device_write_iops', THROTTLE_DEVICES],
);

const FILE_REFERENCES: Kind = {
  list: {
    optional: shape(['source', 'text'], ['target', 'text'], ['uid', 'text'], ['gid', 'text'], ['mode', 'text']),
  },
};

const DEVICE_REQUESTS: Kind = {
  list: {
    optional: closed(
      ['capabilities', texts],
      ['driver', 'text'],
      ['count', 'int'],
      ['device_ids', texts],
      ['options', textMap],
    ),
  },
};

const RESOURCE = shape(
  ['cpus', 'float32'],
  ['memory', 'bytes'],
  ['pids', 'int'],
  ['devices', DEVICE_REQUESTS],
  [
    'generic_resources',
    {
      list: {
        optional: shape([
          'discrete_resource_spec',
          { optional: shape(['kind', { always: 'text' }], ['value', { always: 'int' }]) },
        ]),
      },
    },
  ],
);

const UPDATE = shape(
  ['parallelism', { given: 'int' }],
  ['delay', 'duration'],
  ['failure_action', 'text'],
  ['monitor', 'duration'],
  ['max_failure_ratio', 'float32'],
  ['order', 'text'],
);

const RESTART_POLICY = shape(
  ['condition', 'text'],
  ['delay', { given: 'duration' }],
  ['max_attempts', { given: 'int' }],
  ['window', { given: 'duration' }],
);

const PLACEMENT = shape(
  ['constraints', texts],
  ['preferences', { list: { optional: shape(['spread', 'text']) } }],
  ['max_replicas_per_node', 'int'],
);

const DEPLOY = shape(
  ['mode', 'text'],
  ['replicas', { given: 'int' }],
  ['labels', textMap],
  ['update_config', { optional: UPDATE }],
  ['rollback_config', { optional: UPDATE }],
  ['resources', { embedded: shape(['limits', { optional: RESOURCE }], ['reservations', { optional: RESOURCE }]) }],
  ['restart_policy', { optional: RESTART_POLICY }],
  ['placement', { embedded: PLACEMENT }],
  ['endpoint_mode', 'text'],
);

const HEALTHCHECK = shape(
  ['test', texts],
  ['timeout', { given: 'duration' }],
  ['interval', { given: 'duration' }],
  ['retries', { given: 'int' }],
  ['start_period', { given: 'duration' }],
  ['start_interval', { given: 'duration' }],
  ['disable', 'flag'],
);

const ATTACHMENT = shape(
  ['aliases', texts],
  ['driver_opts', textMap],
  ['gw_priority', 'int'],
  ['interface_name', 'text'],
  ['ipv4_address', 'text'],
  ['ipv6_address', 'text'],
  ['link_local_ips', texts],
  ['mac_address', 'text'],
  ['priority', 'int'],
);

const PORT = shape(
  ['name', 'text'],
  ['mode', 'text'],
  ['host_ip', 'text'],
  ['target', 'int'],
  ['published', 'text'],
  ['protocol', 'text'],
  ['app_protocol', 'text'],
);

const MOUNT = shape(
  ['type', 'text'],
  ['source', 'text'],
  ['target', 'text'],
  ['read_only', 'flag'],
  ['consistency', 'text'],
  [
    'bind',
    {
      optional: shape(
        ['selinux', 'text'],
        ['propagation', 'text'],
        ['create_host_path', 'flag'],
        ['recursive', 'text'],
      ),
    },
  ],
  ['volume', { optional: shape(['labels', textMap], ['nocopy', 'flag'], ['subpath', 'text']) }],
  ['tmpfs', { optional: shape(['size', 'bytes'], ['mode', 'int']) }],
  ['image', { optional: shape(['subpath', 'text']) }],
);

const BUILD = shape(
  ['context', 'text'],
  ['dockerfile', 'text'],
  ['dockerfile_inline', 'text'],
  ['entitlements', texts],
  ['args', textMap],
  ['provenance', 'text'],
  ['sbom', 'text'],
  ['ssh', { list: 'sshKey' }],
  ['labels', textMap],
  ['cache_from', texts],
  ['cache_to', texts],
  ['no_cache', 'flag'],
  ['additional_contexts', textMap],
  ['pull', 'flag'],
  ['extra_hosts', 'hosts'],
  ['isolation', 'text'],
  ['network', 'text'],
  ['target', 'text'],
  ['secrets', FILE_REFERENCES],
  ['shm_size', 'bytes'],
  ['tags', texts],
  ['ulimits', { map: 'ulimit' }],
  ['platforms', texts],
  ['privileged', 'flag'],
);

const DEPENDENCY = shape(['condition', 'text'], ['restart', 'flag'], ['required', { always: 'flag' }]);

export const SERVICE = shape(
  ['profiles', texts],
  ['annotations', textMap],
  ['attach', { given: 'flag' }],
  ['build', { optional: BUILD }],
  ['develop', { optional: DEVELOP }],
  ['blkio_config', { optional: BLKIO }],
  ['cap_add', texts],
  ['cap_drop', texts],
  ['cgroup_parent', 'text'],
  ['cgroup', 'text'],
  ['cpu_count', 'int'],
  ['cpu_percent', 'float32'],
  ['cpu_period', 'int'],
  ['cpu_quota', 'int'],
  ['cpu_rt_period', 'int'],
  ['cpu_rt_runtime', 'int'],
  ['cpus', 'float32'],
  ['cpuset', 'text'],
  ['cpu_shares', 'int'],
  ['command', 'command'],
  ['configs', FILE_REFERENCES],
  ['container_name', 'text'],
  ['credential_spec', { optional: shape(['config', 'text'], ['file', 'text'], ['registry', 'text']) }],
  ['depends_on', { map: { optional: DEPENDENCY } }],
  ['deploy', { optional: DEPLOY }],
  ['device_cgroup_rules', texts],
  ['devices', { list: { optional: shape(['source', 'text'], ['target', 'text'], ['permissions', 'text']) } }],
  ['dns', texts],
  ['dns_opt', texts],
  ['dns_search', texts],
  ['domainname', 'text'],
  ['entrypoint', 'command'],
  ['provider', { optional: shape(['type', 'text'], ['options', { map: texts }]) }],
  ['environment', textMap],
  ['env_file', { list: 'envFile' }],
  ['expose', texts],
  ['extends', { optional: closed(['file', 'text'], ['service', 'text']) }],
  ['external_links', texts],
  ['extra_hosts', 'hosts'],
  ['group_add', texts],
  ['gpus', DEVICE_REQUESTS],
  ['hostname', 'text'],
  ['healthcheck', { optional: HEALTHCHECK }],
  ['image', 'text'],
  ['init', { given: 'flag' }],
  ['ipc', 'text'],
  ['isolation', 'text'],
  ['labels', textMap],
  ['label_file', texts],
  ['links', texts],
  ['logging', { optional: shape(['driver', 'text'], ['options', textMap]) }],
  ['mem_limit', 'bytes'],
  ['mem_reservation', 'bytes'],
  ['memswap_limit', 'bytes'],
  ['mem_swappiness', 'bytes'],
  ['mac_address', 'text'],
  ['models', { map: { optional: shape(['endpoint_var', 'text'], ['model_var', 'text']) } }],
  ['network_mode', 'text'],
  ['networks', { map: { optional: ATTACHMENT } }],
  ['oom_kill_disable', 'flag'],
  ['oom_score_adj', 'int'],
  ['pid', 'text'],
  ['pids_limit', 'int'],
  ['platform', 'text'],
  ['ports', { list: { optional: PORT } }],
  ['privileged', 'flag'],
  ['pull_policy', 'text'],
  ['read_only', 'flag'],
  ['restart', 'text'],
  ['runtime', 'text'],
  ['scale', { given: 'int' }],
  ['secrets', FILE_REFERENCES],
  ['security_opt', texts],
  ['shm_size', 'bytes'],
  ['stdin_open', 'flag'],
  ['stop_grace_period', { given: 'duration' }],
  ['stop_signal', 'text'],
  ['storage_opt', textMap],
  ['sysctls', textMap],
  ['tmpfs', texts],
  ['tty', 'flag'],
  ['ulimits', { map: 'ulimit' }],
  ['use_api_socket', 'flag'],
  ['user', 'text'],
  ['userns_mode', 'text'],
  ['uts', 'text'],
  ['volumes', { list: { optional: MOUNT } }],
  ['volumes_from', texts],
  ['working_dir', 'text'],
  ['pre_start', { list: { optional: INIT_HOOK } }],
  ['post_start', { list: { optional: HOOK } }],
  ['pre_stop', { list: { optional: HOOK } }],
);

const IPAM_POOL = closed(['subnet', 'text'], ['gateway', 'text'], ['ip_range', 'text'], ['aux_addresses', textMap]);

export const NETWORK = shape(
  ['name', 'text'],
  ['driver', 'text'],
  ['driver_opts', textMap],
  ['ipam', { embedded: shape(['driver', 'text'], ['config', { list: { optional: IPAM_POOL } }]) }],
  ['external', 'flag'],
  ['internal', 'flag'],
  ['attachable', 'flag'],
  ['labels', textMap],
  ['enable_ipv4', { given: 'flag' }],
  ['enable_ipv6', { given: 'flag' }],
);

export const VOLUME = shape(
  ['name', 'text'],
  ['driver', 'text'],
  ['driver_opts', textMap],
  ['external', 'flag'],
  ['labels', textMap],
);

/** A top-level secret or config. */
export const FILE_OBJECT = shape(
  ['name', 'text'],
  ['file', 'text'],
  ['environment', 'text'],
  ['content', 'text'],
  ['external', 'flag'],
  ['labels', textMap],
  ['driver', 'text'],
  ['driver_opts', textMap],
  ['template_driver', 'text'],
);

export const MODEL = shape(['name', 'text'], ['model', 'text'], ['context_size', 'int'], ['runtime_flags', texts]);
