// Whether an archive may be unpacked into a volume: a stranger made it, and what unpacks it may be root.
import { dirname } from 'node:path';
import { readTar } from '../../archive/tar-reader.ts';
import { messageOf, WindlassError } from '../../errors.ts';
import { nameOf, realSize, sparseProblem } from './volume-entries.ts';
import { VolumeError } from './volume-error.ts';

export interface VolumeFacts {
  readonly entries: number;
  /** Bytes of all files, holes included. */
  readonly unpackedSize: number;
}

/** Reads all of it. Throws VolumeError for paths out of the volume, devices, and links that nothing of the volume stands behind. */
export async function checkVolume(archive: AsyncIterable<Uint8Array>): Promise<VolumeFacts> {
  const seen = new Map<string, 'folder' | 'file' | 'other'>();
  let unpackedSize = 0;
  const refuse = (path: string, why: string): never => {
    throw new VolumeError(`the archive of the volume is not safe: ${JSON.stringify(path)} ${why}`);
  };
  try {
    for await (const entry of readTar(archive)) {
      const isRoot = seen.size === 0 && entry.path === './' && entry.type === 'directory';
      const path = isRoot ? '.' : nameOf(entry).replace(/\/$/, '');
      if (seen.size === 0 && !isRoot) refuse(entry.path, 'is not the folder of the volume itself');
      if (!isRoot && !isInside(path)) refuse(path, 'leads out of it');
      if (seen.has(path)) refuse(path, 'is there twice');
      if (!isRoot && seen.get(dirname(path)) !== 'folder') refuse(path, 'is in a folder that is none');
      if (entry.type === 'char' || entry.type === 'block') refuse(path, 'is a device');
      if (entry.type === 'link' && seen.get(entry.linkPath) !== 'file') refuse(path, 'is a hard link to nothing in it');
      const size = entry.type === 'file' ? realSize(entry) : 0;
      if (!Number.isSafeInteger(size) || size < 0) refuse(path, 'has no sensible size');
      const problem = await sparseProblem(entry);
      if (problem !== undefined) refuse(path, problem);
      unpackedSize += size;
      const isFile = entry.type === 'file' || entry.type === 'link';
      seen.set(path, entry.type === 'directory' ? 'folder' : isFile ? 'file' : 'other');
    }
  } catch (error) {
    if (error instanceof WindlassError) throw error;
    throw new VolumeError(`the archive of the volume is damaged: ${messageOf(error)}`, { cause: error });
  }
  if (seen.size === 0) throw new VolumeError('the archive of the volume is empty');
  return { entries: seen.size, unpackedSize };
}

/** Names in a volume may hold anything but what makes paths. */
const isInside = (path: string): boolean =>
  path.length > 0 &&
  path.length <= 4096 &&
  !path.includes('\0') &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
