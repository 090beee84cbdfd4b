// Paths inside a root that is not this host's: a container's or a stage's file system, a build context. Symbolic links there are
// not to be trusted: they are followed as a process inside would, never out of the root. For trees at rest: a running
// container could swap a directory for a link between the look and the use.
import { join } from 'node:path';
import { hasCode, type NativeHost } from './host.ts';

/** Longest chain of links that is followed; the kernel's own limit. */
const MAX_LINKS = 40;

/** Where a link at an absolute path within the root leads; undefined for anything else, also for what is not there. */
export type LinkTarget = (path: string) => Promise<string | undefined> | string | undefined;

/**
 * Where a path leads, as an absolute path within the root: links are followed component by component, components that do
 * not exist are taken literally, and `..` stops at the top.
 */
export async function followLinks(path: string, target: LinkTarget, followLast = true): Promise<string> {
  let links = 0;
  let done: string[] = [];
  const todo = components(path).reverse();
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '..') {
      done.pop();
      continue;
    }
    const here = `/${[...done, part].join('/')}`;
    const leads = todo.length === 0 && !followLast ? undefined : await target(here);
    if (leads === undefined) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw new Error(`too many levels of symbolic links: ${path}`);
    if (leads.startsWith('/')) done = [];
    todo.push(...components(leads).reverse());
  }
  return `/${done.join('/')}`;
}

const components = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

/** The links of a file system at rest that is mounted or unpacked at `root`. */
export const linksBelow =
  (host: NativeHost, root: string): LinkTarget =>
  (path) =>
    readLink(host, join(root, path));

/** The host path of `path` inside `root`. */
export const resolveInRoot = async (host: NativeHost, root: string, path: string): Promise<string> =>
  join(root, await followLinks(path, linksBelow(host, root)));

async function readLink(host: NativeHost, path: string): Promise<string | undefined> {
  try {
    return await host.files.readlink(path);
  } catch (error) {
    if (['EINVAL', 'ENOENT', 'ENOTDIR'].some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}
