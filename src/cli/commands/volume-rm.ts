// `volume rm`: removes snapshots that are kept under a name, after asking.
import { SnapshotStore, snapshotFolder } from '../../shipping/snapshots/snapshot-store.ts';
import type { CommandRun } from '../declaration.ts';
import type { volumeRmFlags } from '../declarations/volume.ts';
import { withProgress } from '../output/progress.ts';
import { projectName } from '../project-name.ts';
import { confirm } from '../terminal/confirm.ts';

export const run: CommandRun<typeof volumeRmFlags> = async (context, flags, args) => {
  const store = new SnapshotStore(snapshotFolder(context.env, await projectName(context)));
  const names = [...new Set(args)];
  // All or none: a mistyped name is told before anything is gone.
  for (const name of names) await store.require(name);
  const { dryRun } = context.globals;
  if (!flags.force && !dryRun && !(await confirm(context, `Going to remove ${names.join(', ')}`))) return 0;
  await withProgress(context, { title: 'Removing' }, async ({ onEvent }) => {
    for (const name of names) {
      if (!dryRun) await store.remove(name);
      onEvent({ id: `Snapshot ${name}`, status: 'Removed', kind: 'done' });
    }
  });
  return 0;
};
