// A file system at rest, such as a stage's layers mounted read-only, as a source of files. tar(1) reads it, since Node.js has no
// door to extended attributes.
import { once } from 'node:events';
import { join } from 'node:path';
import { readTar } from '../../../../archive/tar-reader.ts';
import { HostError } from '../../../../errors.ts';
import { hasCode, type NativeHost } from '../../host.ts';
import { followLinks, linksBelow } from '../../scoped-path.ts';
import type { EntriesOptions, Found, SourceTree, TreeEntry } from './source-tree.ts';

export class MountedTree implements SourceTree {
  readonly #host: NativeHost;
  readonly #root: string;

  constructor(host: NativeHost, root: string) {
    this.#host = host;
    this.#root = root;
  }

  /** The host path of a found path. */
  hostPath(path: string): string {
    return join(this.#root, path);
  }

  async find(path: string): Promise<Found | undefined> {
    const resolved = await followLinks(path, linksBelow(this.#host, this.#root));
    const facts = await this.#host.files.lstat(join(this.#root, resolved)).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
      throw error;
    });
    if (!facts) return undefined;
    const type = facts.isDirectory()
      ? 'directory'
      : facts.isFile()
        ? 'file'
        : facts.isSymbolicLink()
          ? 'symlink'
          : facts.isBlockDevice()
            ? 'block'
            : facts.isCharacterDevice()
              ? 'char'
              : 'fifo';
    return { path: resolved, type };
  }

  async list(path: string): Promise<readonly string[]> {
    return (await this.#host.files.readdir(join(this.#root, path))).sort();
  }

  async *entries(path: string, options: EntriesOptions = {}): AsyncGenerator<TreeEntry> {
    const found = await this.find(path);
    const isFolder = found?.type === 'directory';
    const parts = path.split('/').filter((part) => part !== '');
    const name = isFolder ? '.' : (parts.at(-1) ?? '.');
    const folder = isFolder ? path : `/${parts.slice(0, -1).join('/')}`;
    const extra = options.withoutLinks ? ['--hard-dereference'] : [];
    yield* tarEntries(this.#host, join(this.#root, folder), name, extra);
  }
}

/** What tar(1) finds at `name` in a folder, paths relative to that; its hard links are links to such paths. */
export async function* tarEntries(
  host: NativeHost,
  folder: string,
  name: string,
  extra: readonly string[] = [],
): AsyncGenerator<TreeEntry> {
  const args = ['-c', '-f', '-', '-C', folder, '--sort=name', '--format=posix', '--numeric-owner'];
  const attributes = ['--xattrs', '--xattrs-include=*', '--pax-option=delete=atime,delete=ctime'];
  const tar = host.start('tar', [...args, ...attributes, ...extra, '--', name], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
  });
  let stderr = '';
  tar.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2000);
  });
  const ended = once(tar, 'close').catch((error: unknown) => [error]);
  const relative = (path: string): string => {
    const inside = path.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
    if (name === '.') return inside === '.' ? '' : inside;
    return inside === name ? '' : inside;
  };
  if (!tar.stdout) throw new Error('tar was started without a standard output');
  let complete = false;
  try {
    for await (const entry of readTar(tar.stdout)) {
      const linkPath = entry.type === 'link' ? relative(entry.linkPath) : entry.linkPath;
      yield { ...entry, path: relative(entry.path), linkPath };
    }
    complete = true;
  } finally {
    // Who reads may stop early, or fail.
    if (!complete) tar.kill();
  }
  const [status] = await ended;
  // 1: a file changed while it was read, which at rest means a socket that has no place in an archive.
  if (status !== 0 && status !== 1)
    throw new HostError(`tar could not read "${folder}" (${String(status)}): ${stderr.trim()}`);
}
