// `images`: the image behind each of the project's containers.
import type { Engine, ObservedContainer, ObservedImage } from '../../engine/engine.ts';
import { byName, serviceOf } from '../../engine/project-container.ts';
import type { CommandRun } from '../declaration.ts';
import type { imagesFlags } from '../declarations/view.ts';
import { familiarReference } from '../image-reference.ts';
import { humanDuration, humanSize, shortId } from '../output/human.ts';
import { printList } from '../output/print-list.ts';
import { projectSeen } from '../project-name.ts';
import { checkServices } from '../service-arguments.ts';

interface ContainerImage {
  readonly container: ObservedContainer;
  readonly image: ObservedImage;
}

export const run: CommandRun<typeof imagesFlags> = async (context, flags, args) => {
  const seen = await projectSeen(context);
  const engine = await context.engine(seen.name);
  const containers = await engine.listContainers(seen.name, context.signal);
  checkServices(context, args, seen, containers);
  const chosen = containers
    .filter((container) => args.length === 0 || args.includes(serviceOf(container)))
    .sort(byName);
  const found = await imagesOf(engine, chosen, context.signal);
  context.io.stdout.write(flags.quiet ? quietList(found) : imageList(found, flags.format));
  return 0;
};

/** Each image is asked for once. A container whose image is gone has no line. */
async function imagesOf(
  engine: Engine,
  containers: readonly ObservedContainer[],
  signal: AbortSignal,
): Promise<ContainerImage[]> {
  const asked = new Map<string, Promise<ObservedImage | undefined>>();
  for (const { imageId } of containers) if (!asked.has(imageId)) asked.set(imageId, engine.findImage(imageId, signal));
  const found = await Promise.all(
    containers.map(async (container) => ({ container, image: await asked.get(container.imageId) })),
  );
  return found.flatMap(({ container, image }) => (image === undefined ? [] : [{ container, image }]));
}

const quietList = (found: readonly ContainerImage[]): string =>
  [...new Set(found.map(({ image }) => image.id.slice(image.id.indexOf(':') + 1)))].map((id) => `${id}\n`).join('');

function imageList(found: readonly ContainerImage[], format: string): string {
  const lines = found.map(({ container, image }) => ({
    ...familiarReference(container.image),
    container: container.name,
    image,
    time: image.lastTagged || image.created,
  }));
  return printList(format, {
    headers: ['CONTAINER', 'REPOSITORY', 'TAG', 'PLATFORM', 'IMAGE ID', 'SIZE', 'CREATED'],
    rows: lines.map(({ container, repository, tag, image, time }) => [
      container,
      repository || '<none>',
      tag || '<none>',
      image.platform,
      shortId(image.id),
      humanSize(image.size, 3),
      time === '' ? 'N/A' : `${humanDuration(Date.now() - Date.parse(time))} ago`,
    ]),
    json: lines.map(({ container, repository, tag, image, time }) => ({
      ID: image.id,
      ContainerName: container,
      Repository: repository,
      Tag: tag,
      Platform: image.platform,
      Size: image.size,
      LastTagTime: time,
    })),
  });
}
