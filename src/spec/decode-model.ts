// The canonical, normalised tree → Project parts. One table per kind of mapping; the order of attributes is docker compose's.
import type { Build, Deploy, FileObject, Model, Network, Project, Service, Volume } from '../model.ts';
import {
  copyExtensions,
  type DecodeContext,
  type Decoder,
  define,
  explicitFlag,
  explicitInteger,
  explicitNatural,
  flag,
  float32,
  integer,
  listOf,
  mapOf,
  natural,
  struct,
  text,
  textOrEmpty,
  texts,
} from './decode.ts';
import {
  anyText,
  bytes,
  command,
  deviceCount,
  duration,
  fileMode,
  healthTest,
  hosts,
  multiOptions,
  nonzeroDuration,
  nullablePairs,
  options,
  processors,
  sshKeys,
  textList,
  textOrNumberList,
  textPairs,
  ulimit,
} from './decode-values.ts';
import { VALUE_OF_VARIABLE } from './resolve-environment.ts';
import { isMapping, type Mapping, markOf, type Value } from './tree.ts';

const deviceRequest = struct({
  capabilities: texts,
  driver: text,
  count: deviceCount,
  device_ids: texts,
  options: textPairs,
});

const fileReference = struct({ source: text, target: text, uid: text, gid: text, mode: fileMode });

const hook = struct({
  command,
  user: text,
  privileged: flag,
  working_dir: text,
  environment: nullablePairs,
});

const initHook = struct({
  command,
  image: text,
  user: text,
  privileged: flag,
  working_dir: text,
  environment: nullablePairs,
  per_replica: flag,
});

const build: Decoder<Build> = struct({
  context: text,
  dockerfile: text,
  dockerfile_inline: text,
  entitlements: texts,
  args: nullablePairs,
  provenance: anyText,
  sbom: anyText,
  ssh: sshKeys,
  labels: textPairs,
  cache_from: textList,
  cache_to: textList,
  no_cache: flag,
  additional_contexts: textPairs,
  pull: flag,
  extra_hosts: hosts,
  isolation: text,
  network: text,
  target: text,
  secrets: listOf(fileReference),
  shm_size: bytes,
  tags: textList,
  ulimits: mapOf(ulimit),
  platforms: textList,
  privileged: flag,
});

const throttle = struct({ path: text, rate: bytes });

const resources = struct({
  cpus: processors,
  memory: bytes,
  pids: integer,
  devices: listOf(deviceRequest),
  generic_resources: listOf(struct({ discrete_resource_spec: struct({ kind: textOrEmpty, value: explicitInteger }) })),
});

const updateConfig = struct({
  parallelism: explicitNatural,
  delay: nonzeroDuration,
  failure_action: text,
  monitor: nonzeroDuration,
  max_failure_ratio: float32,
  order: text,
});

const deploy: Decoder<Deploy> = struct({
  mode: text,
  replicas: explicitInteger,
  labels: textPairs,
  update_config: updateConfig,
  rollback_config: updateConfig,
  resources: struct({ limits: resources, reservations: resources }),
  restart_policy: struct({ condition: text, delay: duration, max_attempts: explicitNatural, window: duration }),
  placement: struct({
    constraints: texts,
    preferences: listOf(struct({ spread: text })),
    max_replicas_per_node: natural,
  }),
  endpoint_mode: text,
});

const SERVICE_FIELDS = {
  profiles: texts,
  annotations: textPairs,
  attach: explicitFlag,
  build,
  develop: struct({
    watch: listOf(
      struct({
        path: textOrEmpty,
        action: textOrEmpty,
        target: text,
        exec: hook,
        include: texts,
        ignore: texts,
        initial_sync: flag,
      }),
    ),
  }),
  blkio_config: struct({
    weight: natural,
    weight_device: listOf(struct({ path: textOrEmpty, weight: explicitNatural })),
    device_read_bps: listOf(throttle),
    device_read_iops: listOf(throttle),
    device_write_bps: listOf(throttle),
    device_write_iops: listOf(throttle),
  }),
  cap_add: texts,
  cap_drop: texts,
  cgroup_parent: text,
  cgroup: text,
  cpu_count: integer,
  cpu_percent: float32,
  cpu_period: integer,
  cpu_quota: integer,
  cpu_rt_period: integer,
  cpu_rt_runtime: integer,
  cpus: float32,
  cpuset: text,
  cpu_shares: integer,
  command,
  configs: listOf(fileReference),
  container_name: text,
  credential_spec: struct({ config: text, file: text, registry: text }),
  depends_on: mapOf(struct({ condition: text, restart: flag, required: explicitFlag })),
  deploy,
  device_cgroup_rules: texts,
  devices: listOf(struct({ source: text, target: text, permissions: text })),
  dns: textList,
  dns_opt: texts,
  dns_search: textList,
  domainname: text,
  entrypoint: command,
  provider: struct({ type: text, options: multiOptions }),
  environment: nullablePairs,
  env_file: listOf(struct({ path: text, required: explicitFlag, format: text })),
  expose: textOrNumberList,
  extends: struct({ file: text, service: text }),
  external_links: texts,
  extra_hosts: hosts,
  group_add: texts,
  gpus: listOf(deviceRequest),
  hostname: text,
  healthcheck: struct({
    test: healthTest,
    timeout: duration,
    interval: duration,
    retries: explicitNatural,
    start_period: duration,
    start_interval: duration,
    disable: flag,
  }),
  image: text,
  init: explicitFlag,
  ipc: text,
  isolation: text,
  labels: textPairs,
  label_file: texts,
  links: texts,
  logging: struct({ driver: text, options }),
  mem_limit: bytes,
  mem_reservation: bytes,
  memswap_limit: bytes,
  mem_swappiness: bytes,
  mac_address: text,
  models: mapOf(struct({ endpoint_var: text, model_var: text })),
  network_mode: text,
  networks: mapOf(
    struct({
      aliases: texts,
      driver_opts: options,
      gw_priority: integer,
      interface_name: text,
      ipv4_address: text,
      ipv6_address: text,
      link_local_ips: texts,
      mac_address: text,
      priority: integer,
    }),
  ),
  oom_kill_disable: flag,
  oom_score_adj: integer,
  pid: text,
  pids_limit: integer,
  platform: text,
  ports: listOf(
    struct({
      name: text,
      mode: text,
      host_ip: text,
      target: natural,
      published: text,
      protocol: text,
      app_protocol: text,
    }),
  ),
  privileged: flag,
  pull_policy: text,
  read_only: flag,
  restart: text,
  runtime: text,
  scale: explicitInteger,
  secrets: listOf(fileReference),
  security_opt: texts,
  shm_size: bytes,
  stdin_open: flag,
  stop_grace_period: duration,
  stop_signal: text,
  storage_opt: mapOf(textOrEmpty, ''),
  sysctls: textPairs,
  tmpfs: textList,
  tty: flag,
  ulimits: mapOf(ulimit),
  use_api_socket: flag,
  user: text,
  userns_mode: text,
  uts: text,
  volumes: listOf(
    struct({
      type: text,
      source: text,
      target: text,
      read_only: flag,
      consistency: text,
      bind: struct({ selinux: text, propagation: text, create_host_path: flag, recursive: text }),
      volume: struct({ labels: textPairs, nocopy: flag, subpath: text }),
      tmpfs: struct({ size: bytes, mode: natural }),
      image: struct({ subpath: text }),
    }),
  ),
  volumes_from: texts,
  working_dir: text,
  pre_start: listOf(initHook),
  post_start: listOf(hook),
  pre_stop: listOf(hook),
} satisfies Partial<Record<keyof Service, Decoder>>;

const serviceBody = struct<Omit<Service, 'name'>>(SERVICE_FIELDS);

const network: Decoder<Network> = struct({
  name: text,
  driver: text,
  driver_opts: options,
  ipam: struct({
    driver: text,
    config: listOf(struct({ subnet: text, gateway: text, ip_range: text, aux_addresses: textPairs })),
  }),
  external: flag,
  internal: flag,
  attachable: flag,
  labels: textPairs,
  enable_ipv4: explicitFlag,
  enable_ipv6: explicitFlag,
});

const volume: Decoder<Volume> = struct({
  name: text,
  driver: text,
  driver_opts: options,
  external: flag,
  labels: textPairs,
});

const fileObject: Decoder<FileObject> = struct({
  name: text,
  file: text,
  environment: text,
  content: text,
  external: flag,
  labels: textPairs,
  driver: text,
  driver_opts: mapOf(textOrEmpty, ''),
  template_driver: text,
});

const model: Decoder<Model> = struct({
  name: text,
  model: text,
  context_size: integer,
  runtime_flags: texts,
});

/** The parts of a Project that the files decide. All services are there; profiles are not applied yet. */
export type DecodedModel = Pick<Project, 'services' | 'networks' | 'volumes' | 'secrets' | 'configs' | 'models'> &
  Record<`x-${string}`, unknown>;

/** Reads the model; what cannot be read is reported through the context. */
export function decodeModel(tree: Mapping, context: DecodeContext): DecodedModel {
  const out = {
    services: section(tree, 'services', decodeService, context),
    networks: section(tree, 'networks', decodeResource(network), context),
    volumes: section(tree, 'volumes', decodeResource(volume), context),
    secrets: section(tree, 'secrets', decodeFileObject, context),
    configs: section(tree, 'configs', decodeFileObject, context),
    models: section(tree, 'models', decodeResource(model), context),
  };
  copyExtensions(tree, out);
  return out;
}

type EntryDecoder<T> = (value: Value, context: DecodeContext, key: string) => T | undefined;

function section<T>(tree: Mapping, name: string, decode: EntryDecoder<T>, context: DecodeContext): Record<string, T> {
  const entries = tree[name];
  const out: Record<string, T> = {};
  if (!isMapping(entries)) return out;
  context.path.push(name);
  for (const key of Object.keys(entries).sort()) {
    const value = entries[key] as Value;
    const decoded = context.inside(key, markOf(entries, key), () => decode(value, context, key));
    if (decoded !== undefined) define(out, key, decoded);
  }
  context.path.pop();
  return out;
}

const decodeService: EntryDecoder<Service> = (value, context, name) => {
  const body = value === null ? {} : serviceBody(value, context);
  if (!body) return undefined;
  return { name, command: null, entrypoint: null, ...body };
};

/** Nothing at all declares a resource without attributes. */
const decodeResource =
  <T extends object>(decoder: Decoder<T>): EntryDecoder<T> =>
  (value, context) =>
    value === null ? ({} as T) : decoder(value, context);

/** A secret or config with the value of its variable, which has no place in the tree. */
const decodeFileObject: EntryDecoder<FileObject> = (value, context) => {
  if (!isMapping(value)) return undefined;
  const decoded = fileObject(value, context);
  if (!decoded) return undefined;
  const { [VALUE_OF_VARIABLE]: found, ...rest } = decoded as FileObject & Record<string, unknown>;
  return typeof found === 'string' ? { ...rest, content: found } : rest;
};
