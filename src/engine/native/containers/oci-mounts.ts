// What is mounted into a container: the kernel's file systems, the engine's small files, then the user's mounts, shallow
// paths first so that no mount hides another. Pure.
import type { CgroupMode } from '../machine.ts';
import { badRequest } from '../server/api-error.ts';
import { LXCFS_PROC } from './lxcfs.ts';
import type { OciMount } from './oci-types.ts';
import { tmpfsOptions } from './tmpfs-options.ts';
import type { HostConfig, MountPoint } from './types.ts';

export interface MountFacts {
  readonly hostConfig: HostConfig;
  readonly mounts: readonly MountPoint[];
  readonly cgroupMode: CgroupMode;
  /** Its ids are not the host's. */
  readonly ownIds?: boolean;
  /** Host files to show as /etc/hosts, /etc/hostname and /etc/resolv.conf; none with a read-only path. */
  readonly files: Readonly<Record<string, string>>;
  /** A host directory to use as /dev/shm: that of the container whose IPC namespace is shared. */
  readonly sharedShm?: string;
  /** Files of /proc as lxcfs has them, by their names: the container's own memory and CPUs. */
  readonly lxcfs: readonly string[];
  /** Whether mounts below a read-only one can be made read-only with it (Linux 5.12). */
  readonly recursiveReadOnly: boolean;
  /** Host path of the init program, where one is wanted. */
  readonly init?: string;
}

export const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;
const mount = (destination: string, type: string, source: string, ...options: string[]): OciMount => ({
  destination,
  type,
  source,
  options,
});

/** In version 1 the controllers are mounted in a folder. They are read-only, but crun leaves the folder writable. */
const CLOSED_CGROUPS = mount(
  '/sys/fs/cgroup',
  'bind',
  '/sys/fs/cgroup',
  'bind',
  'remount',
  'ro',
  'nosuid',
  'noexec',
  'nodev',
);

export const INIT_PATH = '/sbin/docker-init';

export function ociMounts(facts: MountFacts): OciMount[] {
  const { hostConfig, mounts } = facts;
  const access = hostConfig.Privileged ? 'rw' : 'ro';
  const shmSize = hostConfig.ShmSize || DEFAULT_SHM_BYTES;
  const kernel = [
    mount('/proc', 'proc', 'proc', 'nosuid', 'noexec', 'nodev'),
    mount('/dev', 'tmpfs', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
    mount('/dev/pts', 'devpts', 'devpts', 'nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'),
    mount('/sys', 'sysfs', 'sysfs', 'nosuid', 'noexec', 'nodev', access),
    mount('/sys/fs/cgroup', 'cgroup', 'cgroup', access, 'nosuid', 'noexec', 'nodev'),
    // In a user namespace of its own crun makes a new folder for them, and would close the host's beneath.
    ...(hostConfig.Privileged || facts.cgroupMode === 'v2' || facts.ownIds ? [] : [CLOSED_CGROUPS]),
    mount('/dev/mqueue', 'mqueue', 'mqueue', 'nosuid', 'noexec', 'nodev'),
    facts.sharedShm === undefined
      ? mount('/dev/shm', 'tmpfs', 'shm', 'nosuid', 'noexec', 'nodev', 'mode=1777', `size=${shmSize}`)
      : mount('/dev/shm', 'bind', facts.sharedShm, 'rbind'),
  ];
  const shown = facts.lxcfs.map((name) => mount(`/proc/${name}`, 'bind', `${LXCFS_PROC}/${name}`, 'rbind', 'rprivate'));
  const users = mounts.map((point) => userMount(point, facts.recursiveReadOnly));
  const taken = new Set(users.map((m) => m.destination));
  // They belong to the root file system: where that is read-only, they are.
  const rootAccess = hostConfig.ReadonlyRootfs ? ['ro'] : [];
  const files = Object.entries(facts.files)
    .filter(([destination]) => !taken.has(destination))
    .map(([destination, source]) => mount(destination, 'bind', source, 'rbind', 'rprivate', ...rootAccess));
  const init = facts.init === undefined ? [] : [mount(INIT_PATH, 'bind', facts.init, 'bind', 'ro')];
  const own = [...users, ...files].sort((a, b) => depth(a.destination) - depth(b.destination));
  const wanted = kernel.filter(
    (m) => !taken.has(m.destination) && !(m.destination === '/dev/shm' && hostConfig.IpcMode === 'none'),
  );
  return [...wanted, ...shown, ...own, ...init];
}

function userMount(point: MountPoint, recursiveReadOnly: boolean): OciMount {
  const access = point.RW ? 'rw' : 'ro';
  if (point.Type === 'tmpfs')
    return mount(point.Destination, 'tmpfs', 'tmpfs', ...tmpfsOptions(point.Options ?? []), access);
  const propagation = point.Propagation === '' ? 'rprivate' : point.Propagation;
  const { Below: below } = point;
  if (below === 'read-only' && !recursiveReadOnly)
    throw badRequest(`mounts below ${point.Source} cannot be made read-only: this needs Linux 5.12`);
  // crun takes the "r" of any option for a bind of all that is below.
  if (below === 'omitted')
    return mount(point.Destination, 'bind', point.Source, 'bind', access, propagation.replace(/^r/, ''));
  const all = !point.RW && below !== 'as they are' && recursiveReadOnly ? ['rro'] : [];
  return mount(point.Destination, 'bind', point.Source, 'rbind', access, ...all, propagation);
}

const depth = (path: string): number => path.split('/').filter((part) => part !== '').length;
