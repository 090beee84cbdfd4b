// Folders of files as text, and random changes to them.
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Path → what is there: `dir 755`, `file 644 <content>`, `link <target>`. */
export async function treeOf(root: string, below = ''): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(join(root, below))).sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    const stats = await lstat(join(root, path));
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isSymbolicLink()) found[path] = `link ${await readlink(join(root, path))}`;
    else if (stats.isDirectory()) Object.assign(found, { [path]: `dir ${mode}` }, await treeOf(root, path));
    else found[path] = `file ${mode} ${await readFile(join(root, path), 'utf8')}`;
  }
  return found;
}
