// Paths inside a container's root file system, whose symbolic links are not to be trusted: they are followed as the
// container itself would, never out of its root. For file systems at rest: a running container could swap a directory for
// a link between the look and the use.
import { join } from 'node:path';
import { hasCode, type NativeHost } from '../host.ts';

const MAX_LINKS = 40;

/** The host path of `path` inside `root`. Components that do not exist are taken literally. */
export async function resolveInRoot(host: NativeHost, root: string, path: string): Promise<string> {
  let links = 0;
  let done: string[] = [];
  const todo = parts(path).reverse();
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '..') {
      done.pop();
      continue;
    }
    const target = await readLink(host, join(root, ...done, part));
    if (target === undefined) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw new Error(`too many levels of symbolic links: ${path}`);
    if (target.startsWith('/')) done = [];
    todo.push(...parts(target).reverse());
  }
  return join(root, ...done);
}

const parts = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

async function readLink(host: NativeHost, path: string): Promise<string | undefined> {
  try {
    return await host.files.readlink(path);
  } catch (error) {
    if (['EINVAL', 'ENOENT', 'ENOTDIR'].some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}
