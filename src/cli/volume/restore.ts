// A snapshot back into volumes: everything checked, then everything put aside, and only then exchanged, all volumes or none.
import type { Engine } from '../../engine/engine.ts';
import { messageOf } from '../../errors.ts';
import type { ProgressListener } from '../../events.ts';
import type { Project } from '../../model.ts';
import { volumeLabels } from '../../planner/labels.ts';
import type { BundleVolume } from '../../shipping/bundle/manifest.ts';
import { readVolumes } from '../../shipping/snapshots/read-snapshot.ts';
import type { VolumePlace } from '../../shipping/volumes/helper-container.ts';
import { prepareReplacement, type Replacement } from '../../shipping/volumes/replace-volume.ts';
import { VolumeError } from '../../shipping/volumes/volume-error.ts';
import type { OwnVolume } from './own-volumes.ts';
import { stoppableUsers, whileStopped } from './users.ts';

export interface Wanted extends OwnVolume {
  readonly content: BundleVolume;
}

export interface RestoreOptions {
  readonly engine: Engine;
  readonly project: Project;
  /** A snapshot that has been checked. */
  readonly file: string;
  readonly wanted: readonly Wanted[];
  readonly placeOf: (volume: string) => VolumePlace;
  readonly timeoutSeconds: number | undefined;
  readonly onEvent: ProgressListener;
  readonly signal: AbortSignal;
}

/** Where it fails, the volumes have their old contents, or the error says what they have. */
export async function restoreSnapshot(options: RestoreOptions): Promise<void> {
  const { engine, project, wanted, onEvent, timeoutSeconds, signal } = options;
  const names = wanted.map(({ volume }) => volume.name);
  const created = await createMissing(options);
  const prepared: Replacement[] = [];
  let isDone = false;
  try {
    await prepareAll(options, prepared);
    // Asked only now: preparing may have taken long.
    const users = await stoppableUsers(engine, project, names, signal);
    await whileStopped({ engine, users, timeoutSeconds, onEvent, signal }, () => commitAll(prepared, signal));
    isDone = true;
  } finally {
    await Promise.allSettled(prepared.map((one) => one.forget()));
    if (!isDone) await Promise.allSettled(created.map((name) => engine.removeVolume(name)));
  }
}

async function createMissing({ engine, project, wanted, signal }: RestoreOptions): Promise<string[]> {
  const created: string[] = [];
  for (const { key, volume } of wanted) {
    if ((await engine.findVolume(volume.name, signal)) !== undefined) continue;
    await engine.createVolume(volume, volumeLabels(project, key, volume), signal);
    created.push(volume.name);
  }
  return created;
}

async function prepareAll(options: RestoreOptions, prepared: Replacement[]): Promise<void> {
  const { file, wanted, placeOf, onEvent } = options;
  const contents = wanted.map(({ content }) => content);
  await readVolumes(file, contents, async ({ path }, found) => {
    const name = wanted.find(({ content }) => content.path === path)?.volume.name ?? '';
    onEvent({ id: `Volume ${name}`, status: 'Restoring', kind: 'working' });
    prepared.push(await prepareReplacement(placeOf(name), found));
  });
}

/** All of them, or none: what was exchanged is exchanged back, last first, when a later one fails. */
export async function commitAll(prepared: readonly Replacement[], signal: AbortSignal): Promise<void> {
  const committed: Replacement[] = [];
  try {
    for (const one of prepared) {
      signal.throwIfAborted();
      await one.commit();
      committed.unshift(one);
    }
  } catch (error) {
    const states: string[] = [];
    for (const one of committed)
      await one.undo().catch((cause: unknown) => {
        states.push(
          `volume "${one.volume}" has the snapshot's contents: they cannot be taken back: ${messageOf(cause)}`,
        );
      });
    if (states.length === 0) throw error;
    throw new VolumeError([messageOf(error), ...states].join('\n'), { cause: error });
  }
}
