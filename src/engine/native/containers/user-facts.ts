// The user a process is to run as, read from the container's own files.
import type { NativeHost } from '../host.ts';
import { resolveInRoot } from '../scoped-path.ts';
import { badRequest } from '../server/api-error.ts';
import { type ProcessUser, resolveUser } from './users.ts';

/** Larger files are no passwd of any real image, and would be read into memory. */
const MAX_BYTES = 4 * 1024 * 1024;

export async function userFacts(
  host: NativeHost,
  rootfs: string,
  user: string,
  groupAdd: readonly string[],
): Promise<ProcessUser> {
  const [passwd, group] = await Promise.all([
    readSmall(host, rootfs, '/etc/passwd'),
    readSmall(host, rootfs, '/etc/group'),
  ]);
  try {
    return resolveUser(user, passwd, group, groupAdd);
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
}

/** A file of a root file system at rest, such as /etc/passwd; empty where there is none. */
export async function readSmall(host: NativeHost, rootfs: string, path: string): Promise<string> {
  const file = await resolveInRoot(host, rootfs, path);
  const facts = await host.files.lstat(file).catch(() => undefined);
  if (!facts?.isFile() || facts.size > MAX_BYTES) return '';
  return host.files.readFile(file, 'utf8');
}
