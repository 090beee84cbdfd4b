// A lock for the project at hand: what it has already stays, unless it is to move; what it lacks is asked of the registries.
import type { Project } from '../../model.ts';
import type { LockedImage, LockFile } from '../../shipping/lock/lock-file.ts';
import { type WantedImage, wantedImages } from '../../shipping/lock/wanted-images.ts';
import type { CommandContext } from '../context.ts';
import { readBuilds } from './read-builds.ts';
import { imageFacts, inParallel } from './registry-facts.ts';
import type { LockedFiles } from './remote-files.ts';

export interface LockMaking {
  readonly before: LockFile | undefined;
  /** What the project was loaded with. */
  readonly files: LockedFiles;
  /** Which images are asked for anew although they are locked. */
  moves(image: WantedImage): boolean;
}

export async function makeLock(
  context: CommandContext,
  project: Project,
  { before, files, moves }: LockMaking,
): Promise<LockFile> {
  const wanted = wantedImages(project, await readBuilds(project));
  const entries = await inParallel(wanted, async (image): Promise<[string, LockedImage]> => {
    const known = before?.images[image.reference];
    const facts = known !== undefined && !moves(image) ? known : await imageFacts(context, image.reference);
    return [image.reference, { digest: facts.digest, platforms: facts.platforms, usedBy: image.usedBy }];
  });
  return { images: Object.fromEntries(entries), includes: await files.includes() };
}
