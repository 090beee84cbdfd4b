// Archives of `docker save` from before Docker 1.10: a folder per layer with a document of its own (`json`) that names its parent, and a
// file `repositories` that names the topmost ones. They are turned into images as they are made today.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { WindlassError } from '../../../errors.ts';

/** What a layer of that time says of itself, as far as it goes into an image of today. */
interface LegacyLayer {
  readonly parent?: string;
  readonly created?: string;
  readonly author?: string;
  readonly architecture?: string;
  readonly os?: string;
  readonly config?: unknown;
  readonly container_config?: { readonly Cmd?: readonly string[] | null };
}

export interface LegacyImage {
  readonly tags: readonly string[];
  /** Paths of the layers within the archive, lowest first. */
  readonly layers: readonly string[];
  /** The configuration document, made from what the layers say. */
  readonly config: string;
}

/** Longest chain of layers: more is a loop. */
const MAX_LAYERS = 200;

export interface LegacyArchive {
  readJson(path: string): Promise<unknown>;
  /** The spooled file of a path in the archive; undefined when there is none. */
  file(path: string): string | undefined;
}

/** The images that `repositories` names. */
export async function legacyImages(archive: LegacyArchive): Promise<LegacyImage[]> {
  const repositories = (await archive.readJson('repositories')) as Record<string, Record<string, string>>;
  const names = new Map<string, string[]>();
  for (const [repository, tags] of Object.entries(repositories ?? {}))
    for (const [tag, id] of Object.entries(tags ?? {}))
      names.set(id, [...(names.get(id) ?? []), `${repository}:${tag}`]);
  return Promise.all([...names].map(([id, tags]) => legacyImage(archive, id, tags)));
}

async function legacyImage(archive: LegacyArchive, top: string, tags: readonly string[]): Promise<LegacyImage> {
  const chain: { readonly id: string; readonly says: LegacyLayer }[] = [];
  for (let id: string | undefined = top; id; id = chain[0]?.says.parent) {
    if (chain.length >= MAX_LAYERS)
      throw new WindlassError('IMAGE_ARCHIVE', `image "${top}" has more than ${MAX_LAYERS} layers`);
    chain.unshift({ id, says: (await archive.readJson(`${id}/json`)) as LegacyLayer });
  }
  const layers = chain.map(({ id }) => `${id}/layer.tar`);
  const says = chain.at(-1)?.says ?? {};
  const config = {
    architecture: says.architecture ?? 'amd64',
    os: says.os ?? 'linux',
    ...(says.created === undefined ? {} : { created: says.created }),
    ...(says.author === undefined ? {} : { author: says.author }),
    config: says.config ?? {},
    rootfs: { type: 'layers', diff_ids: await Promise.all(layers.map((path) => digestOfFile(archive, path))) },
    history: chain.map(({ says: one }) => ({
      ...(one.created === undefined ? {} : { created: one.created }),
      created_by: (one.container_config?.Cmd ?? []).join(' '),
    })),
  };
  return { tags, layers, config: JSON.stringify(config) };
}

async function digestOfFile(archive: LegacyArchive, path: string): Promise<string> {
  const file = archive.file(path);
  if (file === undefined) throw new WindlassError('IMAGE_ARCHIVE', `image archive has no "${path}"`);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
