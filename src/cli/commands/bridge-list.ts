// `bridge transformations list`: the transformation images of the engine.
import type { ListedImage } from '../../engine/engine.ts';
import type { CommandRun } from '../declaration.ts';
import type { listTransformationsFlags } from '../declarations/bridge.ts';
import { familiarReference } from '../image-reference.ts';
import { humanSize, shortId } from '../output/human.ts';
import { printList } from '../output/print-list.ts';

const LABEL = 'com.docker.compose.bridge=transformation';

export const run: CommandRun<typeof listTransformationsFlags> = async (context, flags) => {
  const engine = await context.engine();
  const images = await engine.listImages(LABEL, context.signal);
  context.io.stdout.write(
    flags.quiet ? images.map(({ id, tags }) => `${tags[0] ?? id}\n`).join('') : listText(images, flags.format),
  );
  return 0;
};

const listText = (images: readonly ListedImage[], format: string): string =>
  printList(format, {
    headers: ['IMAGE ID', 'REPO', 'TAGS', 'SIZE'],
    rows: images.map(({ id, tags, size }) => {
      const { repository = '', tag = '' } = tags[0] === undefined ? {} : familiarReference(tags[0]);
      return [shortId(id), repository || '<none>', tag || '<none>', humanSize(size, 3)];
    }),
    json: images.map(({ id, tags, digests, createdAt, size, labels }) => ({
      Created: createdAt,
      Id: id,
      Labels: labels,
      RepoDigests: digests,
      RepoTags: tags,
      Size: size,
    })),
  });
