// Files of a container as an archive, in and out (`docker cp`); what is trusted and what not is in archive-helper.ts.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { readTar } from '../../../archive/tar-reader.ts';
import type { NativeHost } from '../host.ts';
import { ApiError, badRequest, notFound } from '../server/api-error.ts';
import { archiveProgram } from './archive-helper.ts';
import { keepWriter, takeWriter, WriterInput } from './archive-writers.ts';

/** Where a container's files are: its root, or a volume's folder, and the path there. */
export interface ArchivePlace {
  readonly root: string;
  /** A file that leads to the user namespace whose ids owners are told in; absent for the host's own. */
  readonly users?: string | undefined;
  readonly path: string;
  /** What the client asked for, for messages. */
  readonly asked: { readonly container: string; readonly path: string };
}

export interface PathFacts {
  readonly name: string;
  readonly size: number;
  /** As Go's os.FileMode, which clients decode. */
  readonly mode: number;
  readonly mtime: string;
  readonly linkTarget: string;
}

const NOT_FOUND = 44;
const NO_FOLDER = 45;
const REFUSED = 43;

function start(host: NativeHost, mode: 'stat' | 'get' | 'put', args: readonly string[], input: boolean): ChildProcess {
  const program = archiveProgram(process.arch, mode);
  if (program === undefined) throw new ApiError(501, `archives are not served on the architecture "${process.arch}"`);
  return host.start('perl', ['-e', program, '--', ...args], {
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    cwd: '/',
  });
}

async function outcome(child: ChildProcess, asked: ArchivePlace['asked'], stderr: () => string): Promise<void> {
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw failureOf(code, asked, stderr());
}

function failureOf(code: number | null, { container, path }: ArchivePlace['asked'], stderr: string): ApiError {
  if (code === NOT_FOUND) return notFound(`Could not find the file ${path} in container ${container}`);
  if (code === NO_FOLDER) return badRequest(`${path}: not a directory`);
  if (code === REFUSED) return badRequest(stderr.trim());
  return new ApiError(500, `cannot reach ${path} in container ${container}: ${stderr.trim()}`);
}

function gather(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(0, 64 * 1024);
  });
  return () => text;
}

export async function statPath(host: NativeHost, place: ArchivePlace): Promise<PathFacts> {
  const child = start(host, 'stat', [place.root, place.users ?? '', place.path], false);
  const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)];
  await outcome(child, place.asked, stderr);
  const [mode = '0', size = '0', mtime = '0', ...link] = stdout().replace(/\n$/, '').split('\t');
  return {
    name:
      place.path
        .split('/')
        .filter((part) => part !== '')
        .at(-1) ?? '/',
    size: Number(size),
    mode: goMode(Number.parseInt(mode, 8)),
    mtime: new Date(Number(mtime) * 1000).toISOString().replace('.000Z', 'Z'),
    linkTarget: link.join('\t') === '' ? '' : resolve('/', place.path, '..', link.join('\t')),
  };
}

/** Kind of file → its bits in Go's os.FileMode. */
const GO_KINDS: ReadonlyMap<number, number> = new Map([
  [0o040000, 2 ** 31],
  [0o120000, 2 ** 27],
  [0o010000, 2 ** 25],
  [0o140000, 2 ** 24],
  [0o060000, 2 ** 26],
  [0o020000, 2 ** 26 + 2 ** 21],
]);

/** Go keeps kinds and special bits at other places than the kernel. Pure. */
export function goMode(mode: number): number {
  const special = (mode & 0o4000 ? 2 ** 23 : 0) + (mode & 0o2000 ? 2 ** 22 : 0) + (mode & 0o1000 ? 2 ** 20 : 0);
  return (GO_KINDS.get(mode & 0o170000) ?? 0) + special + (mode & 0o777);
}

export interface GetOptions {
  /** What is mounted below is left out: its places are there, and empty, where they can be looked at. */
  readonly withoutMounts?: boolean;
}

/**
 * An archive of a file or folder that `statPath` has found, named by its last component; of what a link leads to where a
 * slash follows it. It fails where it is not complete; destroying it ends the program behind it.
 */
export function getArchive(
  host: NativeHost,
  place: ArchivePlace,
  { withoutMounts = false }: GetOptions = {},
): Readable {
  const child = start(
    host,
    'get',
    [place.root, place.users ?? '', withoutMounts ? '1' : '', ...archived(place.path)],
    false,
  );
  if (!child.stdout) throw new Error('tar was started without a standard output');
  return Readable.from(completeArchive(child, child.stdout, place), { objectMode: false });
}

/** 1: a file changed while it was read, which in a container that runs is nobody's fault. */
const CHANGED_MEANWHILE = 1;

async function* completeArchive(child: ChildProcess, stdout: Readable, place: ArchivePlace): AsyncGenerator<Buffer> {
  const stderr = gather(child.stderr);
  const ended = once(child, 'close') as Promise<[number | null]>;
  ended.catch(() => undefined);
  yield* stdout as AsyncIterable<Buffer>;
  const [code] = await ended;
  if (code !== 0 && code !== CHANGED_MEANWHILE) throw failureOf(code, place.asked, stderr());
}

/** The folder to be in, what to archive there and, where that is the folder itself, what to call it. */
function archived(path: string): string[] {
  if (path === '' || path.endsWith('/.')) return [path, '.'];
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const name = parts.at(-1) ?? '';
  if (path.endsWith('/') && !name.includes('\n')) return [path, '.', `${name.replace(/[\\&,]/g, '\\$&')}/`];
  return [`/${parts.slice(0, -1).join('/')}`, name];
}

export interface PutOptions {
  /** Refuse to replace a folder by something else, and the other way round. */
  readonly careful: boolean;
}

/** Unpacks an uncompressed archive into an existing folder. */
export async function putArchive(
  host: NativeHost,
  place: ArchivePlace,
  archive: Readable,
  options: PutOptions,
): Promise<void> {
  const child = takeWriter(host, () => start(host, 'put', [], true));
  const stderr = gather(child.stderr);
  child.stdout?.resume();
  const ended = outcome(child, place.asked, stderr);
  ended.catch(() => undefined);
  const out = new WriterInput(child);
  try {
    await out.write(
      `${[place.root, place.users ?? '', place.path, options.careful ? '1' : ''].map(encode).join('\t')}\n`,
    );
    for await (const entry of readTar(archive)) {
      const path = inside(entry.path);
      if (path === '') continue;
      const link = entry.type === 'link' ? inside(entry.linkPath) : entry.linkPath;
      const { type, mode, uid, gid, mtime, size, devMajor, devMinor } = entry;
      const fields = [type, mode.toString(8), uid, gid, Math.trunc(mtime), size, devMajor, devMinor, path, link];
      await out.write(`${fields.map((field) => encode(String(field))).join('\t')}\n`);
      for await (const piece of entry.body()) await out.write(piece);
      if (out.broken) break;
    }
  } catch (error) {
    // The writer has ended, and its own words say why.
    if (out.broken) await ended;
    child.kill();
    throw badRequest(`cannot read the archive: ${error instanceof Error ? error.message : String(error)}`);
  }
  out.end();
  await ended;
  keepWriter(host, () => start(host, 'put', [], true));
}

/** A path relative to the target folder; what climbs out of it stays at its top. */
const inside = (path: string): string => join('/', path).replace(/^\/+|\/+$/g, '');

const encode = (field: string): string =>
  field.replace(/[%\t\n]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
