// Removing paths inside a running container: with its own `rm`, or, in images that have none, with a program of a few hundred
// bytes that is put there for the moment.
import { randomBytes } from 'node:crypto';
import { END_OF_ARCHIVE, encodeHeader, padding } from '../archive/tar-header.ts';
import { readTar } from '../archive/tar-reader.ts';
import type { Engine, ProcessStreams } from '../engine/engine.ts';
import { isNotFound, messageOf, WindlassError } from '../errors.ts';
import { removerProgram } from './remover-program.ts';

/** Far below what the kernel takes as arguments of one program (128 KiB for one, 2 MiB for all). */
const MOST_ARGUMENT_BYTES = 64 * 1024;

export class Remover {
  readonly #engine: Engine;
  readonly #architecture: () => Promise<string>;
  /** Containers in which `rm` was not found. */
  readonly #without = new Set<string>();

  constructor(engine: Engine, architecture: () => Promise<string>) {
    this.#engine = engine;
    this.#architecture = architecture;
  }

  /** Removes files, and folders with all that is in them. What is gone already counts as removed. */
  async remove(container: string, paths: readonly string[], signal?: AbortSignal): Promise<void> {
    for (const some of portions(paths)) {
      if (this.#without.has(container)) await this.#removeByProgram(container, some, signal);
      else if (!(await this.#removeByRm(container, some, signal))) {
        this.#without.add(container);
        await this.#removeByProgram(container, some, signal);
      }
    }
  }

  /** False when the image has no `rm` that could be run. */
  async #removeByRm(container: string, paths: readonly string[], signal?: AbortSignal): Promise<boolean> {
    let ended: Ended;
    try {
      ended = await run(this.#engine, container, ['rm', '-rf', '--', ...paths], signal);
    } catch (error) {
      if (isMissingProgram(messageOf(error))) return false;
      throw error;
    }
    if (ended.exitCode === 0) return true;
    if (ended.exitCode === 126 || ended.exitCode === 127 || isMissingProgram(ended.output)) return false;
    throw failure(paths, ended);
  }

  async #removeByProgram(container: string, paths: readonly string[], signal?: AbortSignal): Promise<void> {
    const architecture = await this.#architecture();
    const program = removerProgram(architecture);
    if (program === undefined)
      throw new WindlassError('WATCH_NO_RM', `cannot remove ${quoted(paths)}: the image has no "rm"`, {
        hint: `put one into the image, or have the container rebuilt for such changes (no other way on "${architecture}")`,
      });
    const all = (await Promise.all(paths.map((path) => this.#withContents(container, path, signal)))).flat();
    const name = `.windlass-remove-${randomBytes(6).toString('hex')}`;
    await this.#engine.putArchive(container, '/', archiveWith(name, program), {}, signal);
    // Last of all the program removes itself.
    for (const some of portions([...all, `/${name}`])) {
      const ended = await run(this.#engine, container, [`/${name}`, ...some], signal);
      if (ended.exitCode !== 0) throw failure(paths, ended);
    }
  }

  /** A path after all that is below it. */
  async #withContents(container: string, path: string, signal?: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    try {
      const parent = path.slice(0, path.lastIndexOf('/'));
      for await (const entry of readTar(await this.#engine.getArchive(container, path, signal))) {
        found.push(`${parent}/${entry.path.replace(/\/+$/, '')}`);
        for await (const _ of entry.body());
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return found.reverse();
  }
}

interface Ended {
  readonly exitCode: number;
  readonly output: string;
}

async function run(
  engine: Engine,
  container: string,
  command: readonly string[],
  signal?: AbortSignal,
): Promise<Ended> {
  // As root: what is removed may lie in a folder that the service's user may not write to.
  const request = { command, user: '0', tty: false, attachStdin: false, attachOutput: true };
  const exec = await engine.createExec(container, request, signal);
  const streams = await exec.start({ detach: false, tty: false });
  const output = streams === undefined ? '' : await outputOf(streams);
  return { exitCode: await exec.exitCode(), output };
}

async function outputOf(streams: ProcessStreams): Promise<string> {
  let text = '';
  const gather = async (from: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of from) text = (text + String(chunk)).slice(0, 4096);
  };
  await Promise.all([gather(streams.stdout), gather(streams.stderr)]);
  return text.trim();
}

/** What runtimes say of a program that is not there (runc, crun). */
const isMissingProgram = (text: string): boolean =>
  /executable file not found|no such file or directory|executable file `rm` not found/i.test(text);

const failure = (paths: readonly string[], { exitCode, output }: Ended): WindlassError =>
  new WindlassError('WATCH_REMOVE', `cannot remove ${quoted(paths)}: ${output || `exit status ${exitCode}`}`);

const quoted = (paths: readonly string[]): string =>
  paths.length > 1 ? `"${paths[0]}" and ${paths.length - 1} more` : `"${paths[0]}"`;

function archiveWith(name: string, program: Buffer): Buffer {
  const about = {
    type: 'file',
    mode: 0o700,
    uid: 0,
    gid: 0,
    mtime: 0,
    linkPath: '',
    devMajor: 0,
    devMinor: 0,
  } as const;
  const header = encodeHeader({ ...about, path: name, size: program.length, xattrs: new Map() });
  return Buffer.concat([header, program, Buffer.alloc(padding(program.length)), END_OF_ARCHIVE]);
}

function* portions(paths: readonly string[]): Generator<string[]> {
  let some: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    const size = Buffer.byteLength(path) + 1;
    if (bytes + size > MOST_ARGUMENT_BYTES && some.length > 0) {
      yield some;
      [some, bytes] = [[], 0];
    }
    some.push(path);
    bytes += size;
  }
  if (some.length > 0) yield some;
}
