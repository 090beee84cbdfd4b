// Where snapshots of a project's volumes are kept, unless a file is named: a folder per project, below the user's state.
import { access, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { messageOf } from '../../errors.ts';
import { type BundleHead, readHead } from '../bundle/read-bundle.ts';
import type { BundleCompression } from '../bundle/write-bundle.ts';
import { type Env, stateFolder } from '../state-folder.ts';
import { VolumeError } from '../volumes/volume-error.ts';

/** Snapshots are bundles that hold volumes and nothing else; the end of the name tells the compression. */
const ENDS: Readonly<Record<BundleCompression, string>> = { zstd: '.tar.zst', gzip: '.tar.gz', none: '.tar' };

export const snapshotFolder = (env: Env, project: string): string => join(stateFolder(env), 'snapshots', project);

/** Text, date and all, that can be a name: `20260102T150405Z`. */
export const nameFrom = (time: Date): string => time.toISOString().replace(/[-:]|\.\d+/g, '');

/** A snapshot in the store. */
export interface KeptSnapshot {
  readonly name: string;
  readonly file: string;
  /** Bytes on disk. */
  readonly size: number;
  /** Undefined where the file cannot be read; `problem` then says why. */
  readonly head: BundleHead | undefined;
  readonly problem?: string;
}

export class SnapshotStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The file for a new snapshot; its folder is there then. Throws VolumeError where the name is taken or none. */
  async fileFor(name: string, compression: BundleCompression): Promise<string> {
    checkName(name);
    if ((await this.#find(name)) !== undefined)
      throw new VolumeError(`there is a snapshot "${name}" already`, {
        hint: `choose another name, or remove it with "windlass volume rm ${name}"`,
      });
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    return join(this.folder, `${name}${ENDS[compression]}`);
  }

  /** The file of a snapshot: one of the store by its name, else a path. Throws VolumeError where there is neither. */
  async locate(nameOrFile: string, cwd: string): Promise<string> {
    const kept = isName(nameOrFile) ? await this.#find(nameOrFile) : undefined;
    if (kept !== undefined) return kept;
    const file = isAbsolute(nameOrFile) ? nameOrFile : resolve(cwd, nameOrFile);
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile()) return file;
    if (found !== undefined) throw new VolumeError(`"${file}" is not a file`);
    throw new VolumeError(`there is no snapshot "${nameOrFile}" in "${this.folder}", and no file of that name`, {
      hint: 'list the snapshots with "windlass volume ls"',
    });
  }

  /** Oldest first. Reads the head of each. */
  async list(): Promise<KeptSnapshot[]> {
    const found: KeptSnapshot[] = [];
    for (const [name, file] of await this.#files()) {
      const facts = await stat(file).catch(() => undefined);
      if (facts === undefined) continue;
      const size = facts.size;
      const [head, problem] = await readHead(file).then(
        (one) => [one, undefined] as const,
        (error: unknown) => [undefined, messageOf(error)] as const,
      );
      found.push({ name, file, size, head, ...(problem === undefined ? {} : { problem }) });
    }
    const time = ({ head }: KeptSnapshot): string => head?.manifest.takenAt ?? '';
    return found.sort((a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : 0));
  }

  /** Throws VolumeError where there is none of the name. */
  async require(name: string): Promise<string> {
    const file = isName(name) ? await this.#find(name) : undefined;
    if (file === undefined)
      throw new VolumeError(`there is no snapshot "${name}" in "${this.folder}"`, {
        hint: 'list the snapshots with "windlass volume ls"; a file elsewhere is yours to remove',
      });
    return file;
  }

  async remove(name: string): Promise<void> {
    await rm(await this.require(name));
  }

  async #find(name: string): Promise<string | undefined> {
    for (const end of Object.values(ENDS)) {
      const file = join(this.folder, `${name}${end}`);
      if (await exists(file)) return file;
    }
    return undefined;
  }

  async #files(): Promise<[name: string, file: string][]> {
    const names = await readdir(this.folder).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw new VolumeError(`cannot list the snapshots: ${messageOf(error)}`, { cause: error });
    });
    return names.sort().flatMap((file) => {
      const end = Object.values(ENDS).find((one) => file.endsWith(one));
      const name = end === undefined ? '' : file.slice(0, -end.length);
      return isName(name) ? [[name, join(this.folder, file)] as [string, string]] : [];
    });
  }
}

/** Letters, digits and `_.-`, as for volumes: nothing that makes a path. */
const isName = (name: string): boolean => /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name);

function checkName(name: string): void {
  if (!isName(name))
    throw new VolumeError(`"${name}" cannot be the name of a snapshot`, {
      hint: 'use letters, digits, "_", "." and "-", or name a file with "--output"',
    });
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
