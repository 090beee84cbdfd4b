// `volume clone`: what is in a volume, in another one that is new or empty.
import type { Volume } from '../../model.ts';
import { volumeLabels } from '../../planner/labels.ts';
import { copyVolume } from '../../shipping/volumes/clone-volume.ts';
import { planQuiet, whileQuiet } from '../../shipping/volumes/quiesce.ts';
import { isEmptyVolume } from '../../shipping/volumes/volume-access.ts';
import { VolumeError } from '../../shipping/volumes/volume-error.ts';
import type { CommandRun } from '../declaration.ts';
import type { volumeCloneFlags } from '../declarations/volume.ts';
import { withProgress } from '../output/progress.ts';
import { lockFor } from '../perform.ts';
import { findOwn, projectWithVolumes, requireOwn } from '../volume/own-volumes.ts';
import { volumePlaces } from '../volume-places.ts';

export const run: CommandRun<typeof volumeCloneFlags> = async (context, _flags, [from = '', to = '']) => {
  const project = await projectWithVolumes(context);
  const source = requireOwn(project, from);
  const own = findOwn(project, to);
  if (own === undefined && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(to))
    throw new VolumeError(`"${to}" cannot be the name of a volume`, { hint: 'use letters, digits, "_", "." and "-"' });
  const target: Volume = own?.volume ?? { name: to };
  const labels = own === undefined ? {} : volumeLabels(project, own.key, own.volume);
  if (target.name === source.volume.name) throw new VolumeError(`volume "${target.name}" cannot be cloned into itself`);
  const { globals, signal } = context;
  const engine = await context.engine(project.name);
  const placeOf = volumePlaces(context, project, engine);
  if ((await engine.findVolume(source.volume.name, signal)) === undefined)
    throw new VolumeError(`there is no volume "${source.volume.name}" on this engine`, {
      hint: 'create it with "windlass up"',
    });
  const isThere = (await engine.findVolume(target.name, signal)) !== undefined;
  const [user] = isThere ? await engine.listVolumeUsers(target.name, signal) : [];
  if (user !== undefined)
    throw new VolumeError(`volume "${target.name}" is used by container "${user.name}"`, { hint: 'stop it first' });
  if (isThere && !globals.dryRun && !(await isEmptyVolume(placeOf(target.name))))
    throw new VolumeError(`volume "${target.name}" is not empty`, {
      hint: 'clone into a new one, or remove this one first',
    });
  const id = `Volume ${target.name}`;
  await withProgress(context, { title: 'Cloning' }, async ({ onEvent }) => {
    onEvent({ id, status: 'Cloning', kind: 'working' });
    if (!globals.dryRun) {
      const lock = await lockFor(context, { project }, engine);
      try {
        if (!isThere) await engine.createVolume(target, labels, signal);
        const { containers } = await engine.observe(project.name, signal);
        const quiet = planQuiet(project, [source.key], containers);
        const copy = () => copyVolume(placeOf(source.volume.name), placeOf(target.name));
        await whileQuiet(engine, quiet, copy, signal);
      } catch (error) {
        if (!isThere) await engine.removeVolume(target.name).catch(() => undefined);
        else context.warn(`volume "${target.name}" was empty, and may hold a part of the copy now`);
        throw error;
      } finally {
        lock.release();
      }
    }
    onEvent({ id, status: 'Cloned', kind: 'done' });
  });
  return 0;
};
