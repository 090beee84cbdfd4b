// Where what a build came to goes: into the image store, or to the client.
import { familiarTag, parseReference } from '../../../../registry/reference.ts';
import type { Image } from '../../images/store.ts';
import { badRequest } from '../../server/api-error.ts';
import { type Builder, type Made, tagOf } from '../builder.ts';
import type { Progress } from './progress.ts';

export interface Exporter {
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** The types that mean the image store; with Docker's own the image of a single platform is all that they make. */
const IMAGE_TYPES = new Set(['moby', 'image', 'docker']);

/** What every exporter has to be, looked at before anything is built. @throws ApiError */
export function checkExporters(exporters: readonly Exporter[]): void {
  for (const { type, attributes } of exporters) {
    if (!IMAGE_TYPES.has(type))
      throw badRequest(
        `exporter "${type}" is not supported by the windlass native engine: it keeps images in its own store`,
      );
    for (const name of namesOf(attributes)) tagOf(name);
  }
}

/** Hands a result to the exporters. Returns what the client is told of it. */
export async function exportResult(
  builder: Builder,
  progress: Progress,
  made: Made,
  exporters: readonly Exporter[],
): Promise<ReadonlyMap<string, string>> {
  const told = new Map<string, string>();
  for (const { attributes } of exporters) {
    const image = await keepImage(builder, progress, made, namesOf(attributes));
    told.set('containerimage.digest', image.id).set('containerimage.config.digest', image.id);
    const names = attributes.get('name') ?? '';
    if (names !== '') told.set('image.name', names);
  }
  return told;
}

async function keepImage(builder: Builder, progress: Progress, made: Made, names: readonly string[]): Promise<Image> {
  const vertex = progress.vertex('exporting to image');
  try {
    const image = await builder.keep(made);
    vertex.part(`writing image ${image.id}`, { done: true });
    for (const name of names) {
      await builder.tag(image, tagOf(name));
      vertex.part(`naming to ${fullName(name)}`, { done: true });
    }
    vertex.done();
    return image;
  } catch (error) {
    vertex.done({ error: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

const namesOf = (attributes: ReadonlyMap<string, string>): string[] =>
  (attributes.get('name') ?? '').split(',').filter((name) => name !== '');

function fullName(name: string): string {
  const reference = parseReference(name);
  if (!reference) return name;
  const tag = familiarTag(reference).split(':').at(-1) ?? '';
  return `${reference.registry}/${reference.repository}:${tag}`;
}
