// An image from one repository to another, all platforms, byte for byte: its digest stays the same.
import { Decoder } from '../decode-json.ts';
import { type Manifest, type RegistryClient, RegistryError } from '../registry/client.ts';
import type { Descriptor } from './artifact.ts';
import { openRepository, type RegistrySurroundings } from './registry-access.ts';

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
  const read = new Decoder(JSON.parse(manifest.text), `the manifest ${manifest.digest}`, (what) => {
    throw new RegistryError(0, what);
  });
  const digest = (item: Decoder): string => item.get('digest').text();
  for (const one of read.find('manifests')?.list(digest) ?? []) await copyManifest(one, source, target);
  const config = read.find('config');
  // Layers with addresses of their own are not for copying (Windows base layers).
  const layers = read.find('layers')?.list((one) => (one.find('urls')?.list((url) => url).length ? [] : [digest(one)]));
  for (const blob of [...(config ? [digest(config)] : []), ...(layers ?? []).flat()])
    await copyBlob(blob, source, target);
  await target.putManifest(manifest.digest, manifest.mediaType, manifest.text);
  return manifest;
}

async function copyBlob(digest: string, source: RegistryClient, target: RegistryClient): Promise<void> {
  if (await target.hasBlob(digest)) return;
  const { stream } = await source.blob(digest);
  await target.putBlob(digest, () => stream);
}
