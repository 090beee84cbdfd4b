// A registry as the place where a cache goes.
import type { Credentials } from '../../../../registry/auth.ts';
import { parseReference } from '../../../../registry/reference.ts';
import type { Registries } from '../../../../registry/registries.ts';
import { badRequest } from '../../server/api-error.ts';
import type { CacheTarget } from './export-cache.ts';

export interface RegistryParts {
  readonly registries: Registries;
  readonly credentials: (registry: string) => Promise<Credentials>;
}

/** The cache gets the name `ref`. @throws ApiError where it is none */
export async function registryTarget({ registries, credentials }: RegistryParts, ref: string): Promise<CacheTarget> {
  const reference = parseReference(ref);
  if (!reference) throw badRequest(`invalid reference format: ${JSON.stringify(ref)}`);
  const client = await registries.client(reference, await credentials(reference.registry));
  return {
    has: (digest) => client.hasBlob(digest),
    put: (digest, _, open) => client.putBlob(digest, open),
    manifest: async ({ descriptor, text }) => {
      await client.putManifest(reference.tag ?? 'latest', descriptor.mediaType, text);
    },
  };
}
