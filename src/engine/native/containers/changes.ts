// What a container has changed above its image: the entries of its writable layer, compared with the layers below.
import { join } from 'node:path';
import type { TarHeader } from '../../../archive/tar-header.ts';
import { tarEntries } from '../builder/files/mounted-tree.ts';
import { hasCode, type NativeHost } from '../host.ts';

export interface Change {
  readonly Path: string;
  /** 0 changed, 1 added, 2 deleted. */
  readonly Kind: 0 | 1 | 2;
}

/** Mounted over in every container: what stands there in the writable layer is where a mount was put. */
const MOUNTED_FOLDERS = ['dev', 'proc', 'sys'];
const MOUNTED_FILES = new Set(['etc/hosts', 'etc/hostname', 'etc/resolv.conf', 'sbin/docker-init', '.dockerenv']);

/** Whether an entry of a writable layer is only the place of one of the engine's own mounts. Pure. */
export const isMountPlace = (entry: Pick<TarHeader, 'path' | 'type' | 'size'>): boolean =>
  MOUNTED_FOLDERS.some((folder) => entry.path === folder || entry.path.startsWith(`${folder}/`)) ||
  (MOUNTED_FILES.has(entry.path) && entry.type === 'file' && entry.size === 0);

/** Changes in the order of paths. `layers` are the folders of the image's layers, topmost first. */
export async function listChanges(host: NativeHost, upper: string, layers: readonly string[]): Promise<Change[]> {
  const changes: Change[] = [];
  const folders: TarHeader[] = [];
  for await (const entry of tarEntries(host, upper, '.')) {
    if (entry.path === '' || isMountPlace(entry)) continue;
    const Path = `/${entry.path}`;
    if (entry.type === 'char' && entry.devMajor === 0 && entry.devMinor === 0) changes.push({ Path, Kind: 2 });
    else if (!(await isBelow(host, layers, entry.path))) changes.push({ Path, Kind: 1 });
    else if (entry.type === 'directory') folders.push(entry);
    else changes.push({ Path, Kind: 0 });
  }
  // A folder is copied up for what is in it: it counts where that is told.
  for (const { path } of folders)
    if (changes.some((change) => change.Path.startsWith(`/${path}/`))) changes.push({ Path: `/${path}`, Kind: 0 });
  return changes.sort((a, b) => (a.Path < b.Path ? -1 : 1));
}

/** Whether the layers have something at a path: the topmost that knows of it decides. */
async function isBelow(host: NativeHost, layers: readonly string[], path: string): Promise<boolean> {
  for (const layer of layers) {
    const facts = await host.files.lstat(join(layer, path)).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      if (hasCode(error, 'ENOTDIR')) return 'hidden' as const;
      throw error;
    });
    if (facts === 'hidden') return false;
    if (facts) return !(facts.isCharacterDevice() && facts.rdev === 0);
  }
  return false;
}
