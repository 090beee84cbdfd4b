// `volume snapshot`: the contents of volumes at one moment, kept under a name or in a file.
import { resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { LABEL } from '../../names.ts';
import { type BundleCompression, compressionOf, requireCompression } from '../../shipping/bundle/write-bundle.ts';
import { nameFrom, SnapshotStore, snapshotFolder } from '../../shipping/snapshots/snapshot-store.ts';
import { takeSnapshot } from '../../shipping/snapshots/take-snapshot.ts';
import { planQuiet } from '../../shipping/volumes/quiesce.ts';
import { VolumeError } from '../../shipping/volumes/volume-error.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { volumeSnapshotFlags } from '../declarations/volume.ts';
import { withProgress } from '../output/progress.ts';
import { lockFor } from '../perform.ts';
import { chooseOwn, projectWithVolumes } from '../volume/own-volumes.ts';
import { volumePlaces } from '../volume-places.ts';

export const run: CommandRun<typeof volumeSnapshotFlags> = async (context, flags, args) => {
  if (flags.output !== undefined && flags.name !== undefined)
    throw new UsageError('--name and --output exclude each other');
  const compression = chosenCompression(flags);
  requireCompression(compression);
  const project = await projectWithVolumes(context);
  const chosen = chooseOwn(project, args);
  const engine = await context.engine(project.name);
  const { volumes, containers } = await engine.observe(project.name, context.signal);
  const present = chosen.filter(({ volume }) => volumes.some(({ name }) => name === volume.name));
  const absent = chosen.find((one) => args.length > 0 && !present.includes(one));
  if (absent !== undefined || present.length === 0)
    throw new VolumeError(
      absent === undefined
        ? `project "${project.name}" has no volumes on this engine`
        : `there is no volume "${absent.volume.name}" on this engine`,
      { hint: 'create it with "windlass up"' },
    );
  const keys = present.map(({ key }) => key);
  // A hook that makes no sense is told before anything is done.
  planQuiet(project, keys, containers);
  const { globals, cwd, env, io, signal } = context;
  for (const { volume } of present)
    for (const { name, labels } of await engine.listVolumeUsers(volume.name, signal))
      if (labels[LABEL.project] !== project.name)
        context.warn(`container "${name}" uses volume "${volume.name}" and goes on: it is not of the project`);
  const takenAt = new Date();
  const store = new SnapshotStore(snapshotFolder(env, project.name));
  const name = flags.name ?? nameFrom(takenAt);
  const output = flags.output === undefined ? await store.fileFor(name, compression) : resolve(cwd, flags.output);
  await withProgress(context, { title: 'Taking a snapshot' }, async ({ onEvent }) => {
    const tell = (status: string, kind: 'working' | 'done'): void => {
      for (const { volume } of present) onEvent({ id: `Volume ${volume.name}`, status, kind });
    };
    tell('Reading', 'working');
    if (!globals.dryRun) {
      const lock = await lockFor(context, { project }, engine);
      try {
        await takeSnapshot({
          ...{ engine, project, keys, output, compression, takenAt, signal },
          placeOf: volumePlaces(context, project, engine),
        });
      } finally {
        lock.release();
      }
    }
    tell('Read', 'done');
  });
  io.stdout.write(`${flags.output === undefined ? name : output}\n`);
  return 0;
};

const COMPRESSIONS: readonly BundleCompression[] = ['zstd', 'gzip', 'none'];

function chosenCompression({ compression, output }: FlagValues<typeof volumeSnapshotFlags>): BundleCompression {
  if (compression === undefined) {
    if (output === undefined || !/\.(t?gz|t?zst|tar)$/.test(output)) return 'zstd';
    return compressionOf(output);
  }
  const found = COMPRESSIONS.find((one) => one === compression);
  if (found === undefined)
    throw new UsageError(`unknown compression "${compression}"`, { hint: `use ${COMPRESSIONS.join(', ')}` });
  return found;
}
