// ADD of a git repository: its files, fetched for one build.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { badRequest } from '../../server/api-error.ts';
import type { BuildFacts } from '../build-facts.ts';
import type { CopyOptions } from '../dockerfile/instructions.ts';
import { MountedTree } from '../files/mounted-tree.ts';
import type { SourceTree } from '../files/source-tree.ts';
import { checkOut } from './check-out.ts';
import { parseGitSource } from './git-source.ts';

/** The folder stays until the build is over. `checksum` is that of the commit. */
export async function repositoryTree(
  { parts, layers, session, signal }: Pick<BuildFacts, 'parts' | 'layers' | 'session' | 'signal'>,
  address: string,
  { checksum, keepGitFolder }: Pick<CopyOptions, 'checksum' | 'keepGitFolder'>,
): Promise<SourceTree> {
  const source = parseGitSource(address);
  if (!source) throw badRequest(`ADD failed: "${address}" is no git repository`);
  const folder = join(layers.folder, `git-${randomBytes(6).toString('hex')}`);
  await parts.host.files.mkdir(folder, { mode: 0o700 });
  const wanted = { ...source, checksum: checksum ?? source.checksum };
  const keep = keepGitFolder ?? source.keepGitFolder ?? false;
  return new MountedTree(
    parts.host,
    await checkOut(parts.host, wanted, { folder, session, signal, keepGitFolder: keep }),
  );
}
