// lxcfs, where it is installed and runs: a file system with files of /proc that tell a container of its own memory, CPUs and
// load instead of the host's.
import { listIfExists, type NativeHost } from '../host.ts';

export const LXCFS_PROC = '/var/lib/lxcfs/proc';

/** The runtime lets these and no others be mounted over files of /proc. */
const FILES = ['cpuinfo', 'diskstats', 'loadavg', 'meminfo', 'stat', 'swaps', 'uptime'];

/** Names of the files that can be shown; none where lxcfs is not installed, does not run, or does not answer. */
export async function lxcfsFiles(host: NativeHost): Promise<string[]> {
  const names = await listIfExists(host.files, LXCFS_PROC).catch((): string[] => []);
  return FILES.filter((name) => names.includes(name));
}
