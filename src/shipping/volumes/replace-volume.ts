// New contents for a volume in place of old ones, in two moves: put aside while everybody works on, then exchanged while nobody
// does. Until the second move nothing of the volume has changed; after a failed one the old contents are put back.
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { readSpooled, Spool } from '../bundle/spool.ts';
import { emptyVolume, fillFolder, fillVolume, folderOf, readVolume, type VolumePlace } from './volume-access.ts';
import { VolumeError } from './volume-error.ts';

export interface Replacement {
  readonly volume: string;
  /** Exchanges the contents. Nobody may have the volume open. */
  commit(): Promise<void>;
  /** Brings the old contents back. */
  undo(): Promise<void>;
  /** Forgets what was put aside: the old contents after a commit, the new ones before. */
  forget(): Promise<void>;
}

/** Puts new contents aside. `archive` has been checked (check-volume.ts). */
export async function prepareReplacement(place: VolumePlace, archive: AsyncIterable<Uint8Array>): Promise<Replacement> {
  const folder = await folderOf(place);
  return folder === undefined ? asideAsArchives(place, archive) : asideAsFolder(place.volume, folder, archive);
}

/** Beside the volume's folder, on the same file system: exchanged by renaming. */
async function asideAsFolder(volume: string, folder: string, archive: AsyncIterable<Uint8Array>): Promise<Replacement> {
  const aside = await mkdtemp(join(dirname(folder), '.windlass-restore-'));
  const [fresh, old] = [join(aside, 'new'), join(aside, 'old')];
  const forget = (): Promise<void> => rm(aside, { recursive: true, force: true });
  try {
    await mkdir(fresh);
    await fillFolder(fresh, archive);
  } catch (error) {
    await forget();
    throw error;
  }
  return {
    volume,
    forget,
    async commit() {
      await rename(folder, old);
      try {
        await rename(fresh, folder);
      } catch (error) {
        await rename(old, folder);
        throw error;
      }
    },
    async undo() {
      await rename(folder, fresh);
      await rename(old, folder);
    },
  };
}

/** Where only the engine reaches the volume: emptied and filled, with the old contents kept as an archive until it is done. */
async function asideAsArchives(place: VolumePlace, archive: AsyncIterable<Uint8Array>): Promise<Replacement> {
  const { volume } = place;
  const spool = await Spool.beside(join(tmpdir(), 'windlass-restore'));
  try {
    const fresh = await spool.put(archive);
    let old: Awaited<ReturnType<Spool['put']>> | undefined;
    let isKept = false;
    const exchange = async (content: typeof fresh): Promise<void> => {
      await emptyVolume(place);
      await fillVolume(place, readSpooled(content));
    };
    const undo = async (): Promise<void> => {
      if (old === undefined) return;
      const { file } = old;
      await exchange(old).catch((cause: unknown) => {
        isKept = true;
        throw new VolumeError(`volume "${volume}" is half filled: ${messageOf(cause)}`, {
          cause,
          hint: `its old contents are in the tar archive "${file}"`,
        });
      });
    };
    return {
      volume,
      undo,
      forget: async () => {
        if (!isKept) await spool.remove();
      },
      async commit() {
        old = await spool.put(readVolume(place));
        try {
          await exchange(fresh);
        } catch (error) {
          await undo();
          throw error;
        }
      },
    };
  } catch (error) {
    await spool.remove();
    throw error;
  }
}
