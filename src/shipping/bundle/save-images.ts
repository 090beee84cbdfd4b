// The images of a project out of an engine, in the form a bundle keeps them in.
import type { Engine } from '../../engine/engine.ts';
import type { Project, Service } from '../../model.ts';
import { BundleError } from './bundle-error.ts';
import { type PlainImage, readImageArchive } from './image-archive.ts';
import type { Layout } from './image-layout.ts';
import { loadedName } from './image-names.ts';
import { type BundleImage, byBytes } from './manifest.ts';
import { isPlatform } from './platforms.ts';
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

export interface ImageSources {
  readonly engine: Engine;
  /** Empty = the engine's own. The first is the one that `docker load` takes. */
  readonly platforms: readonly string[];
  /** An image for a platform that the engine does not have it for. */
  readonly fetch: (reference: string, platform: string, spool: Spool) => Promise<PlainImage>;
}

/** Every image for every platform: from the engine where it has it, else from where `fetch` gets it. */
export async function saveImages(
  uses: readonly ImageUse[],
  { engine, platforms, fetch }: ImageSources,
  spool: Spool,
  signal?: AbortSignal,
): Promise<SavedImage[]> {
  const held: string[] = [];
  for (const { reference } of uses) {
    const found = await engine.findImage(reference, signal);
    const serves = platforms.length === 0 || platforms.some((one) => found && isPlatform(found.platform, one));
    if (found !== undefined && serves) held.push(reference);
  }
  const archived = held.length === 0 ? [] : await readImageArchive(await engine.saveImages(held, signal), spool);
  const saved = new Map<string, SavedImage>();
  for (const { reference } of uses) {
    const name = loadedName(reference);
    const own = held.includes(reference) ? await pick(engine, archived, reference, name, signal) : undefined;
    const images: PlainImage[] = platforms.length === 0 && own !== undefined ? [own] : [];
    for (const platform of platforms)
      images.push(own && isPlatform(own.platform, platform) ? own : await fetch(reference, platform, spool));
    if (images.length === 0) throw new BundleError(`the engine has no image "${reference}"`);
    saved.set(name, {
      reference: name,
      platforms: images.map(({ platform, config, layers }) => ({ platform, config, layers })),
    });
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
