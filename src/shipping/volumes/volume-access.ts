// Reads and fills volumes: through the folder they are in, where that is on this machine and ours to reach, which keeps everything
// (owners, modes, extended attributes, hard links, holes); else through the engine: by GNU tar in a container of an image that has it,
// which keeps nearly all, or by a container that is made and never started, whose archives know neither holes nor, where they are read,
// extended attributes other than capabilities.
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readTar } from '../../archive/tar-reader.ts';
import { type TarSource, writeTar } from '../../archive/tar-writer.ts';
import { cleaningUp } from '../../cleaning-up.ts';
import { messageOf } from '../../errors.ts';
import { realHost, startProgram } from '../../host.ts';
import { createHelper, MOUNT, type VolumePlace } from './helper-container.ts';
import { fillingTar, hasRead, imageTarInput, imageTarOutput, imageWithTar, readingTar } from './image-tar.ts';
import { interruptible } from './interruptible.ts';
import { isFolderOf } from './same-folder.ts';
import { expanded, volumeEntries } from './volume-entries.ts';
import { VolumeError } from './volume-error.ts';

/** Docker merges the folder's own mode and owner only when it is named. */
const MOUNTED = `${MOUNT.slice(1)}/`;

/** The contents, as an archive in the form of volume-entries.ts. */
export async function* readVolume(place: VolumePlace): AsyncGenerator<Uint8Array> {
  const folder = await folderOf(place);
  if (folder !== undefined) {
    yield* interruptible(writeTar(volumeEntries(tarOutput(folder), './')), place.signal);
    return;
  }
  const image = await imageWithTar(place);
  if (image === undefined) yield* readThroughEngine(place);
  else yield* interruptible(writeTar(volumeEntries(imageTarOutput(place, image), './')), place.signal);
}

async function* readThroughEngine(place: VolumePlace): AsyncGenerator<Uint8Array> {
  const { engine, signal } = place;
  const id = await createHelper(place);
  let archive: Readable | undefined;
  try {
    archive = await engine.getArchive(id, MOUNT, signal);
    // The native engine calls the top of a volume ".", Docker by the folder's name.
    const entries = volumeEntries(archive, engine.kind === 'native' ? './' : MOUNTED);
    yield* interruptible(writeTar(entries), signal);
  } finally {
    // An engine may wait for whoever reads before it removes what is read.
    archive?.destroy();
    await engine.removeContainer(id, { force: true, volumes: false });
  }
}

/** Whether nothing is in it. */
export async function isEmptyVolume(place: VolumePlace): Promise<boolean> {
  const folder = await folderOf(place);
  if (folder !== undefined) return (await readdir(folder)).length === 0;
  let entries = 0;
  const contents = readThroughEngine(place);
  for await (const _ of readTar(contents)) if (++entries > 1) return false;
  return true;
}

/** Puts an archive, which has been checked (check-volume.ts), into an empty volume. */
export async function fillVolume(place: VolumePlace, archive: AsyncIterable<Uint8Array>): Promise<void> {
  const folder = await folderOf(place);
  if (folder !== undefined) return fillFolder(folder, archive);
  const image = await imageWithTar(place);
  if (image !== undefined) return imageTarInput(place, image, writeTar(volumeEntries(archive, '')));
  const { engine, signal } = place;
  const id = await createHelper(place);
  // The native engine reaches a volume by its own path alone; Docker gives the folder its mode and owner from above.
  const isNative = engine.kind === 'native';
  const entries = async function* (): AsyncGenerator<TarSource> {
    for await (const entry of readTar(archive)) yield expanded(entry, isNative ? '' : MOUNTED);
  };
  await cleaningUp(
    () => engine.putArchive(id, isNative ? MOUNT : '/', Readable.from(writeTar(entries())), {}, signal),
    () => engine.removeContainer(id, { force: true, volumes: false }),
  );
}

/** Puts such an archive into an empty folder. tar reads nothing but what has been written anew here. */
export const fillFolder = (folder: string, archive: AsyncIterable<Uint8Array>): Promise<void> =>
  tarInput(folder, writeTar(volumeEntries(archive, '')));

/** The volume's folder, where it can be reached without the engine. */
export async function folderOf({ engine, volume, throughEngine, signal }: VolumePlace): Promise<string | undefined> {
  const found = await engine.findVolume(volume, signal);
  if (found === undefined) throw new VolumeError(`there is no volume "${volume}"`);
  const { mountpoint, createdAt, driver } = found;
  if (throughEngine === true || mountpoint === undefined || createdAt === undefined || driver !== 'local')
    return undefined;
  // Only root may give files away.
  if (process.getuid?.() !== 0 || !engine.endpoint.startsWith('unix://')) return undefined;
  return (await isFolderOf(createdAt, mountpoint)) ? mountpoint : undefined;
}

/** Removes everything in it. Where only the engine reaches it, by the shell of the image. */
export async function emptyVolume(place: VolumePlace): Promise<void> {
  const folder = await folderOf(place);
  if (folder !== undefined) {
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
    return;
  }
  const { engine, volume, signal } = place;
  const id = await createHelper(place, { program: ['sh', '-c', `rm -rf ${MOUNT}/* ${MOUNT}/.[!.]* ${MOUNT}/..?*`] });
  const empty = async (): Promise<void> => {
    await engine.startContainer(id, signal);
    const code = await engine.waitContainer(id, signal);
    if (code !== 0) throw new VolumeError(`cannot empty volume "${volume}": rm ended with status ${code}`);
  };
  await cleaningUp(empty, () => engine.removeContainer(id, { force: true, volumes: false })).catch((cause: unknown) => {
    if (cause instanceof VolumeError) throw cause;
    throw new VolumeError(
      `cannot empty volume "${volume}" with the shell of an image of the project: ${messageOf(cause)}`,
      { cause, hint: 'run this where the engine runs, as root: there the volume is reached without an image' },
    );
  });
}

async function* tarOutput(folder: string): AsyncGenerator<Uint8Array> {
  const tar = await startProgram('tar', readingTar(folder), ['ignore', 'pipe', 'pipe']);
  const ended = exitOf(tar);
  try {
    yield* tar.stdout ?? [];
    const { code, said } = await ended;
    if (!hasRead(code)) throw new VolumeError(`cannot read "${folder}": tar says: ${said}`);
  } finally {
    tar.kill();
  }
}

async function tarInput(folder: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
  const tar = await startProgram('tar', fillingTar(folder), ['pipe', 'ignore', 'pipe']);
  const ended = exitOf(tar);
  if (tar.stdin === null) throw new Error('tar was started without a standard input');
  const fed = pipeline(Readable.from(archive), tar.stdin).catch((error: NodeJS.ErrnoException) => {
    // tar's own words say why it stopped reading.
    if (error.code !== 'EPIPE') throw error;
  });
  const [{ code, said }] = await Promise.all([ended, fed]);
  if (code !== 0) throw new VolumeError(`cannot fill "${folder}": tar says: ${said}`);
}

async function exitOf(child: Awaited<ReturnType<typeof startProgram>>): Promise<{ code: number; said: string }> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 128, said: said.trim() };
}

/** Bytes that a folder takes on its disk. */
export async function folderSize(folder: string): Promise<number> {
  const { stdout, stderr } = await realHost.run('du', ['--summarize', '--block-size=1', folder]);
  // Its status tells of files, too, that were gone before they were measured.
  if (stdout === '') throw new VolumeError(`cannot measure "${folder}": du says: ${stderr.trim()}`);
  return Number.parseInt(stdout, 10);
}
