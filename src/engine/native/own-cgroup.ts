// The cgroup in which the engine's own processes are: the keeper, and the helpers that start the monitors. systemd ends everything
// that it finds in the cgroup of a session or a service; whoever logs out after `windlass up` must not take containers along.
// Limits are counted elsewhere: only hierarchies by which systemd tracks processes matter.
import { join } from 'node:path';
import { type NativeHost, readIfExists } from './host.ts';

/** Below the root of a hierarchy, beside the containers' cgroups. */
const FOLDERS = ['windlass', 'windlass/engine'];

/** The roots of the hierarchies by which systemd tracks processes: cgroup v2 and the named one of v1. */
export async function trackingRoots({ files }: Pick<NativeHost, 'files'>): Promise<string[]> {
  return trackingRootsIn((await readIfExists(files, '/proc/self/mounts')) ?? '');
}

/** From the text of /proc/self/mounts. Pure. */
export const trackingRootsIn = (mounts: string): string[] =>
  mounts.split('\n').flatMap((line) => {
    const [, path = '', type, options = ''] = line.split(' ');
    return type === 'cgroup2' || (type === 'cgroup' && options.split(',').includes('name=systemd')) ? [path] : [];
  });

/** Puts the helpers, and all they start from now on, into the engine's own cgroup. Where that is refused they stay. */
export async function enterOwnCgroup(host: NativeHost): Promise<void> {
  const entered: string[] = [];
  for (const root of await trackingRoots(host)) {
    const made = FOLDERS.map((folder) => host.files.mkdir(join(root, folder), { recursive: true }));
    if ((await Promise.allSettled(made)).every(({ status }) => status === 'fulfilled'))
      entered.push(join(root, 'windlass/engine'));
  }
  host.kernel.place(entered);
}

/** Takes the helpers out of it, and removes it where nobody else is in it: neither a monitor nor another engine. */
export async function leaveOwnCgroup(host: NativeHost): Promise<void> {
  const roots = await trackingRoots(host);
  host.kernel.place(roots);
  for (const root of roots) await host.files.rmdir(join(root, 'windlass/engine')).catch(() => undefined);
}
