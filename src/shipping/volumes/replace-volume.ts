// New contents for a volume in place of old ones, in two moves: put aside while everybody works on, then exchanged while nobody
// does. Until the second move nothing of the volume has changed; after a failed one the old contents are put back.
import { access, mkdir, mkdtemp, readdir, rename, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { readSpooled, Spool } from '../bundle/spool.ts';
import type { VolumeFacts } from './check-volume.ts';
import type { VolumePlace } from './helper-container.ts';
import { imageWithTar } from './image-tar.ts';
import { interruptible } from './interruptible.ts';
import { emptyVolume, fillFolder, fillVolume, folderOf, readVolume } from './volume-access.ts';
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

/** Contents that have been checked (check-volume.ts). */
export interface NewContents extends VolumeFacts {
  /** Bytes of the archive, which has no holes in it. */
  readonly size: number;
  readonly archive: AsyncIterable<Uint8Array>;
}

/** Puts new contents aside. Throws VolumeError where they would not fit. */
export async function prepareReplacement(place: VolumePlace, contents: NewContents): Promise<Replacement> {
  await recover(place);
  const archive = interruptible(contents.archive, place.signal);
  const folder = await folderOf(place);
  if (folder === undefined) await refuseHoles(place, contents);
  else await requireRoom(place.volume, folder, contents);
  return folder === undefined ? asideAsArchives(place, archive) : asideAsFolder(place.volume, folder, archive);
}

/** Written out as zeros they would fill the disk of the engine: it cannot be asked how much room there is. */
const MOST_HOLES = 16 * 1024 ** 3;

async function refuseHoles(place: VolumePlace, { size, unpackedSize }: NewContents): Promise<void> {
  const { volume } = place;
  if (unpackedSize - size > MOST_HOLES && (await imageWithTar(place)) === undefined)
    throw new VolumeError(
      `volume "${volume}" would get ${Math.round((unpackedSize - size) / 1024 ** 3)} GiB of zeros for the holes of its files`,
      {
        hint: 'run this where the engine runs, as root, or with an image in the project that has GNU tar: there holes stay holes',
      },
    );
}

async function requireRoom(volume: string, folder: string, { size, entries }: NewContents): Promise<void> {
  const { bavail, bsize, files, ffree } = await statfs(folder);
  // File systems without a table of inodes tell of none at all.
  if (size <= bavail * bsize && (files === 0 || entries <= ffree)) return;
  throw new VolumeError(
    `there is no room for ${entries} files of ${size} bytes beside the contents of volume "${volume}"`,
    {
      hint: `make room on the file system of "${folder}", which has ${bavail * bsize} bytes left`,
    },
  );
}

const PREFIX = '.windlass-restore-';

/** A process that was killed between the two renames of an exchange has left the old contents beside a folder that is gone. */
async function recover({ engine, volume, signal }: VolumePlace): Promise<void> {
  const folder = (await engine.findVolume(volume, signal))?.mountpoint;
  if (folder === undefined || !engine.endpoint.startsWith('unix://') || (await isThere(folder))) return;
  const parent = dirname(folder);
  for (const name of await readdir(parent).catch(() => []))
    if (name.startsWith(PREFIX) && (await isThere(join(parent, name, 'old'))))
      return rename(join(parent, name, 'old'), folder);
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Beside the volume's folder, on the same file system: exchanged by renaming. */
async function asideAsFolder(volume: string, folder: string, archive: AsyncIterable<Uint8Array>): Promise<Replacement> {
  const parent = dirname(folder);
  // What was killed on the way left its own; no two restores of one project go on at a time.
  for (const name of await readdir(parent))
    if (name.startsWith(PREFIX)) await rm(join(parent, name), { recursive: true, force: true });
  const aside = await mkdtemp(join(parent, PREFIX));
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
    // Bringing old contents back must not be interrupted by what interrupted the new ones.
    const unhurried: VolumePlace = { ...place, signal: undefined };
    const exchange = async (content: typeof fresh, at: VolumePlace): Promise<void> => {
      await emptyVolume(at);
      await fillVolume(at, readSpooled(content));
    };
    const undo = async (): Promise<void> => {
      if (old === undefined) return;
      const { file } = old;
      await exchange(old, unhurried).catch((cause: unknown) => {
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
          await exchange(fresh, place);
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
