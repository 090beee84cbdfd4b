// The contents of volumes into a bundle, and out of it into volumes that are new or empty.
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../../engine/engine.ts';
import type { Project, Volume } from '../../model.ts';
import { checkVolume, type VolumeFacts } from '../volumes/check-volume.ts';
import type { VolumePlace } from '../volumes/helper-container.ts';
import { planQuiet, whileQuiet } from '../volumes/quiesce.ts';
import { fillVolume, isEmptyVolume, readVolume } from '../volumes/volume-access.ts';
import { VolumeError } from '../volumes/volume-error.ts';
import { BundleError } from './bundle-error.ts';
import { type BundleVolume, byBytes } from './manifest.ts';
import { type CheckedBundle, contentsOf, recheck } from './read-bundle.ts';
import { readSpooled, type Spool, type Spooled } from './spool.ts';

type PlaceOf = (volume: string) => VolumePlace;

/** The project's own volumes, by key, sorted. */
const ownVolumes = (project: Project): [string, Volume][] =>
  Object.entries(project.volumes)
    .filter(([, { external }]) => external !== true)
    .sort(([a], [b]) => byBytes(a, b));

export interface SavedVolume extends BundleVolume {
  readonly content: Spooled;
}

export interface SaveOptions {
  readonly engine: Engine;
  readonly project: Project;
  readonly spool: Spool;
  readonly placeOf: PlaceOf;
  /** Of the volumes to read; all unless given. */
  readonly keys?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Reads every volume of the project that is there, all of them at one moment. */
export async function saveVolumes(options: SaveOptions): Promise<SavedVolume[]> {
  const { engine, project, spool, placeOf, keys, signal } = options;
  const { volumes, containers } = await engine.observe(project.name, signal);
  const present = ownVolumes(project).filter(
    ([key, { name }]) => (keys?.includes(key) ?? true) && volumes.some((volume) => volume.name === name),
  );
  const quiet = planQuiet(
    project,
    present.map(([key]) => key),
    containers,
  );
  const read = (): Promise<[string, Spooled][]> =>
    inTurn(present, async ([key, { name }]) => [key, await spool.put(readVolume(placeOf(name)))]);
  const contents = await whileQuiet(engine, quiet, read, signal);
  return inTurn(contents, async ([key, content]) => ({
    ...{ key, path: `volumes/${key}.tar`, content },
    ...(await factsOf(key, content)),
  }));
}

/** What could not be restored is not saved. */
async function factsOf(key: string, content: Spooled): Promise<VolumeFacts> {
  try {
    return await checkVolume(readSpooled(content));
  } catch (cause) {
    if (!(cause instanceof VolumeError)) throw cause;
    throw new VolumeError(`volume "${key}" cannot be kept: ${cause.message}`, {
      cause,
      hint: 'remove from the volume what the message names, or leave the volume out',
    });
  }
}

export interface RestoreOptions {
  readonly file: string;
  readonly bundle: CheckedBundle & { readonly folder: string };
  readonly engine: Engine;
  readonly project: Project;
  readonly placeOf: PlaceOf;
  /** Labels that the volume would have if `up` made it. */
  readonly labelsOf: (key: string, volume: Volume) => Readonly<Record<string, string>>;
  readonly onRestored: (volume: string) => void;
  readonly signal?: AbortSignal;
}

/** Fills the project's volumes that are not there or empty. Those with something in them stay as they are. */
export async function restoreVolumes(options: RestoreOptions): Promise<void> {
  const { bundle, project, file } = options;
  const wanted: Wanted[] = [];
  for (const described of bundle.manifest.volumes) {
    const volume = project.volumes[described.key];
    if (volume === undefined || volume.external === true) continue;
    if (await needsContents(options, volume)) wanted.push({ ...described, volume });
  }
  if (wanted.length === 0) return;
  // All of them are looked through before the first is touched.
  if (!bundle.isChecked) await recheck(file, bundle.digest);
  for await (const { content, bytes } of contentsOf(file)) {
    const found = wanted.find((one) => one.path === content.path);
    if (found !== undefined) await checkArchive(found, bytes());
  }
  for await (const { content, bytes } of contentsOf(file)) {
    const found = wanted.find((one) => one.path === content.path);
    if (found !== undefined) await restore(options, found, bytes());
  }
}

interface Wanted extends BundleVolume {
  readonly volume: Volume;
}

/** A file that is there while a volume is being filled, and one that is there once it has been. */
const marks = ({ bundle, engine }: RestoreOptions, { name }: Volume): { begun: string; done: string } => {
  const base = join(bundle.folder, 'volumes', encodeURIComponent(`${name} ${engine.endpoint}`));
  return { begun: `${base}.begun`, done: `${base}.done` };
};

async function needsContents(options: RestoreOptions, volume: Volume): Promise<boolean> {
  const { engine, placeOf, signal } = options;
  const { begun, done } = marks(options, volume);
  const there = await engine.findVolume(volume.name, signal);
  if (there === undefined) return true;
  // Half filled, when the filling was interrupted: nothing has used it yet.
  if (await exists(begun)) {
    await engine.removeVolume(volume.name, signal);
    return true;
  }
  return !(await exists(done)) && (await isEmptyVolume(placeOf(volume.name)));
}

/** Reads all of it. Throws for an archive that is not safe, or not the one that is described. */
export async function checkArchive(wanted: BundleVolume, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const found = await checkVolume(bytes);
  if (found.entries !== wanted.entries || found.unpackedSize !== wanted.unpackedSize)
    throw new BundleError(`the contents of volume "${wanted.key}" are not what the bundle says they are`);
}

async function restore(options: RestoreOptions, wanted: Wanted, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const { engine, placeOf, labelsOf, onRestored, bundle, signal } = options;
  const { key, volume } = wanted;
  const { begun, done } = marks(options, volume);
  await mkdir(join(bundle.folder, 'volumes'), { recursive: true });
  await writeFile(begun, '');
  if ((await engine.findVolume(volume.name, signal)) === undefined)
    await engine.createVolume(volume, labelsOf(key, volume), signal);
  await fillVolume(placeOf(volume.name), bytes);
  await writeFile(done, '');
  await rm(begun);
  onRestored(volume.name);
}

async function inTurn<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await run(item));
  return results;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
