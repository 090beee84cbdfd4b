// A container's own root has to come by the folders above its files, where it is not the host's.
import { dirname } from 'node:path';
import { WindlassError } from '../../../errors.ts';
import type { NativeHost } from '../host.ts';
import { type IdMapping, type Ids, rootIds } from './id-mapping.ts';

/** @throws WindlassError for the first folder above `path`, or at it, that does not let the container's root pass. */
export async function requireWay({ files }: NativeHost, path: string, mapping: IdMapping): Promise<void> {
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
