// Service attributes that have a field of their own in HostConfig: one line per attribute.
import type { HostConfig } from 'dockerode';
import type { Service } from '../../../model.ts';

/** HostConfig with the fields that the published types lack. */
export type HostConfigBody = Partial<
  Omit<HostConfig, 'RestartPolicy' | 'Mounts' | 'Devices' | 'Ulimits' | 'DeviceRequests'>
> &
  Record<string, unknown>;

interface Field<K extends keyof Service = keyof Service> {
  readonly from: K;
  readonly to: string;
  readonly convert?: (value: NonNullable<Service[K]>) => unknown;
}

const field = <K extends keyof Service>(from: K, to: string, convert?: Field<K>['convert']): Field =>
  ({ from, to, ...(convert === undefined ? {} : { convert }) }) as Field;

/** As docker's own client sends them: `net_admin` → `CAP_NET_ADMIN`, sorted, each once. */
const capabilities = (names: readonly string[]): string[] =>
  [
    ...new Set(
      names
        .map((name) => name.toUpperCase())
        .map((name) => (name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`)),
    ),
  ].sort();

const bytes = (value: string): number => Number(value);

const FIELDS: readonly Field[] = [
  field('annotations', 'Annotations'),
  field('cap_add', 'CapAdd', capabilities),
  field('cap_drop', 'CapDrop', capabilities),
  field('cgroup', 'CgroupnsMode'),
  field('cgroup_parent', 'CgroupParent'),
  field('cpu_count', 'CpuCount'),
  // The engine counts hundredths of a percent.
  field('cpu_percent', 'CpuPercent', (percent) => Math.trunc(percent * 100)),
  field('cpu_period', 'CpuPeriod'),
  field('cpu_quota', 'CpuQuota'),
  field('cpu_rt_period', 'CpuRealtimePeriod'),
  field('cpu_rt_runtime', 'CpuRealtimeRuntime'),
  field('cpu_shares', 'CpuShares'),
  field('cpus', 'NanoCpus', nanoCpus),
  field('cpuset', 'CpusetCpus'),
  field('device_cgroup_rules', 'DeviceCgroupRules'),
  field('dns', 'Dns'),
  field('dns_opt', 'DnsOptions'),
  field('dns_search', 'DnsSearch'),
  field('group_add', 'GroupAdd'),
  field('init', 'Init'),
  field('ipc', 'IpcMode'),
  field('isolation', 'Isolation'),
  field('mem_limit', 'Memory', bytes),
  field('mem_reservation', 'MemoryReservation', bytes),
  // 0 is "not set" in the Compose Specification, but "never swap" for the engine.
  field('mem_swappiness', 'MemorySwappiness', (value) => (bytes(value) === 0 ? undefined : bytes(value))),
  field('memswap_limit', 'MemorySwap', bytes),
  field('oom_score_adj', 'OomScoreAdj'),
  field('pid', 'PidMode'),
  field('pids_limit', 'PidsLimit', (limit) => (limit === 0 ? undefined : limit)),
  field('privileged', 'Privileged'),
  field('read_only', 'ReadonlyRootfs'),
  field('runtime', 'Runtime'),
  field('shm_size', 'ShmSize', bytes),
  field('storage_opt', 'StorageOpt'),
  field('sysctls', 'Sysctls'),
  field('tmpfs', 'Tmpfs', (entries) => Object.fromEntries(entries.map(splitTmpfs))),
  field('userns_mode', 'UsernsMode'),
  field('uts', 'UTSMode'),
  field('volumes_from', 'VolumesFrom'),
];

/** The fields that need no more than a new name or unit. */
export function plainHostConfig(service: Service): HostConfigBody {
  // Both always sent, as docker compose does: the engine shows them back.
  const body: HostConfigBody = {
    OomKillDisable: service.oom_kill_disable ?? false,
    // `host=address` in the model, `host:address` for the engine; an address may hold colons itself.
    ExtraHosts: (service.extra_hosts ?? []).map((entry) => entry.replace('=', ':')),
  };
  for (const { from, to, convert } of FIELDS) {
    const value = service[from];
    if (value === undefined || value === null) continue;
    const converted = convert === undefined ? value : convert(value);
    if (converted !== undefined) body[to] = converted;
  }
  return body;
}

/** CPUs as the engine counts them: billionths, without the dust of binary fractions. */
export function nanoCpus(cpus: number | string): number {
  return Math.round(Number(cpus) * 1e9);
}

/** `/run:size=1m` → `['/run', 'size=1m']`. */
function splitTmpfs(entry: string): [string, string] {
  const colon = entry.indexOf(':');
  return colon < 0 ? [entry, ''] : [entry.slice(0, colon), entry.slice(colon + 1)];
}
