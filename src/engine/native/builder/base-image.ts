// The images that stages start from: the store's, or pulled.
import type { Credentials } from '../../../registry/auth.ts';
import { familiarTag, parseReference } from '../../../registry/reference.ts';
import type { Registries } from '../../../registry/registries.ts';
import type { NativeHost } from '../host.ts';
import { findForPlatform, findImage } from '../images/lookup.ts';
import { imagePlatform, isForPlatform, type Platform, platformText } from '../images/platforms.ts';
import { namePulled, pullImage, resolveManifest } from '../images/pull.ts';
import type { Image, ImageStore } from '../images/store.ts';
import { badRequest } from '../server/api-error.ts';
import type { BuildOutput } from './output.ts';

export interface BaseImages {
  readonly host: NativeHost;
  readonly store: ImageStore;
  readonly architecture: string;
  readonly registries: Registries;
  /** Ask the registry even where an image of that name is here. */
  readonly pull: boolean;
  /** Credentials by registry. */
  readonly auth: (registry: string) => Promise<Credentials>;
}

/** The image of a name, for a platform where one is wanted. */
export async function baseImage(
  base: BaseImages,
  name: string,
  platform: Platform | undefined,
  output: BuildOutput,
): Promise<Image> {
  const known = platform ? findForPlatform(base.store, name, platform) : findImage(base.store, name);
  const isId = /^(?:sha256:)?[0-9a-f]{12,64}$/.test(name) && known !== undefined && !base.store.references().has(name);
  if (known && (!base.pull || isId)) return known;
  const given = parseReference(name);
  if (!given) throw badRequest(`invalid reference format: ${JSON.stringify(name)}`);
  const reference = given.tag === undefined && given.digest === undefined ? { ...given, tag: 'latest' } : given;
  const wanted = platform && platformText(platform);
  const request = { reference, platform: wanted, architecture: base.architecture };
  const { sources, result: resolved } = await base.registries.reading(
    reference,
    await base.auth(reference.registry),
    (candidate) => resolveManifest(candidate, request),
  );
  output.line({ status: `Pulling from ${reference.repository}`, id: reference.digest ?? reference.tag });
  const { image } = await pullImage(base.host, base.store, sources, resolved, reference, (line) => output.line(line));
  // A name that means an image of this machine goes on meaning that one.
  const tag = familiarTag(reference);
  const isForeign = image.config.architecture !== base.architecture;
  if (isForeign && reference.digest === undefined && base.store.references().has(tag))
    await base.store.addVariant(tag, image.id);
  else await namePulled(base.store, reference, image);
  if (platform && !isForPlatform(image.config, platform))
    throw badRequest(
      `image with reference ${name} was found but does not match the specified platform: wanted ${platformText(platform)}, actual: ${platformText(imagePlatform(image.config))}`,
    );
  return image;
}
