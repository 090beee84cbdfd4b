// Whether a container sees its own cgroup as the root of all: as in Docker, where nothing is said, with cgroup v2 alone. Pure.
import type { CgroupMode } from '../machine.ts';
import type { HostConfig } from './types.ts';

/** What `CgroupnsMode` means on a machine: never empty. */
export function cgroupNamespace({ CgroupnsMode: said }: HostConfig, machine: CgroupMode): 'private' | 'host' {
  if (said === 'private' || said === 'host') return said;
  return machine === 'v2' ? 'private' : 'host';
}
