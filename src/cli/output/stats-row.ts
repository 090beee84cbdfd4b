// The engine's statistics of a container as `docker stats` shows them. https://docs.docker.com/reference/api/engine/ ContainerStats
import { type Struct, TYPE_NAME } from './go-template/values.ts';
import { bytesSize, humanSize, shortId } from './human.ts';
import { formatList } from './list-format.ts';

/** The parts of the engine's document that are looked at; all may be missing, for a container that does not run. */
interface StatsDocument {
  readonly cpu_stats?: CpuStats;
  readonly precpu_stats?: CpuStats;
  readonly memory_stats?: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: Readonly<Record<string, number>>;
  };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes?: number; readonly tx_bytes?: number }>>;
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?: readonly { readonly op?: string; readonly value?: number }[] | null;
  };
  readonly pids_stats?: { readonly current?: number };
}

interface CpuStats {
  readonly cpu_usage?: { readonly total_usage?: number; readonly percpu_usage?: readonly number[] | null };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

/** One sample, in bytes and percent. */
export interface Sample {
  readonly cpuPercent: number;
  readonly memory: number;
  readonly memoryLimit: number;
  readonly memoryPercent: number;
  readonly received: number;
  readonly sent: number;
  readonly read: number;
  readonly written: number;
  readonly processes: number;
}

export interface MeasuredContainer {
  readonly id: string;
  readonly name: string;
  /** Undefined when there is no sample: not running, or gone. */
  readonly sample: Sample | undefined;
}

const isDocument = (value: unknown): value is StatsDocument => typeof value === 'object' && value !== null;

/** Reads the engine's document; undefined when it is none. */
export function sampleOf(document: unknown): Sample | undefined {
  if (!isDocument(document)) return undefined;
  const { memory_stats: memory = {}, networks = {}, blkio_stats: disk } = document;
  const used = memoryInUse(memory.usage ?? 0, memory.stats ?? {});
  const limit = memory.limit ?? 0;
  const operations = disk?.io_service_bytes_recursive ?? [];
  const bytesOf = (first: string) =>
    sum(operations.filter(({ op }) => op?.[0]?.toLowerCase() === first).map(({ value }) => value ?? 0));
  return {
    cpuPercent: cpuPercent(document.precpu_stats ?? {}, document.cpu_stats ?? {}),
    memory: used,
    memoryLimit: limit,
    memoryPercent: limit === 0 ? 0 : (used / limit) * 100,
    received: sum(Object.values(networks).map((network) => network.rx_bytes ?? 0)),
    sent: sum(Object.values(networks).map((network) => network.tx_bytes ?? 0)),
    read: bytesOf('r'),
    written: bytesOf('w'),
    processes: document.pids_stats?.current ?? 0,
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The share of one processor used between two readings, times the number of processors. */
function cpuPercent(before: CpuStats, now: CpuStats): number {
  const used = (now.cpu_usage?.total_usage ?? 0) - (before.cpu_usage?.total_usage ?? 0);
  const passed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const processors = now.online_cpus || (now.cpu_usage?.percpu_usage ?? []).length;
  return used > 0 && passed > 0 ? (used / passed) * processors * 100 : 0;
}

/** Without the page cache that could be given back: cgroup v1 says `total_inactive_file`, v2 `inactive_file`. */
function memoryInUse(usage: number, stats: Readonly<Record<string, number>>): number {
  const cache = stats.total_inactive_file ?? stats.inactive_file ?? 0;
  return cache < usage ? usage - cache : usage;
}

const NOTHING = '--';
const pair = (a: string, b: string): string => `${a} / ${b}`;
const percent = (value: number): string => `${value.toFixed(2)}%`;

function statsRow({ id, name, sample }: MeasuredContainer, truncate: boolean): Struct {
  const shown = <T>(text: (given: Sample) => T): T | string => (sample === undefined ? NOTHING : text(sample));
  return {
    [TYPE_NAME]: '*container.statsContext',
    BlockIO: shown((given) => pair(humanSize(given.read, 3), humanSize(given.written, 3))),
    CPUPerc: shown((given) => percent(given.cpuPercent)),
    Container: id,
    ID: truncate ? shortId(id) : id,
    MemPerc: shown((given) => percent(given.memoryPercent)),
    MemUsage:
      sample === undefined ? pair(NOTHING, NOTHING) : pair(bytesSize(sample.memory), bytesSize(sample.memoryLimit)),
    Name: name === '' ? NOTHING : name,
    NetIO: shown((given) => pair(humanSize(given.received, 3), humanSize(given.sent, 3))),
    PIDs: shown((given) => String(given.processes)),
  };
}

/** The whole list under `--format`. */
export function formatStats(containers: readonly MeasuredContainer[], format: string, truncate: boolean): string {
  return formatList(
    containers.map((container) => statsRow(container, truncate)),
    {
      format,
      defaultTable:
        '{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}',
      headers: {
        Container: 'CONTAINER',
        Name: 'NAME',
        ID: 'CONTAINER ID',
        CPUPerc: 'CPU %',
        MemUsage: 'MEM USAGE / LIMIT',
        MemPerc: 'MEM %',
        NetIO: 'NET I/O',
        BlockIO: 'BLOCK I/O',
        PIDs: 'PIDS',
      },
    },
  );
}
