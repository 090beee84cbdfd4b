// How a project's volumes are reached: through images of the project itself.
import type { Engine } from '../engine/engine.ts';
import { WindlassError } from '../errors.ts';
import type { Project } from '../model.ts';
import { LABEL } from '../names.ts';
import { imageOf } from '../planner/services.ts';
import type { VolumePlace } from '../shipping/volumes/helper-container.ts';
import type { CommandContext } from './context.ts';

/** Volume's real name → its place. The helper container is labelled as a one-off, so that `down` removes one that was left. */
export function volumePlaces(
  context: CommandContext,
  project: Project,
  engine: Engine,
): (volume: string) => VolumePlace {
  const [service, ...others] = Object.values(project.services).filter(({ provider }) => provider === undefined);
  if (service === undefined) throw new WindlassError('VOLUME', 'the project has no service whose image could be used');
  const labels = { [LABEL.project]: project.name, [LABEL.service]: service.name, [LABEL.oneOff]: 'True' };
  const image = imageOf(project, service);
  const images = [image, ...new Set(others.map((one) => imageOf(project, one)))] as const;
  const mounted = new Set(
    Object.values(project.volumes).flatMap(({ name, driver_opts = {} }) =>
      Object.keys(driver_opts).length > 0 ? [name] : [],
    ),
  );
  return (volume) => ({
    ...{ engine, volume, images, labels, signal: context.signal },
    throughEngine: mounted.has(volume),
  });
}
