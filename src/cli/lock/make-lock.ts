// A lock for the project at hand: what it has already stays, unless it is to move; what it lacks is asked of the registries.
import { relative } from 'node:path';
import type { Project } from '../../model.ts';
import { familiarName, parseReference } from '../../registry/reference.ts';
import { cacheDirectory } from '../../remote/cache.ts';
import { parseGitReference } from '../../remote/git-reference.ts';
import type { LockedImage, LockFile } from '../../shipping/lock/lock-file.ts';
import { type WantedImage, wantedImages } from '../../shipping/lock/wanted-images.ts';
import type { CommandContext } from '../context.ts';
import { readBuilds } from './read-builds.ts';
import { imageFacts, inParallel } from './registry-facts.ts';

/** `moves` says which images are asked for anew although they are locked. */
export async function makeLock(
  context: CommandContext,
  project: Project,
  before: LockFile | undefined,
  moves: (image: WantedImage) => boolean,
): Promise<LockFile> {
  const wanted = wantedImages(project, await readBuilds(project));
  const entries = await inParallel(wanted, async (image): Promise<[string, LockedImage]> => {
    const known = before?.images[image.reference];
    const facts = known !== undefined && !moves(image) ? known : await imageFacts(context, image.reference);
    return [image.reference, { digest: facts.digest, platforms: facts.platforms, usedBy: image.usedBy }];
  });
  return { images: Object.fromEntries(entries), includes: await includesOf(context) };
}

/** The remote files that the load has fetched, each by what it was fetched as. */
async function includesOf(context: CommandContext): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const reference of context.remote.references)
    found[reference] = pinned(reference, relative(cacheDirectory(context.env), await context.remote.fetch(reference)));
  return found;
}

/** Copies are kept below the digest or commit that they are of. */
function pinned(reference: string, copy: string): string {
  const [version = ''] = copy.split('/');
  const oci = reference.startsWith('oci://') ? parseReference(reference.slice('oci://'.length)) : undefined;
  if (oci !== undefined) return `oci://${familiarName(oci)}@sha256:${version}`;
  const git = parseGitReference(reference);
  return git === undefined ? reference : `${git.address}#${version}${git.path === '' ? '' : `:${git.path}`}`;
}
