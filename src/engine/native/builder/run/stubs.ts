// Places that a command's mounts need and its image lacks. They are put into a layer of their own under the command's writable
// one, so that the new image does not get them.
import { join } from 'node:path';
import type { NativeHost } from '../../host.ts';
import { followLinks, linksBelow } from '../../scoped-path.ts';
import { pathParts } from '../files/source-tree.ts';

export interface Stub {
  readonly path: string;
  readonly kind: 'directory' | 'file';
}

/** What every container gets mounted. */
export const ALWAYS: readonly Stub[] = [
  ...['/proc', '/sys', '/dev'].map((path): Stub => ({ path, kind: 'directory' })),
  ...['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'].map((path): Stub => ({ path, kind: 'file' })),
];

/** Makes in `folder` what `below`, a file system at rest, lacks of the stubs. Existing folders on the way keep what they are. */
export async function writeStubs(
  host: NativeHost,
  below: string,
  folder: string,
  stubs: readonly Stub[],
): Promise<void> {
  const { files } = host;
  const made = new Set<string>();
  for (const { path, kind } of stubs) {
    const resolved = await followLinks(path, linksBelow(host, below));
    const parts = pathParts(resolved);
    // Below a mount of the command itself nothing is needed: /dev is empty at first.
    if (resolved.startsWith('/dev/') || resolved.startsWith('/proc/') || resolved.startsWith('/sys/')) continue;
    if (await files.lstat(join(below, resolved)).catch(() => undefined)) continue;
    for (let count = 1; count < parts.length; count += 1)
      await makeFolder(host, below, folder, `/${parts.slice(0, count).join('/')}`, made);
    if (kind === 'directory') await makeFolder(host, below, folder, resolved, made);
    else await files.writeFile(join(folder, resolved), '', { flag: 'a', mode: 0o644 });
  }
}

async function makeFolder(
  host: NativeHost,
  below: string,
  folder: string,
  path: string,
  made: Set<string>,
): Promise<void> {
  if (made.has(path)) return;
  made.add(path);
  const { files } = host;
  const facts = await files.lstat(join(below, path)).catch(() => undefined);
  await files.mkdir(join(folder, path), { mode: 0o755, recursive: true });
  await files.chmod(join(folder, path), facts?.isDirectory() ? facts.mode & 0o7777 : 0o755);
  if (!facts?.isDirectory()) return;
  await files.chown(join(folder, path), facts.uid, facts.gid);
  await files.utimes(join(folder, path), facts.atime, facts.mtime);
}
