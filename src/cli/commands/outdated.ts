// `outdated`: locked images whose tag leads elsewhere by now, and later tags of the same shape.
import { parseReference } from '../../registry/reference.ts';
import { newerTags } from '../../shipping/lock/newer-tags.ts';
import type { CommandRun } from '../declaration.ts';
import type { outdatedFlags } from '../declarations/lock.ts';
import { lockPath, requireLock } from '../lock/lock-store.ts';
import { imageFacts, inParallel, tagsOf } from '../lock/registry-facts.ts';
import { printList } from '../output/print-list.ts';

export const run: CommandRun<typeof outdatedFlags> = async (context, flags) => {
  const lock = requireLock(lockPath(context));
  const asked = await inParallel(Object.entries(lock.images), async ([reference, { digest, usedBy }]) => {
    const [facts, tags] = await Promise.all([imageFacts(context, reference), tagsOf(context, reference)]);
    const newer = newerTags(parseReference(reference)?.tag ?? 'latest', tags);
    return { reference, locked: digest, current: facts.digest, newer, usedBy };
  });
  const outdated = asked.filter(({ locked, current, newer }) => locked !== current || newer.length > 0);
  const short = (digest: string): string => digest.slice(0, 'sha256:'.length + 12);
  context.io.stdout.write(
    printList(flags.format, {
      headers: ['IMAGE', 'LOCKED', 'CURRENT', 'NEWER TAG', 'USED BY'],
      rows: outdated.map(({ reference, locked, current, newer, usedBy }) => [
        reference,
        short(locked),
        locked === current ? 'same' : short(current),
        newer.at(-1) ?? '-',
        usedBy.join(', '),
      ]),
      json: outdated.map(({ reference, locked, current, newer, usedBy }) => ({
        Image: reference,
        Locked: locked,
        Current: current,
        NewerTags: newer,
        UsedBy: usedBy,
      })),
    }),
  );
  return 0;
};
