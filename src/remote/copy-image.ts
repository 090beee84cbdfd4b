// An image from one repository to another, all platforms, byte for byte: its digest stays the same.
import type { Manifest, RegistryClient } from '../registry/client.ts';
import type { Descriptor } from './artifact.ts';
import { openRepository, type RegistrySurroundings } from './registry-access.ts';

interface ImageManifest {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly (Descriptor & { readonly urls?: readonly string[] })[];
}

/** Copies an image into the repository of `target`; gives what an index says of it. */
export async function copyImage(
  image: string,
  target: RegistryClient,
  surroundings: RegistrySurroundings,
): Promise<Descriptor> {
  const { client: source, version } = await openRepository(image, surroundings);
  const manifest = await copyManifest(version, source, target);
  const { mediaType, digest, text } = manifest;
  return { mediaType, digest, size: Buffer.byteLength(text) };
}

/** What a manifest names goes before it: a registry takes none that leads nowhere. */
async function copyManifest(version: string, source: RegistryClient, target: RegistryClient): Promise<Manifest> {
  const manifest = await source.manifest(version);
  const { manifests = [], config, layers = [] } = JSON.parse(manifest.text) as ImageManifest;
  for (const { digest } of manifests) await copyManifest(digest, source, target);
  // Layers with addresses of their own are not for copying (Windows base layers).
  const blobs = [...(config ? [config] : []), ...layers.filter(({ urls }) => !urls?.length)];
  for (const { digest } of blobs) await copyBlob(digest, source, target);
  await target.putManifest(manifest.digest, manifest.mediaType, manifest.text);
  return manifest;
}

async function copyBlob(digest: string, source: RegistryClient, target: RegistryClient): Promise<void> {
  if (await target.hasBlob(digest)) return;
  const { stream } = await source.blob(digest);
  await target.putBlob(digest, () => stream);
}
