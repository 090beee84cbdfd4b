// `volume restore`: volumes as they were when a snapshot, or a bundle with volumes, was made.
import { checkSnapshot } from '../../shipping/snapshots/read-snapshot.ts';
import { SnapshotStore, snapshotFolder } from '../../shipping/snapshots/snapshot-store.ts';
import { VolumeError } from '../../shipping/volumes/volume-error.ts';
import type { CommandRun } from '../declaration.ts';
import type { volumeRestoreFlags } from '../declarations/volume.ts';
import { withProgress } from '../output/progress.ts';
import { lockFor } from '../perform.ts';
import { chooseOwn, projectWithVolumes } from '../volume/own-volumes.ts';
import { restoreSnapshot, type Wanted } from '../volume/restore.ts';
import { stoppableUsers } from '../volume/users.ts';
import { volumePlaces } from '../volume-places.ts';

export const run: CommandRun<typeof volumeRestoreFlags> = async (context, flags, [source = '', ...names]) => {
  const project = await projectWithVolumes(context);
  const { globals, cwd, env, signal } = context;
  const file = await new SnapshotStore(snapshotFolder(env, project.name)).locate(source, cwd);
  const { manifest } = await checkSnapshot(file, signal);
  const chosen = chooseOwn(project, names);
  const wanted: Wanted[] = chosen.flatMap((one) => {
    const content = manifest.volumes.find(({ key }) => key === one.key);
    return content === undefined ? [] : [{ ...one, content }];
  });
  const missing = chosen.find((one) => names.length > 0 && !wanted.some(({ key }) => key === one.key));
  if (missing !== undefined || wanted.length === 0)
    throw new VolumeError(
      missing === undefined
        ? `no volume of project "${project.name}" is in the snapshot "${source}"`
        : `volume "${missing.key}" is not in the snapshot "${source}"`,
      { hint: `it holds: ${manifest.volumes.map(({ key }) => key).join(', ')}` },
    );
  const left = manifest.volumes.filter(({ key }) => names.length === 0 && !wanted.some((one) => one.key === key));
  for (const { key } of left)
    context.warn(`volume "${key}" of the snapshot is not one of the project's, and is left out`);
  if (manifest.project.name !== project.name)
    context.warn(`the snapshot is of project "${manifest.project.name}", and goes into "${project.name}"`);
  const engine = await context.engine(project.name);
  const users = await stoppableUsers(
    engine,
    project,
    wanted.map(({ volume }) => volume.name),
    signal,
  );
  await withProgress(context, { title: 'Restoring' }, async ({ onEvent }) => {
    if (globals.dryRun) {
      for (const { name } of users) onEvent({ id: `Container ${name}`, status: 'Stopped', kind: 'done' });
    } else {
      const lock = await lockFor(context, { project }, engine);
      try {
        await restoreSnapshot({
          ...{ engine, project, file, wanted, onEvent, signal, timeoutSeconds: flags.timeout },
          placeOf: volumePlaces(context, project, engine),
        });
      } finally {
        lock.release();
      }
    }
    for (const { volume } of wanted) onEvent({ id: `Volume ${volume.name}`, status: 'Restored', kind: 'done' });
    if (globals.dryRun)
      for (const { name } of users) onEvent({ id: `Container ${name}`, status: 'Started', kind: 'done' });
  });
  return 0;
};
