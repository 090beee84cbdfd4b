// Where bundles are unpacked to: a folder per digest, below the user's state. A folder is there whole or not at all.
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Env, stateFolder } from '../state-folder.ts';
import { BundleError } from './bundle-error.ts';
import { type BundleManifest, FILES_PATH, MANIFEST_PATH } from './manifest.ts';
import { isWithin } from './place-files.ts';
import { type BundleHead, readBundle, readHead } from './read-bundle.ts';
import { readSpooled, Spool, type Spooled } from './spool.ts';
import { unpackFiles } from './unpack-files.ts';

export const bundleFolder = (env: Env): string => join(stateFolder(env), 'bundles');

export interface UnpackedBundle {
  readonly manifest: BundleManifest;
  readonly digest: string;
  /** The bundle's folder. */
  readonly folder: string;
  /** The project's files. */
  readonly files: string;
  /** All of it was read and found good just now, not in an earlier run. */
  readonly isChecked: boolean;
}

export class BundleStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Unpacks the project's files, having checked all of the bundle, unless that was done before. `check` may refuse its head. */
  async unpack(file: string, check: (head: BundleHead) => void = () => undefined): Promise<UnpackedBundle> {
    const head = await readHead(file);
    check(head);
    const folder = this.#folderOf(head.digest);
    const isKnown = await exists(join(folder, MANIFEST_PATH));
    if (!isKnown) await this.#unpackInto(file, folder, head.digest);
    return unpacked(head, folder, !isKnown);
  }

  async #unpackInto(file: string, folder: string, digest: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const making = await mkdtemp(join(this.#folder, '.making-'));
    try {
      const spool = new Spool(making);
      let archive: Spooled | undefined;
      const head = await readBundle(file, async ({ path }, bytes) => {
        if (path === FILES_PATH) archive = await spool.put(bytes);
        else for await (const _ of bytes);
      });
      if (head.digest !== digest) throw new BundleError(`"${file}" changed while it was read`);
      if (archive === undefined) throw new BundleError(`there is no "${FILES_PATH}" in the bundle`);
      const files = join(making, 'files');
      await mkdir(files);
      await chmod(files, 0o755);
      await unpackFiles(readSpooled(archive), files);
      await rm(archive.file);
      await writeFile(join(making, MANIFEST_PATH), head.manifestText);
      await rename(making, folder).catch(async (error: NodeJS.ErrnoException) => {
        // Somebody else was quicker.
        if (!['ENOTEMPTY', 'EEXIST'].includes(error.code ?? '')) throw error;
      });
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  }

  /** Where a bundle that comes from a registry is kept; removed together with what is unpacked from it. */
  async fileFor(digest: string): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    return `${this.#folderOf(digest)}.tar`;
  }

  /** Notes that a project is raised from a bundle, so that its files stay while it is there. */
  async use(digest: string, user: string): Promise<void> {
    const users = join(this.#folderOf(digest), 'users');
    await mkdir(users, { recursive: true });
    await writeFile(join(users, encodeURIComponent(user)), '');
  }

  /** Removes the unpacked files behind a project's folder, unless another project is raised from them too. */
  async release(workingDir: string, user: string): Promise<void> {
    if (!isWithin(this.#folder, workingDir)) return;
    const hex = workingDir.slice(this.#folder.length + 1).split('/')[0] ?? '';
    if (!/^[0-9a-f]{64}$/.test(hex)) return;
    const folder = join(this.#folder, hex);
    const users = join(folder, 'users');
    await rm(join(users, encodeURIComponent(user)), { force: true });
    const others = await readdir(users).catch(() => []);
    if (others.length > 0) return;
    // Out of sight first: what is half removed must not pass for a bundle.
    const going = join(this.#folder, `.going-${basename(folder)}-${process.pid}`);
    await rename(folder, going).catch(() => undefined);
    await rm(going, { recursive: true, force: true });
    await rm(`${folder}.tar`, { force: true });
  }

  #folderOf(digest: string): string {
    return join(this.#folder, digest.slice('sha256:'.length));
  }
}

const unpacked = ({ manifest, digest }: BundleHead, folder: string, isChecked: boolean): UnpackedBundle => ({
  manifest,
  digest,
  folder,
  files: join(folder, 'files'),
  isChecked,
});

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
