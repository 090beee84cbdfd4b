// Finding an image by what a client wrote.
import { familiarName, familiarTag, parseReference } from '../../../registry/reference.ts';
import { type ApiError, badRequest, noSuchImage } from '../server/api-error.ts';
import { isForPlatform, type Platform } from './platforms.ts';
import type { Image, ImageStore } from './store.ts';

/** By id or prefix of one, `name[:tag]`, or `name@sha256:…`. */
export function findImage(store: ImageStore, text: string): Image | undefined {
  const reference = parseReference(text.startsWith('sha256:') ? '' : text);
  if (!reference) return store.find(text, undefined);
  const withDigest = reference.digest === undefined ? undefined : `${familiarName(reference)}@${reference.digest}`;
  return store.find(text, { tag: familiarTag(reference), withDigest });
}

/** The same, for a platform where the name stands for several: undefined where it stands for none of that one. */
export function findForPlatform(store: ImageStore, text: string, platform: Platform): Image | undefined {
  const found = findImage(store, text);
  if (!found || isForPlatform(found.config, platform)) return found;
  const reference = parseReference(text);
  const named = reference?.digest === undefined && reference ? store.imagesOf(familiarTag(reference)) : [];
  return named.find(({ config }) => isForPlatform(config, platform));
}

/** Docker's refusal of a name that no image has: with the tag that was meant, or, for what is no name at all, as a mistake. */
export function missingImage(text: string): ApiError {
  if (/^(sha256:)?[0-9a-f]{12,64}$/.test(text)) return noSuchImage(text);
  const reference = parseReference(text);
  if (!reference)
    return badRequest(
      /[A-Z]/.test(text) ? 'invalid reference format: repository name must be lowercase' : 'invalid reference format',
    );
  return noSuchImage(
    reference.digest === undefined ? familiarTag(reference) : `${familiarName(reference)}@${reference.digest}`,
  );
}
