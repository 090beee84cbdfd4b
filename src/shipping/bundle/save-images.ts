// The images of a project out of an engine, in the form a bundle keeps them in.
import type { Engine } from '../../engine/engine.ts';
import type { Project, Service } from '../../model.ts';
import { BundleError } from './bundle-error.ts';
import { type PlainImage, readImageArchive } from './image-archive.ts';
import type { Layout } from './image-layout.ts';
import { loadedName } from './image-names.ts';
import { type BundleImage, byBytes } from './manifest.ts';
import type { Spool, Spooled } from './spool.ts';

export interface ImageUse {
  /** As the project names it. */
  readonly reference: string;
  /** Services that run it; none of one that is only mounted, or that a hook runs in. */
  readonly services: readonly string[];
}

/** Every image that services run, or mount, or run hooks in. Sorted. */
export function imageUses(project: Project, imageOf: (service: Service) => string): ImageUse[] {
  const uses = new Map<string, Set<string>>();
  const use = (reference: string, ...services: string[]): void => {
    uses.set(reference, new Set([...(uses.get(reference) ?? []), ...services]));
  };
  for (const service of Object.values(project.services)) {
    if (service.provider === undefined) use(imageOf(service), service.name);
    for (const { type, source } of service.volumes ?? []) if (type === 'image' && source) use(source);
    for (const { image } of service.pre_start ?? []) if (image !== undefined) use(image);
  }
  return [...uses]
    .map(([reference, services]) => ({ reference, services: [...services].sort(byBytes) }))
    .sort((a, b) => byBytes(a.reference, b.reference));
}

/** An image in the spool, a platform each. */
export interface SavedImage {
  /** The name it is loaded under. */
  readonly reference: string;
  readonly platforms: readonly {
    readonly platform: string;
    readonly config: Spooled;
    readonly layers: readonly Spooled[];
  }[];
}

/** Saves the images of the engine's own platform. All of them must be there. */
export async function saveImages(
  engine: Engine,
  uses: readonly ImageUse[],
  spool: Spool,
  signal?: AbortSignal,
): Promise<SavedImage[]> {
  if (uses.length === 0) return [];
  const references = uses.map(({ reference }) => reference);
  const archived = await readImageArchive(await engine.saveImages(references, signal), spool);
  const saved = new Map<string, SavedImage>();
  for (const reference of references) {
    const name = loadedName(reference);
    const { platform, config, layers } = await pick(engine, archived, reference, name, signal);
    saved.set(name, { reference: name, platforms: [{ platform, config, layers }] });
  }
  return [...saved.values()];
}

async function pick(
  engine: Engine,
  archived: readonly PlainImage[],
  reference: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<PlainImage> {
  const tagged = archived.find(({ tags }) => tags.includes(name));
  if (tagged !== undefined) return tagged;
  // Named by digest: the archive has it without a name.
  const found = await engine.findImage(reference, signal);
  const [image, ...others] = archived.filter(({ config }) => config.digest === found?.id);
  const only = image ?? (archived.length === 1 ? archived[0] : undefined);
  if (only === undefined || others.length > 0)
    throw new BundleError(`the engine did not save image "${reference}"`, { hint: 'pull it, or name it by a tag' });
  return only;
}

/** What the manifest says of them. */
export const bundledImages = (
  images: readonly SavedImage[],
  uses: readonly ImageUse[],
  layout: Layout,
): BundleImage[] =>
  images
    .map(({ reference, platforms }) => ({
      reference,
      services: [
        ...new Set(uses.filter((use) => loadedName(use.reference) === reference).flatMap(({ services }) => services)),
      ].sort(byBytes),
      platforms: platforms.map(({ platform, config }) => ({
        platform,
        id: config.digest,
        manifest: layout.manifests.get(`${reference} ${platform}`) ?? '',
      })),
    }))
    .sort((a, b) => byBytes(a.reference, b.reference));
