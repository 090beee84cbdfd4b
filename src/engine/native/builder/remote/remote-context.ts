// A context at an address: a git repository, an archive, or a Dockerfile alone.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { NativeHost } from '../../host.ts';
import { badRequest } from '../../server/api-error.ts';
import { isArchive } from '../add-archive.ts';
import { ContextTree } from '../files/context-tree.ts';
import type { ClientSession } from '../session.ts';
import { checkOut } from './check-out.ts';
import { download, isRemote } from './download.ts';
import { parseGitSource } from './git-source.ts';

export interface RemoteContext {
  readonly address: string;
  /** A new folder for this context alone. */
  readonly folder: string;
  /** The path that a file which is no archive is put at. */
  readonly filename: string;
  readonly keepGitFolder: boolean;
  readonly session: ClientSession | undefined;
  readonly signal: AbortSignal;
}

/** Whether a context is to be fetched from somewhere. */
export const isRemoteContext = (text: string): boolean => isRemote(text) || parseGitSource(text) !== undefined;

/** Fetches a context. @throws ApiError */
export async function fetchContext(host: NativeHost, context: RemoteContext): Promise<ContextTree> {
  const { address, folder, signal, filename } = context;
  await host.files.mkdir(folder, { mode: 0o700 });
  const spool = join(folder, 'files');
  const git = parseGitSource(address);
  if (git) {
    const keepGitFolder = git.keepGitFolder ?? context.keepGitFolder;
    const root = await checkOut(host, git, { ...context, keepGitFolder });
    const tree = await ContextTree.ofFolder(host, root, spool);
    await host.files.rm(join(folder, 'repository'), { recursive: true, force: true });
    return tree;
  }
  if (!isRemote(address)) throw badRequest(`the context "${address}" is neither a folder nor an address`);
  const file = join(folder, 'download');
  const downloaded = await download(host, address, file, undefined, signal);
  if (await isArchive(host, () => createReadStream(file)))
    return ContextTree.receive(host, createReadStream(file), spool);
  return ContextTree.filled(host, spool, async (sink) => {
    for await (const { body, contentDigest = '', ...entry } of downloaded.entries()) {
      const offset = sink.reserve(entry.size);
      let done = 0;
      for await (const piece of body()) {
        await sink.write(offset + done, piece);
        done += piece.length;
      }
      sink.put({ ...entry, path: filename }, offset, contentDigest);
    }
  });
}
