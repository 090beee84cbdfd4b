// An archive whose files are wanted by their names, in any order: images as engines save them.
import { join } from 'node:path';
import { readTar } from './tar-reader.ts';

/**
 * Path in the archive → what `keep` made of the file's content. The archive's own names never reach the file system. Docker
 * writes a layer that images share once and links to it: a link stands for the file it names, whichever comes first.
 */
export async function tarContents<T>(
  archive: AsyncIterable<Uint8Array>,
  keep: (content: AsyncIterable<Buffer>) => Promise<T>,
): Promise<Map<string, T>> {
  const contents = new Map<string, T>();
  const links = new Map<string, string>();
  for await (const entry of readTar(archive)) {
    const path = relative(entry.path);
    if (entry.type === 'file') contents.set(path, await keep(entry.body()));
    else if (entry.type === 'link') links.set(path, relative(entry.linkPath));
    else if (entry.type === 'symlink') links.set(path, join('/', path, '..', entry.linkPath).slice(1));
  }
  for (const [path, target] of links) {
    const found = contents.get(target);
    if (found !== undefined) contents.set(path, found);
  }
  return contents;
}

const relative = (path: string): string => path.replace(/^(\.?\/)+/, '');
