// The name an image of a bundle is given on the engines that load it. Pure.
import { familiarName, familiarTag, parseReference } from '../../registry/reference.ts';
import { BundleError } from './bundle-error.ts';

/**
 * `mariadb` → `mariadb:latest`. An archive cannot give an engine the digest of a registry, so `mariadb@sha256:0123…` becomes a
 * tag made from it.
 */
export function loadedName(reference: string): string {
  const parsed = parseReference(reference);
  if (parsed === undefined) throw new BundleError(`"${reference}" is no image reference`, { hint: 'correct "image:"' });
  if (parsed.digest === undefined || parsed.tag !== undefined) return familiarTag(parsed);
  return `${familiarName(parsed)}:sha256-${parsed.digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
}
