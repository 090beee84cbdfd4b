// What may be mounted over /proc: next to nothing. Who could put files of their own there would have the runtime write a process's
// security profile into them (CVE-2019-16884), and an image can ask for it by itself, with a volume behind a symbolic link.
import type { NativeHost } from '../host.ts';
import { resolveInRoot } from '../scoped-path.ts';
import { badRequest } from '../server/api-error.ts';

/** What lxcfs and its like show there; as runc has it. */
const SHOWN = new Set(
  ['cpuinfo', 'diskstats', 'loadavg', 'meminfo', 'net/dev', 'slabinfo', 'stat', 'swaps', 'uptime'].concat([
    'sys/crypto/fips_enabled',
    'sys/kernel/ns_last_pid',
  ]),
);

/** Throws a 400 for a target inside /proc. The host's own /proc may be mounted there. */
export function checkProcTarget(source: string, target: string): void {
  const inside = target === '/proc' ? source !== '/proc' : target.startsWith('/proc/') && !SHOWN.has(target.slice(6));
  if (inside) throw badRequest(`"${target}" cannot be mounted because it is inside /proc`);
}

/** The same for where the targets lead in a root file system. */
export async function checkProcTargets(
  host: NativeHost,
  rootfs: string,
  mounts: readonly { readonly Source: string; readonly Destination: string }[],
): Promise<void> {
  for (const { Source, Destination } of mounts) {
    const resolved = await resolveInRoot(host, rootfs, Destination);
    checkProcTarget(Source, resolved.slice(rootfs.length));
  }
}
