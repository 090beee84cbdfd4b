// A document written in the Dockerfile, as a tree of one file.
import { createHash } from 'node:crypto';
import type { SourceTree, TreeEntry } from './source-tree.ts';

export function documentTree(content: string, mode = 0o644): SourceTree {
  const data = Buffer.from(content);
  return {
    find: (path) => Promise.resolve({ path, type: 'file' }),
    list: () => Promise.resolve([]),
    async *entries(): AsyncGenerator<TreeEntry> {
      yield {
        ...{ path: '', type: 'file', mode, uid: 0, gid: 0, size: data.length, mtime: 0, linkPath: '' },
        ...{ devMajor: 0, devMinor: 0, xattrs: new Map() },
        contentDigest: createHash('sha256').update(data).digest('hex'),
        async *body() {
          yield data;
        },
      };
    },
  };
}
