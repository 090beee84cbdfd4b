// Volumes of a container that is about to start: made ready, and filled from the image where they are new and empty.
import { exists, listIfExists, type NativeHost, runChecked } from '../host.ts';
import { resolveInRoot } from '../scoped-path.ts';
import { badRequest } from '../server/api-error.ts';
import type { VolumeStore } from '../volumes/store.ts';
import { aroundRoot, hasMountsBelow, isReadOnlyMount, propagationFault } from './propagation.ts';
import type { ContainerRecord, MountPoint } from './types.ts';

export async function prepareVolumes(
  host: NativeHost,
  volumes: VolumeStore,
  record: ContainerRecord,
  rootfs: string,
): Promise<void> {
  for (const point of record.mounts) {
    if (point.Type !== 'volume' || point.Name === undefined) continue;
    await volumes.acquire(point.Name, record.id);
    if (!point.NoCopy && point.RW) await copyUp(host, point, rootfs);
  }
}

export async function releaseVolumes(volumes: VolumeStore, record: ContainerRecord): Promise<void> {
  await Promise.all(
    record.mounts.map((point) => (point.Name === undefined ? undefined : volumes.release(point.Name, record.id))),
  );
}

/** Docker's rule: an empty volume takes the content, owner and mode of the folder it is mounted over. */
async function copyUp(host: NativeHost, point: MountPoint, rootfs: string): Promise<void> {
  if ((await listIfExists(host.files, point.Source)).length > 0) return;
  const covered = await resolveInRoot(host, rootfs, point.Destination);
  const facts = await host.files.lstat(covered).catch(() => undefined);
  if (!facts?.isDirectory()) return;
  await host.files.chown(point.Source, facts.uid, facts.gid);
  await host.files.chmod(point.Source, facts.mode & 0o7777);
  if ((await host.files.readdir(covered)).length > 0)
    await runChecked(host, 'cp', ['-a', '--reflink=auto', `${covered}/.`, point.Source]);
}

/**
 * The host folders of mounts, sub-paths followed within volumes. `root` is the engine's folder. Throws where there is none, or it
 * cannot be mounted so.
 */
export async function mountSources(
  host: NativeHost,
  root: string,
  points: readonly MountPoint[],
): Promise<MountPoint[]> {
  const told = points.some((point) => point.Type === 'bind' || !point.RW || isPassedOn(point));
  const mounts = told ? await host.files.readFile('/proc/self/mountinfo', 'utf8') : '';
  return Promise.all(points.map((point) => mountSource(host, withinReach(point, root, mounts), mounts)));
}

/** Mounts on it are. */
const isPassedOn = (point: MountPoint): boolean => /shared|slave/.test(point.Propagation);

/** Around the engine's own folder unmounts are handed on where the host can; nobody may have asked for it. */
function withinReach(point: MountPoint, root: string, mounts: string): MountPoint {
  const fault = aroundRoot(point.Source, root) && propagationFault(mounts, point.Source, point.Propagation);
  return fault ? { ...point, Propagation: 'rprivate' } : point;
}

async function mountSource(host: NativeHost, given: MountPoint, mounts: string): Promise<MountPoint> {
  if (given.Type === 'tmpfs') return given;
  const fault = propagationFault(mounts, given.Source, given.Propagation);
  if (fault !== undefined) throw badRequest(fault);
  const settled = await withSubpath(host, given);
  if (given.Type === 'volume' && given.RW) return settled;
  const source = await host.files.realpath(settled.Source).catch(() => settled.Source);
  // The kernel would keep what is read-only so; crun makes it writable where it is not told.
  const point = { ...settled, RW: settled.RW && !isReadOnlyMount(mounts, source) };
  if (point.RW || isPassedOn(point) || point.Below === 'omitted') return point;
  // crun opens what is to be read-only with all that is below as a folder that it may read: a file is none, nor are others' folders.
  return hasMountsBelow(mounts, source) ? point : { ...point, Below: 'as they are' };
}

async function withSubpath(host: NativeHost, point: MountPoint): Promise<MountPoint> {
  if (point.Subpath === undefined) return point;
  const Source = await resolveInRoot(host, point.Source, point.Subpath);
  if (!(await exists(host.files, Source)))
    throw badRequest(`cannot access path "${point.Subpath}" of volume "${point.Name}": no such file or directory`);
  return { ...point, Source };
}

/** Volumes without a name that only this container had. */
export async function removeAnonymousVolumes(
  volumes: VolumeStore,
  others: readonly ContainerRecord[],
  { mounts }: Pick<ContainerRecord, 'mounts'>,
): Promise<void> {
  for (const { Type: type, Anonymous: anonymous, Name: name } of mounts) {
    if (type !== 'volume' || !anonymous || name === undefined || !volumes.get(name)) continue;
    if (!others.some((other) => other.mounts.some((point) => point.Name === name))) await volumes.remove(name);
  }
}
