// `outdated`: locked images and remote files whose tag or branch leads elsewhere by now, and later tags of the same shape.
import { parseReference } from '../../registry/reference.ts';
import { shortVersion, versionOf } from '../../shipping/lock/compare-locks.ts';
import type { LockFile } from '../../shipping/lock/lock-file.ts';
import { newerTags } from '../../shipping/lock/newer-tags.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun } from '../declaration.ts';
import type { outdatedFlags } from '../declarations/lock.ts';
import { lockPath, requireLock } from '../lock/lock-store.ts';
import { imageFacts, inParallel, tagsOf } from '../lock/registry-facts.ts';
import { artifactOf, currentFile } from '../lock/remote-files.ts';
import { printList } from '../output/print-list.ts';

interface Finding {
  readonly kind: 'Image' | 'Include';
  readonly reference: string;
  readonly locked: string;
  readonly current: string;
  /** The latest last. */
  readonly newer: readonly string[];
  readonly usedBy: readonly string[];
}

export const run: CommandRun<typeof outdatedFlags> = async (context, flags) => {
  const lock = requireLock(lockPath(context));
  const found = [...(await images(context, lock)), ...(await includes(context, lock))];
  const outdated = found.filter(({ locked, current, newer }) => locked !== current || newer.length > 0);
  context.io.stdout.write(
    printList(flags.format, {
      headers: ['NAME', 'LOCKED', 'CURRENT', 'NEWER TAG', 'USED BY'],
      rows: outdated.map(({ reference, locked, current, newer, usedBy }) => [
        reference,
        shortVersion(locked),
        locked === current ? 'same' : shortVersion(current),
        newer.at(-1) ?? '-',
        usedBy.join(', '),
      ]),
      json: outdated.map(({ kind, reference, locked, current, newer, usedBy }) => ({
        [kind]: reference,
        Locked: locked,
        Current: current,
        NewerTags: newer,
        UsedBy: usedBy,
      })),
    }),
  );
  if (found.length > 0 && outdated.length === 0) context.note('nothing that is locked is outdated');
  return 0;
};

const images = (context: CommandContext, lock: LockFile): Promise<Finding[]> =>
  inParallel(Object.entries(lock.images), async ([reference, { digest, usedBy }]) => {
    const [facts, tags] = await Promise.all([imageFacts(context, reference), tagsOf(context, reference)]);
    const newer = newerTags(parseReference(reference)?.tag ?? 'latest', tags);
    return { kind: 'Image', reference, locked: digest, current: facts.digest, newer, usedBy };
  });

const includes = (context: CommandContext, lock: LockFile): Promise<Finding[]> =>
  inParallel(Object.entries(lock.includes), async ([reference, locked]) => {
    const artifact = artifactOf(reference);
    const tags = artifact === undefined ? [] : await tagsOf(context, reference.slice('oci://'.length));
    const newer = newerTags(artifact?.tag ?? 'latest', tags);
    return {
      kind: 'Include',
      reference,
      locked: versionOf(locked),
      current: versionOf(await currentFile(context, reference)),
      newer,
      usedBy: ['include'],
    };
  });
