// `-f oci://…` that leads to a bundle: pulled once into the store, and used from there.
import { access } from 'node:fs/promises';
import { realHost } from '../../host.ts';
import { openRepository } from '../../remote/registry-access.ts';
import { BundleStore, bundleFolder } from '../../shipping/bundle/bundle-store.ts';
import { bundleDigest, isBundleArtifact, pullBundle } from '../../shipping/bundle/registry-transfer.ts';

export const OCI_PREFIX = 'oci://';

/** The bundle's file; undefined where the reference leads to anything else, or nowhere: the loader has words for that. */
export async function fetchBundle(
  reference: string,
  env: Readonly<Record<string, string>>,
  insecure: readonly string[],
): Promise<string | undefined> {
  const { client, version, name } = await openRepository(reference.slice(OCI_PREFIX.length), {
    host: realHost,
    env,
    insecure,
  });
  const artifact = await client.manifest(version).catch(() => undefined);
  if (artifact === undefined || !isBundleArtifact(artifact)) return undefined;
  const file = await new BundleStore(bundleFolder(env)).fileFor(bundleDigest(artifact, name));
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) await pullBundle(artifact, client, name, file);
  return file;
}
