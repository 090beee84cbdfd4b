// The image store seen through a container's ids: one second mount of it per mapping, on which the kernel shows each owner as the
// container's own. So layers are kept once, with the owners that their images say.
import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import { WindlassError } from '../../../errors.ts';
import { listIfExists, type NativeHost } from '../host.ts';
import type { Paths } from '../paths.ts';
import { type IdMapping, mapText } from './id-mapping.ts';

export class MappedLayers {
  readonly #host: NativeHost;
  readonly #paths: Paths;
  readonly #mounted = new Map<string, Promise<string>>();

  constructor(host: NativeHost, paths: Paths) {
    this.#host = host;
    this.#paths = paths;
  }

  /** Takes away what an engine before this one has left. Containers have mounts of their own. */
  async open(): Promise<void> {
    for (const name of await listIfExists(this.#host.files, this.#paths.mapped))
      await this.#remove(join(this.#paths.mapped, name));
  }

  /** A path of the image store, on the mount that shows owners as `mapping` has them; the path itself without one. */
  async seen(path: string, mapping: IdMapping | undefined): Promise<string> {
    if (mapping === undefined) return path;
    return join(await this.#mount(mapping), relative(this.#paths.images, path));
  }

  async close(): Promise<void> {
    for (const folder of await Promise.allSettled(this.#mounted.values()))
      if (folder.status === 'fulfilled') await this.#remove(folder.value);
    this.#mounted.clear();
    await this.#host.files.rmdir(this.#paths.mapped).catch(() => undefined);
  }

  #mount(mapping: IdMapping): Promise<string> {
    const text = `${mapText(mapping.users)}:${mapText(mapping.groups)}`;
    const name = createHash('sha256').update(text).digest('hex').slice(0, 16);
    const known = this.#mounted.get(name);
    if (known) return known;
    const mounting = this.#make(join(this.#paths.mapped, name), mapping);
    this.#mounted.set(name, mounting);
    // What failed once may work later.
    mounting.catch(() => this.#mounted.delete(name));
    return mounting;
  }

  async #make(folder: string, mapping: IdMapping): Promise<string> {
    await this.#host.files.mkdir(folder, { recursive: true, mode: 0o700 });
    await this.#host.kernel.mountMapped(this.#paths.images, folder, mapping).catch((error: unknown) => {
      throw new WindlassError(
        'USER_NAMESPACES',
        `users cannot be remapped: the kernel cannot show ${this.#paths.images} with other owners`,
        {
          cause: error,
          hint: 'it needs Linux 5.19 or later, and the root on a file system with mapped mounts (ext4, xfs, btrfs): move it with --root, or go without --userns-remap',
        },
      );
    });
    return folder;
  }

  async #remove(folder: string): Promise<void> {
    await this.#host.kernel.unmount(folder);
    await this.#host.files.rmdir(folder).catch(() => undefined);
  }
}
