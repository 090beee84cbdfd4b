// A project's layers → an artifact in a registry, in docker compose's format.
import { Readable } from 'node:stream';
import { WindlassError } from '../errors.ts';
import { type RegistryClient, RegistryError } from '../registry/client.ts';
import {
  type Artifact,
  applicationIndex,
  artifactOf,
  type Descriptor,
  digestOfBytes,
  type Layer,
  OCI_INDEX,
  type OciVersion,
} from './artifact.ts';
import { copyImage } from './copy-image.ts';
import { openRepository, type RegistrySurroundings } from './registry-access.ts';

export interface Publication {
  readonly layers: readonly Layer[];
  /** Undefined: 1.1, and 1.0 where the registry does not take that. */
  readonly version: OciVersion | undefined;
  /** Images to copy beside the project; they and the project are one application then. */
  readonly images: readonly string[];
}

/** Pushes a project to `registry/repository[:tag]`; gives the digest of its manifest. */
export async function publish(
  repository: string,
  { layers, version, images }: Publication,
  surroundings: RegistrySurroundings,
): Promise<string> {
  const { client, version: tag, reference } = await openRepository(repository, surroundings);
  if (reference.digest !== undefined)
    throw new WindlassError('OCI_REFERENCE', `cannot publish to the digest "${repository}"`, { hint: 'give a tag' });
  for (const { descriptor, content } of layers) await putBlob(client, descriptor, content);
  const created = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const { descriptor } = await withFallback(version, async (format) => {
    const artifact = artifactOf(layers, format, created);
    await putBlob(client, artifact.config.descriptor, artifact.config.content);
    await client.putManifest(tag, artifact.descriptor.mediaType, artifact.manifest);
    return artifact;
  });
  if (images.length > 0) {
    const copies: Descriptor[] = [];
    for (const image of images) copies.push(await copyImage(image, client, surroundings));
    const index = applicationIndex(copies, descriptor);
    await client.putManifest(digestOfBytes(Buffer.from(index)), OCI_INDEX, index);
  }
  return descriptor.digest;
}

/** Registries that know nothing of artifacts refuse the newer manifest as a mistake of the client's. */
async function withFallback(
  version: OciVersion | undefined,
  push: (format: OciVersion) => Promise<Artifact>,
): Promise<Artifact> {
  if (version !== undefined) return push(version);
  try {
    return await push('1.1');
  } catch (error) {
    const isMistake = error instanceof RegistryError && error.status >= 400 && error.status < 500;
    if (!isMistake || [401, 403, 404, 407].includes(error.status)) throw error;
    return push('1.0');
  }
}

async function putBlob(client: RegistryClient, { digest }: Descriptor, content: Buffer): Promise<void> {
  if (await client.hasBlob(digest)) return;
  await client.putBlob(digest, () => Readable.from([content]));
}
