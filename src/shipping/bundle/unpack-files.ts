// The project's files out of a bundle's archive, into a new folder. The archive is a stranger's: nothing is written through a
// link, nothing outside of the folder, nothing twice.
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, realpath, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readTar } from '../../archive/tar-reader.ts';
import { messageOf, WindlassError } from '../../errors.ts';
import { BundleError } from './bundle-error.ts';
import { isSafePath } from './manifest.ts';
import { isWithin } from './place-files.ts';

/** Unpacks into `folder`, which must be new. Throws BundleError; the folder is then for throwing away. */
export async function unpackFiles(archive: AsyncIterable<Uint8Array>, folder: string): Promise<void> {
  const root = await realpath(folder);
  const directories = new Set(['.']);
  const others = new Set<string>();
  const links: string[] = [];
  try {
    for await (const entry of readTar(archive)) {
      const path = entry.type === 'directory' ? entry.path.replace(/\/$/, '') : entry.path;
      if (!isSafePath(path)) throw refusal(entry.path, 'leads out of its folder');
      if (directories.has(path) || others.has(path)) throw refusal(path, 'is there twice');
      if (!directories.has(dirname(path))) throw refusal(path, 'is in a folder that is none');
      const target = join(root, path);
      if (entry.type === 'directory') {
        directories.add(path);
        await mkdir(target);
        // Whatever the umask: containers read these as other users.
        await chmod(target, 0o755);
        continue;
      }
      others.add(path);
      if (entry.type === 'file') {
        const mode = (entry.mode & 0o100) === 0 ? 0o644 : 0o755;
        await pipeline(Readable.from(entry.body()), createWriteStream(target, { flags: 'wx' }));
        await chmod(target, mode);
      } else if (entry.type === 'symlink') {
        const leads = entry.linkPath;
        if (leads.startsWith('/') || !isWithin(root, resolve(dirname(target), leads)))
          throw refusal(path, `is a link that leads out of its folder ("${leads}")`);
        await symlink(leads, target);
        links.push(target);
      } else throw refusal(path, 'is neither file, folder nor link');
    }
    // Each link may look harmless, and two of them together lead out.
    for (const link of links) {
      const end = await realpath(link).catch(() => root);
      if (!isWithin(root, end)) throw refusal(link.slice(root.length + 1), 'is a link that leads out of its folder');
    }
  } catch (error) {
    if (error instanceof WindlassError) throw error;
    throw new BundleError(`the project's files in the bundle cannot be unpacked: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const refusal = (path: string, why: string): BundleError =>
  new BundleError(`the bundle's file ${JSON.stringify(path)} ${why}`, { hint: 'do not use this bundle' });
