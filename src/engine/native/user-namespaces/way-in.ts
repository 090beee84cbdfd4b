// A container's own root has to come by the folders above its files, where it is not the host's.
import { dirname } from 'node:path';
import { WindlassError } from '../../../errors.ts';
import type { NativeHost } from '../host.ts';
import type { Paths } from '../paths.ts';
import { type IdMapping, type Ids, rootIds } from './id-mapping.ts';

/**
 * Lets the containers' root pass through the engine's own two folders, which may have been made for nobody else, as Docker does with its
 * own. What is in them stays as closed as it is.
 * @throws WindlassError where a folder above them does not let it pass
 */
export async function openWay(host: NativeHost, { lib, run }: Paths, mapping: IdMapping): Promise<void> {
  for (const folder of [lib, run]) {
    const { mode } = await host.files.stat(folder);
    if ((mode & 0o001) === 0) await host.files.chmod(folder, (mode & 0o7777) | 0o011);
    await requireWay(host, folder, mapping);
  }
}

/** @throws WindlassError for the first folder above `path`, or at it, that does not let the container's root pass. */
async function requireWay({ files }: NativeHost, path: string, mapping: IdMapping): Promise<void> {
  const root = rootIds(mapping);
  for (let folder = path; ; folder = dirname(folder)) {
    if (!mayPass(await files.stat(folder), root))
      throw new WindlassError(
        'USER_NAMESPACES',
        `users cannot be remapped: ${folder} does not let the containers' root (${root.uid}:${root.gid}) pass`,
        { hint: `chmod o+x ${folder}, or keep the engine elsewhere with --root` },
      );
    if (folder === dirname(folder)) return;
  }
}

function mayPass({ mode, uid, gid }: Ids & { readonly mode: number }, root: Ids): boolean {
  const bit = uid === root.uid ? 0o100 : gid === root.gid ? 0o010 : 0o001;
  return (mode & bit) !== 0;
}
