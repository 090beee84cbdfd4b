// Finding an image by what a client wrote.
import { familiarName, familiarTag, parseReference } from '../../../registry/reference.ts';
import type { Image, ImageStore } from './store.ts';

/** By id or prefix of one, `name[:tag]`, or `name@sha256:…`. */
export function findImage(store: ImageStore, text: string): Image | undefined {
  const reference = parseReference(text.startsWith('sha256:') ? '' : text);
  if (!reference) return store.find(text, undefined);
  const withDigest = reference.digest === undefined ? undefined : `${familiarName(reference)}@${reference.digest}`;
  return store.find(text, { tag: familiarTag(reference), withDigest });
}
