// What a container uses, from the files of its cgroup (v1 or v2) and its network interfaces, in the API's words.
import { join } from 'node:path';
import { listIfExists, type NativeHost, readIfExists } from '../host.ts';
import type { CgroupMode } from '../machine.ts';
import type { ContainerRecord } from './types.ts';

export interface StatsFacts {
  readonly mode: CgroupMode;
  readonly cpus: number;
  readonly memoryBytes: number;
}

type Counters = Record<string, number>;

/** One sample. The CLI computes percentages from it and the one before (`precpu_stats`). */
export async function sampleStats(
  host: NativeHost,
  record: ContainerRecord,
  facts: StatsFacts,
): Promise<Record<string, unknown>> {
  const read = (path: string): Promise<string> => readIfExists(host.files, path).then((text) => text ?? '');
  const groups = await cgroupFolders(host, record.state.pid);
  const v2 = facts.mode === 'v2';
  const folder = (controller: string): string => (v2 ? (groups.get('') ?? '') : (groups.get(controller) ?? ''));
  const [cpu, memory, pids, blkio, system, network] = await Promise.all([
    v2 ? cpuV2(await read(join(folder('cpu'), 'cpu.stat'))) : cpuV1(folder('cpuacct'), folder('cpu'), read),
    memoryStats(folder('memory'), v2, read, facts.memoryBytes),
    read(join(folder('pids'), 'pids.current')),
    v2 ? ioV2(await read(join(folder('io'), 'io.stat'))) : ioV1(folder('blkio'), read),
    read('/proc/stat'),
    networkStats(host, record.state.pid),
  ]);
  return {
    read: new Date().toISOString(),
    preread: '0001-01-01T00:00:00Z',
    pids_stats: { current: Number(pids) || 0 },
    blkio_stats: blkio,
    num_procs: 0,
    storage_stats: {},
    cpu_stats: { ...cpu, system_cpu_usage: systemNanoseconds(system), online_cpus: facts.cpus },
    precpu_stats: {
      cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
      throttling_data: NO_THROTTLING,
    },
    memory_stats: memory,
    name: `/${record.name}`,
    id: record.id,
    ...(Object.keys(network).length > 0 ? { networks: network } : {}),
  };
}

const NO_THROTTLING = { periods: 0, throttled_periods: 0, throttled_time: 0 };

/** Controller → folder of the process's cgroup; the empty name is v2's. */
export async function cgroupFolders(host: NativeHost, pid: number): Promise<Map<string, string>> {
  const [own, mounts] = await Promise.all([
    readIfExists(host.files, `/proc/${pid}/cgroup`),
    host.files.readFile('/proc/self/mounts', 'utf8'),
  ]);
  const roots = new Map<string, string>();
  for (const line of mounts.split('\n')) {
    const [, path = '', type = '', options = ''] = line.split(' ');
    if (type === 'cgroup2') roots.set('', path);
    if (type === 'cgroup') for (const option of options.split(',')) roots.set(option, path);
  }
  const folders = new Map<string, string>();
  for (const line of (own ?? '').split('\n')) {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    for (const controller of controllers.split(',')) {
      const root = roots.get(controller);
      if (root !== undefined && path !== '') folders.set(controller, join(root, path));
    }
  }
  return folders;
}

const counters = (text: string): Counters =>
  Object.fromEntries(
    text
      .split('\n')
      .map((line) => line.split(' '))
      .flatMap(([key, value]) => (key && value !== undefined ? [[key, Number(value)]] : [])),
  );

function cpuV2(text: string): object {
  const c = counters(text);
  const micro = (key: string): number => (c[key] ?? 0) * 1000;
  return {
    cpu_usage: {
      total_usage: micro('usage_usec'),
      usage_in_kernelmode: micro('system_usec'),
      usage_in_usermode: micro('user_usec'),
    },
    throttling_data: {
      periods: c.nr_periods ?? 0,
      throttled_periods: c.nr_throttled ?? 0,
      throttled_time: micro('throttled_usec'),
    },
  };
}

async function cpuV1(acct: string, cpu: string, read: (path: string) => Promise<string>): Promise<object> {
  const [total, user, system, stat] = await Promise.all([
    read(join(acct, 'cpuacct.usage')),
    read(join(acct, 'cpuacct.usage_user')),
    read(join(acct, 'cpuacct.usage_sys')),
    read(join(cpu, 'cpu.stat')),
  ]);
  const c = counters(stat);
  return {
    cpu_usage: { total_usage: Number(total), usage_in_kernelmode: Number(system), usage_in_usermode: Number(user) },
    throttling_data: {
      periods: c.nr_periods ?? 0,
      throttled_periods: c.nr_throttled ?? 0,
      throttled_time: c.throttled_time ?? 0,
    },
  };
}

async function memoryStats(
  folder: string,
  v2: boolean,
  read: (path: string) => Promise<string>,
  machine: number,
): Promise<object> {
  const [usage, most, limit, stat] = await Promise.all(
    (v2
      ? ['memory.current', 'memory.peak', 'memory.max', 'memory.stat']
      : ['memory.usage_in_bytes', 'memory.max_usage_in_bytes', 'memory.limit_in_bytes', 'memory.stat']
    ).map((name) => read(join(folder, name))),
  );
  const bound = Number((limit ?? '').trim());
  return {
    usage: Number(usage) || 0,
    ...(v2 ? {} : { max_usage: Number(most) || 0 }),
    limit: Number.isFinite(bound) && bound > 0 ? Math.min(bound, machine) : machine,
    stats: counters(stat ?? ''),
  };
}

/** CPU time of the whole machine: the first line of /proc/stat counts hundredths of a second. */
function systemNanoseconds(stat: string): number {
  const fields = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(' ').slice(0, 7);
  return fields.reduce((sum, field) => sum + Number(field), 0) * 10_000_000;
}

async function networkStats(host: NativeHost, pid: number): Promise<Record<string, Counters>> {
  const text = (await readIfExists(host.files, `/proc/${pid}/net/dev`)) ?? '';
  const found: Record<string, Counters> = {};
  for (const line of text.split('\n')) {
    const match = /^\s*(\w+):\s*(.*)$/.exec(line);
    if (!match || match[1] === 'lo') continue;
    const f = (match[2] ?? '').split(/\s+/).map(Number);
    const [rxBytes = 0, rxPackets = 0, rxErrors = 0, rxDropped = 0] = f;
    const [txBytes = 0, txPackets = 0, txErrors = 0, txDropped = 0] = f.slice(8);
    found[match[1] ?? ''] = {
      rx_bytes: rxBytes,
      rx_packets: rxPackets,
      rx_errors: rxErrors,
      rx_dropped: rxDropped,
      tx_bytes: txBytes,
      tx_packets: txPackets,
      tx_errors: txErrors,
      tx_dropped: txDropped,
    };
  }
  return found;
}

interface IoEntry {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: number;
}

const ioStats = (bytes: readonly IoEntry[]): object => ({
  io_service_bytes_recursive: bytes.length > 0 ? bytes : null,
});

function ioV2(text: string): object {
  return ioStats(
    text.split('\n').flatMap((line) => {
      const match = /^(\d+):(\d+) rbytes=(\d+) wbytes=(\d+)/.exec(line);
      if (!match) return [];
      const device = { major: Number(match[1]), minor: Number(match[2]) };
      return [
        { ...device, op: 'read', value: Number(match[3]) },
        { ...device, op: 'write', value: Number(match[4]) },
      ];
    }),
  );
}

async function ioV1(folder: string, read: (path: string) => Promise<string>): Promise<object> {
  const text = await read(join(folder, 'blkio.throttle.io_service_bytes_recursive'));
  return ioStats(
    text.split('\n').flatMap((line) => {
      const match = /^(\d+):(\d+) (Read|Write) (\d+)$/.exec(line);
      return match
        ? [
            {
              major: Number(match[1]),
              minor: Number(match[2]),
              op: (match[3] ?? '').toLowerCase(),
              value: Number(match[4]),
            },
          ]
        : [];
    }),
  );
}

/** The pids of every process in the container. */
export async function containerPids(host: NativeHost, record: ContainerRecord): Promise<number[]> {
  const groups = await cgroupFolders(host, record.state.pid);
  const folder = groups.get('pids') ?? groups.get('') ?? '';
  const pids: number[] = [];
  const collect = async (path: string): Promise<void> => {
    const text = (await readIfExists(host.files, join(path, 'cgroup.procs'))) ?? '';
    pids.push(
      ...text
        .split('\n')
        .filter((line) => line !== '')
        .map(Number),
    );
    for (const name of await listIfExists(host.files, path)) {
      const below = await host.files.lstat(join(path, name)).catch(() => undefined);
      if (below?.isDirectory()) await collect(join(path, name));
    }
  };
  await collect(folder);
  return pids;
}
