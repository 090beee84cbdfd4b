// What a native engine takes of the machine: memory, open files, and everything it could leave behind.
import { readdir, readFile, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Counts of things that containers come with and that have to go with them. */
export interface Footprint {
  /** Open files of the engine and of its helpers. */
  readonly files: number;
  readonly mounts: number;
  /** Processes that name the engine's folder: the engine itself, its helpers' parent, monitors. */
  readonly processes: number;
  /** Ports of the engine's bridges. */
  readonly interfaces: number;
  /** Groups below the one that the containers were given, in all hierarchies. */
  readonly cgroups: number;
  /** Unix sockets below the engine's folder, abstract ones included. */
  readonly sockets: number;
  /** Files and folders of the engine beside its images. */
  readonly entries: number;
}

export interface Watched {
  readonly pid: number;
  /** The engine's root. */
  readonly folder: string;
  /** `CgroupParent` of the containers: `/somebody`. */
  readonly cgroup: string;
}

export async function footprint({ pid, folder, cgroup }: Watched): Promise<Footprint> {
  const own = [pid, ...(await childrenOf(pid))];
  const files = await Promise.all(own.map(async (one) => (await list(`/proc/${one}/fd`)).length));
  const lines = async (path: string): Promise<number> =>
    (await readFile(path, 'utf8')).split('\n').filter((line) => line.includes(folder)).length;
  return {
    files: sum(files),
    mounts: await lines('/proc/self/mounts'),
    processes: await processesNaming(folder),
    interfaces: await portsOfBridges(folder),
    cgroups: await groupsBelow(cgroup),
    sockets: await lines('/proc/net/unix'),
    entries: (await entriesBelow(folder)) - (await entriesBelow(join(folder, 'images'))),
  };
}

/** Resident kilobytes of a process, and its share where pages are shared with others. */
export async function memoryOf(pid: number): Promise<{ readonly resident: number; readonly share: number }> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { resident: field('Rss'), share: field('Pss') };
}

/** Processes that a process has started and that have not ended. */
export async function childrenOf(pid: number): Promise<number[]> {
  const texts = await Promise.all(
    (await list(`/proc/${pid}/task`)).map((task) =>
      readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => ''),
    ),
  );
  return texts.flatMap((text) => text.split(' ').filter((word) => word !== '')).map(Number);
}

/** Pids of the monitors of an engine's containers. */
export async function monitorsOf(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const [pid, line] of await commandLines())
    if (/^(?:\S*\/)?conmon /.test(line) && line.includes(folder)) found.push(pid);
  return found;
}

const processesNaming = async (folder: string): Promise<number> =>
  (await commandLines()).filter(([, line]) => line.includes(folder)).length;

async function commandLines(): Promise<[number, string][]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return Promise.all(
    pids.map(async (pid): Promise<[number, string]> => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return [Number(pid), line.replaceAll('\0', ' ')];
    }),
  );
}

async function portsOfBridges(folder: string): Promise<number> {
  let ports = 0;
  for (const name of await list(join(folder, 'networks'))) {
    const { bridge } = JSON.parse(await readFile(join(folder, 'networks', name), 'utf8')) as { bridge?: string };
    if (bridge !== undefined) ports += (await list(`/sys/class/net/${bridge}/brif`)).length;
  }
  return ports;
}

/** Removes the group that containers were given, which the runtime made and nobody takes away. */
export async function removeGroup(cgroup: string): Promise<void> {
  for (const root of await hierarchies()) await rmdir(join(root, cgroup)).catch(() => undefined);
}

/** Of cgroup v1 and v2: the place where they are mounted, and the folders in it. */
const hierarchies = async (): Promise<string[]> => [
  '/sys/fs/cgroup',
  ...(await list('/sys/fs/cgroup')).map((name) => join('/sys/fs/cgroup', name)),
];

async function groupsBelow(cgroup: string): Promise<number> {
  let groups = 0;
  for (const root of await hierarchies())
    for (const name of await list(join(root, cgroup))) if (await isFolder(join(root, cgroup, name))) groups += 1;
  return groups;
}

async function entriesBelow(folder: string): Promise<number> {
  const found = await readdir(folder, { recursive: true }).catch(() => []);
  return found.length;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );

const list = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
