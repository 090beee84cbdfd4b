// How many bytes the files below a folder hold: what `df`, sizes of containers and prunes tell.
import { join } from 'node:path';
import type { NativeHost } from './host.ts';

/** Sums the sizes of files; names of one file count once, folders and what vanishes while looking count nothing. */
export async function bytesBelow(host: NativeHost, folder: string): Promise<number> {
  const seen = new Set<string>();
  const visit = async (path: string): Promise<number> => {
    const entries = await host.files.readdir(path, { withFileTypes: true }).catch(() => []);
    let sum = 0;
    for (const entry of entries) {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) sum += await visit(inner);
      else if (entry.isFile() || entry.isSymbolicLink()) {
        const facts = await host.files.lstat(inner).catch(() => undefined);
        if (!facts) continue;
        const key = `${facts.dev}:${facts.ino}`;
        if (facts.nlink > 1 && seen.has(key)) continue;
        seen.add(key);
        sum += facts.size;
      }
    }
    return sum;
  };
  return visit(folder);
}
