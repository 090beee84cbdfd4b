// GNU tar, here or in a container of an image that has it: it knows holes and extended attributes, which the engines' own archives do not.

import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { cleaningUp } from '../../cleaning-up.ts';
import type { Engine, ProcessStreams } from '../../engine/engine.ts';
import { createHelper, MOUNT, type VolumePlace } from './helper-container.ts';
import { VolumeError } from './volume-error.ts';

const BOTH = ['--numeric-owner', '--xattrs', '--xattrs-include=*'];

/** Arguments that write a folder's contents to standard output. */
export const readingTar = (folder: string): string[] => [
  ...['--create', '--sparse', '--sort=name', '--format=posix', ...BOTH],
  ...['--directory', folder, '--file', '-', '.'],
];

/** Arguments that fill a folder from standard input. */
export const fillingTar = (folder: string): string[] => [
  ...['--extract', '--preserve-permissions', '--same-owner', ...BOTH],
  ...['--directory', folder, '--file', '-'],
];

/** 1: a file changed while it was read, as files of a service that goes on do. */
export const hasRead = (code: number): boolean => code === 0 || code === 1;

const found = new WeakMap<Engine, Map<string, Promise<boolean>>>();

/** The first of the images whose tar is GNU's; undefined where there is none. Each is asked once, by a container of it. */
export async function imageWithTar(place: VolumePlace): Promise<string | undefined> {
  const known = found.get(place.engine) ?? new Map<string, Promise<boolean>>();
  found.set(place.engine, known);
  for (const image of place.images) {
    const asked = known.get(image) ?? isGnu(place, image);
    known.set(image, asked);
    if (await asked) return image;
  }
  return undefined;
}

async function isGnu(place: VolumePlace, image: string): Promise<boolean> {
  try {
    const tar = await startTar(place, image, ['--version']);
    try {
      let text = '';
      for await (const chunk of tar.stdout) text += String(chunk);
      // The first that sorts, and has extended attributes wherever it was built.
      const [, minor = 0] = /^tar \(GNU tar\) 1\.(\d+)/.exec(text) ?? [];
      return (await tar.end()).code === 0 && Number(minor) >= 28;
    } finally {
      await tar.remove();
    }
  } catch {
    // No such image, or no tar in it. What is wrong with the engine, the other way will tell.
    place.signal?.throwIfAborted();
    return false;
  }
}

export async function* imageTarOutput(place: VolumePlace, image: string): AsyncGenerator<Uint8Array> {
  const tar = await startTar(place, image, readingTar(MOUNT));
  try {
    yield* tar.stdout;
    const { code, said } = await tar.end();
    if (!hasRead(code)) throw new VolumeError(`cannot read volume "${place.volume}": tar of "${image}" says: ${said}`);
  } finally {
    await tar.remove();
  }
}

/** The archive must have been checked, or written anew here. */
export async function imageTarInput(
  place: VolumePlace,
  image: string,
  archive: AsyncIterable<Uint8Array>,
): Promise<void> {
  const tar = await startTar(place, image, fillingTar(MOUNT), true);
  await cleaningUp(async () => {
    tar.stdout.resume();
    const fed = pipeline(Readable.from(archive), tar.stdin, { end: true }).catch((error: NodeJS.ErrnoException) => {
      // tar's own words say why it stopped reading.
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') throw error;
    });
    await Promise.all([finished(tar.stdout), fed]);
    const { code, said } = await tar.end();
    if (code !== 0) throw new VolumeError(`cannot fill volume "${place.volume}": tar of "${image}" says: ${said}`);
  }, tar.remove);
}

interface RunningTar extends Pick<ProcessStreams, 'stdin' | 'stdout'> {
  /** To be called when its output has ended: resolves with its exit status and the end of what it said. */
  end(): Promise<{ readonly code: number; readonly said: string }>;
  remove(): Promise<void>;
}

/** By that the container stays until it is removed, whatever else its image has: it waits for an archive that never comes. */
const WAITING = ['tar', '--extract', '--file', '-'];

/** tar runs beside the container's own process: what that wrote would go into its log, all of the volume. */
async function startTar(
  place: VolumePlace,
  image: string,
  args: readonly string[],
  input = false,
): Promise<RunningTar> {
  const { engine, signal } = place;
  const id = await createHelper(place, { image, program: WAITING, input: true });
  const remove = (): Promise<void> => engine.removeContainer(id, { force: true, volumes: false });
  try {
    await engine.startContainer(id, signal);
    const request = { command: ['tar', ...args], user: '0:0', tty: false, attachStdin: input, attachOutput: true };
    const exec = await engine.createExec(id, request, signal);
    const streams = await exec.start({ detach: false, tty: false });
    if (streams === undefined) throw new Error('a process that was not detached has no streams');
    const { stdin, stdout, stderr } = streams;
    let said = '';
    stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
    });
    const end: RunningTar['end'] = async () => ({ code: await exec.exitCode(), said: said.trim() });
    return { stdin, stdout, end, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
