// What a private Docker Engine needs from the machine and leaves on it: cgroups, a bridge and its addresses, mounts, firewall rules.
// Everything is noted in the engine's folder before it is made, so that a later process can take it away.
import { access, mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { undoRules } from './firewall.ts';
import { must, run } from './run.ts';

/** What was taken, and what was there before. */
export interface Place {
  readonly bridge: string;
  /** A /16 of private addresses, such as `10.87.0.0/16`; the bridge has its first /24. */
  readonly pool: string;
  readonly cgroup: string;
  /** iptables-save's output before the engine started, by program. */
  readonly rules: Readonly<Record<string, string>>;
  readonly forwarding: string;
}

const FORWARDING = '/proc/sys/net/ipv4/ip_forward';
const FILTERS = ['iptables', 'ip6tables'] as const;
const noteFile = (folder: string): string => join(folder, 'place.json');

/** First two bytes of a pool: `10.87.`. */
const stem = (pool: string): string => pool.replace(/0\.0\/16$/, '');

/** A /16 that no address or route of this machine overlaps. */
export async function freePool(): Promise<string> {
  const taken = await must('ip', ['-4', 'route', 'show', 'table', 'all']);
  const used = new Set([...taken.matchAll(/\b10\.(\d+)\./g)].map(([, byte]) => Number(byte)));
  // A route to a wider range is about as good as taken everywhere; then 172.31 serves.
  const start = 90 + (process.pid % 100);
  for (let step = 0; step < 150; step++) {
    const byte = 60 + ((start - 60 + step) % 190);
    if (!used.has(byte)) return `10.${byte}.0.0/16`;
  }
  return '172.31.0.0/16';
}

/** Writes down, before anything is made, what will be made and what is there now. */
export async function notePlace(folder: string, pool: string): Promise<Place> {
  const name = basename(folder)
    .replace(/[^a-z0-9]/gi, '')
    .toLowerCase()
    .slice(-8);
  const rules: Record<string, string> = {};
  for (const filter of FILTERS) rules[filter] = await savedRules(filter);
  const place: Place = {
    bridge: `wl${name}`,
    pool,
    cgroup: `windlass-${name}`,
    rules,
    forwarding: await readFile(FORWARDING, 'utf8'),
  };
  await writeFile(noteFile(folder), JSON.stringify(place));
  return place;
}

const savedRules = (filter: string): Promise<string> =>
  run(`${filter}-save`, []).then(
    (ran) => (ran.exitCode === 0 ? ran.stdout : ''),
    () => '',
  );

export async function addBridge(place: Place): Promise<void> {
  await must('ip', ['link', 'add', 'name', place.bridge, 'type', 'bridge']);
  await must('ip', ['addr', 'add', `${stem(place.pool)}0.1/24`, 'dev', place.bridge]);
  await must('ip', ['link', 'set', place.bridge, 'up']);
}

/** A container or chroot may have no cgroups mounted, or its processes in the root group of cgroup v2. */
export async function prepareCgroups(): Promise<void> {
  const has = (name: string): Promise<boolean> =>
    access(join('/sys/fs/cgroup', name)).then(
      () => true,
      () => false,
    );
  if (!(await has('cgroup.controllers')) && !(await has('memory')) && !(await has('devices')))
    await must('mount', ['-t', 'cgroup2', 'cgroup2', '/sys/fs/cgroup']);
  if (!(await has('cgroup.controllers')) || (await has('init.scope'))) return;
  const controllers = (await readFile('/sys/fs/cgroup/cgroup.controllers', 'utf8')).trim().split(/\s+/);
  const enable = (): Promise<void> =>
    writeFile('/sys/fs/cgroup/cgroup.subtree_control', controllers.map((name) => `+${name}`).join(' '));
  await enable().catch(async () => {
    // Only an empty group may hand controllers down: move its processes into one below.
    await mkdir('/sys/fs/cgroup/init', { recursive: true });
    for (const pid of (await readFile('/sys/fs/cgroup/cgroup.procs', 'utf8')).trim().split('\n'))
      await writeFile('/sys/fs/cgroup/init/cgroup.procs', pid).catch(() => undefined);
    await enable();
  });
}

/** Takes away everything: containers, networks, dockerd, mounts, bridges, rules, cgroups, files. Goes on over single failures. */
export async function removeTraces(folder: string): Promise<void> {
  const note = await readFile(noteFile(folder), 'utf8').catch(() => '');
  const place = note === '' ? undefined : (JSON.parse(note) as Place);
  await endContainers(folder);
  await endProcesses(folder);
  await unmountBelow(folder);
  if (place !== undefined) {
    await removeBridges(place);
    await restoreRules(place);
    await removeCgroups(place.cgroup);
    if (!(await anotherEngineRuns())) await writeFile(FORWARDING, place.forwarding).catch(() => undefined);
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

async function endContainers(folder: string): Promise<void> {
  const docker = (...args: string[]) =>
    run('docker', ['-H', `unix://${join(folder, 'docker.sock')}`, ...args], { deadline: 30_000 });
  const ids = (await docker('ps', '-aq')).stdout.split('\n').filter((id) => id !== '');
  if (ids.length > 0) await docker('rm', '-f', '-v', ...ids);
  await docker('network', 'prune', '-f');
}

/** Ends dockerd, and whatever it left running, by their command lines: each names a file below our folder. */
async function endProcesses(folder: string): Promise<void> {
  const dockerd = Number(await readFile(join(folder, 'dockerd.pid'), 'utf8').catch(() => '0'));
  const ours = async (): Promise<number[]> => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const mine = await Promise.all(
      pids.map(async (pid) => {
        const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
        return (
          /^(dockerd|containerd)/.test(basename(words[0] ?? '')) && words.some((word) => word.includes(`${folder}/`))
        );
      }),
    );
    return pids.filter((_, index) => mine[index]);
  };
  const signal = (pid: number, name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended by itself.
    }
  };
  if (dockerd > 0 && (await ours()).includes(dockerd)) signal(dockerd, 'SIGTERM');
  const deadline = Date.now() + 20_000;
  for (let left = await ours(); left.length > 0; left = await ours()) {
    if (!left.includes(dockerd) || Date.now() > deadline) for (const pid of left) signal(pid, 'SIGKILL');
    if (Date.now() > deadline + 10_000) return;
    await delay(50);
  }
}

/** Ours has ended by now. */
async function anotherEngineRuns(): Promise<boolean> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    if ((await readFile(`/proc/${name}/comm`, 'utf8').catch(() => '')).trim() === 'dockerd') return true;
  }
  return false;
}

async function unmountBelow(folder: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of mounts.reverse()) await run('umount', ['-l', path]);
}

async function removeBridges(place: Place): Promise<void> {
  const listed = await run('ip', ['-o', '-4', 'addr', 'show']);
  const ours = new Set([place.bridge]);
  for (const [, name = '', address = ''] of listed.stdout.matchAll(/^\d+: (\S+)\s+inet (\S+)/gm))
    if (address.startsWith(stem(place.pool)) && name.startsWith('br-')) ours.add(name);
  for (const name of ours) await run('ip', ['link', 'delete', name]);
}

async function restoreRules(place: Place): Promise<void> {
  const shared = await anotherEngineRuns();
  for (const filter of FILTERS) {
    const now = await savedRules(filter);
    if (now === '') continue;
    const marks = [place.bridge, stem(place.pool)];
    for (const args of undoRules(place.rules[filter] ?? '', now, { marks, shared })) await run(filter, args);
  }
}

/** Removes the group in each hierarchy, with the empty ones that containers left below it. */
async function removeCgroups(name: string): Promise<void> {
  const roots = ['/sys/fs/cgroup'];
  for (const entry of await readdir('/sys/fs/cgroup').catch(() => [])) roots.push(join('/sys/fs/cgroup', entry));
  for (const root of roots) await removeGroup(join(root, name));
}

async function removeGroup(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => []))
    if (entry.isDirectory()) await removeGroup(join(folder, entry.name));
  await rmdir(folder).catch(() => undefined);
}
