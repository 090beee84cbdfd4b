// Bundles through registries: an artifact whose configuration is bundle.json and whose layers are the bundle's other contents, each
// under its path. What comes back is the same file, byte for byte.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { plainHeader, type TarSource, writeTar } from '../../archive/tar-writer.ts';
import type { Manifest, RegistryClient } from '../../registry/client.ts';
import { BundleError } from './bundle-error.ts';
import { decodeJson } from './decode-bundle.ts';
import {
  BUNDLE_ARTIFACT_TYPE,
  type BundleContent,
  decodeManifest,
  digestOfText,
  isSignaturePath,
  MANIFEST_PATH,
  MAX_MANIFEST_BYTES,
  signaturePath,
} from './manifest.ts';
import { contentsOf, readBundle } from './read-bundle.ts';

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG_TYPE = 'application/vnd.windlass.bundle.config.v1+json';
const CONTENT_TYPE = 'application/vnd.windlass.bundle.content.v1';
const TITLE = 'org.opencontainers.image.title';
const MAX_SIGNATURE_BYTES = 4096;

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

/** Whether a manifest is a bundle's. */
export function isBundleArtifact({ text }: Manifest): boolean {
  const { artifactType, config } = JSON.parse(text) as { artifactType?: string; config?: { mediaType?: string } };
  return artifactType === BUNDLE_ARTIFACT_TYPE || config?.mediaType === CONFIG_TYPE;
}

/** Checks a bundle and pushes it; contents that the repository has are not sent again. Gives the artifact's digest. */
export async function pushBundle(
  file: string,
  client: RegistryClient,
  tag: string,
  onContent: (path: string, sent: boolean) => void,
): Promise<string> {
  const head = await readBundle(file);
  const send = async (path: string, digest: string, open: () => Readable): Promise<void> => {
    const isThere = await client.hasBlob(digest);
    if (!isThere) await client.putBlob(digest, open);
    onContent(path, !isThere);
  };
  const texts = [
    [MANIFEST_PATH, head.manifestText],
    ...(head.signature === undefined ? [] : [[signaturePath(head.signature), head.signature]]),
  ] as const;
  for (const [path = '', text = ''] of texts)
    await send(path, digestOfText(text), () => Readable.from([Buffer.from(text)]));
  for await (const { content, bytes } of contentsOf(file))
    await send(content.path, content.digest, () => Readable.from(bytes()));
  const signed = texts
    .slice(1)
    .map(([path = '', text = '']) => ({ path, size: Buffer.byteLength(text), digest: digestOfText(text) }));
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: BUNDLE_ARTIFACT_TYPE,
    config: { mediaType: CONFIG_TYPE, digest: head.digest, size: Buffer.byteLength(head.manifestText) },
    layers: [...signed, ...head.manifest.contents].map(({ path, digest, size }) => ({
      ...{ mediaType: CONTENT_TYPE, digest, size },
      annotations: { [TITLE]: path },
    })),
  });
  return client.putManifest(tag, OCI_MANIFEST, manifest);
}

/** The digest of the bundle that an artifact is. Throws BundleError for an artifact of another kind. */
export const bundleDigest = (artifact: Manifest, name: string): string => describe(artifact, name).config.digest;

/** Writes the bundle to a file: whole and checked, or not at all. */
export async function pullBundle(
  artifact: Manifest,
  client: RegistryClient,
  name: string,
  output: string,
): Promise<void> {
  const { config, signature } = describe(artifact, name);
  const manifestText = (await smallBlob(client, config, MAX_MANIFEST_BYTES)).toString('utf8');
  const { contents } = decodeManifest(manifestText);
  const signed = signature === undefined ? undefined : await smallBlob(client, signature, MAX_SIGNATURE_BYTES);
  const entries = function* (): Generator<TarSource> {
    yield entryOf(MANIFEST_PATH, Buffer.from(manifestText));
    if (signed !== undefined) yield entryOf(signaturePath(signed.toString('latin1')), signed);
    for (const content of contents)
      yield {
        header: plainHeader({ path: content.path, size: content.size }),
        content: () => blobOf(client, content),
      };
  };
  const partial = `${output}.partial`;
  try {
    await pipeline(Readable.from(writeTar(entries())), createWriteStream(partial, { flush: true }));
    await readBundle(partial);
    await rename(partial, output);
  } finally {
    await rm(partial, { force: true });
  }
}

function describe(
  artifact: Manifest,
  name: string,
): { readonly config: Descriptor; readonly signature: Descriptor | undefined } {
  if (!isBundleArtifact(artifact))
    throw new BundleError(`"${name}" is not a bundle of windlass`, { hint: 'push one with "windlass bundle push"' });
  const root = decodeJson(artifact.text, `the manifest of ${name}`);
  const descriptor = (value: typeof root): Descriptor => ({
    digest: value.get('digest').matching(/^sha256:[0-9a-f]{64}$/, 'a sha256 digest'),
    size: value.get('size').integer(),
  });
  const signatures = root.get('layers').list((layer) => {
    const isSignature = isSignaturePath(layer.find('annotations')?.find(TITLE)?.text() ?? '');
    return isSignature ? [descriptor(layer)] : [];
  });
  return { config: descriptor(root.get('config')), signature: signatures.flat()[0] };
}

const entryOf = (path: string, bytes: Buffer): TarSource => ({
  header: plainHeader({ path, size: bytes.length }),
  content: () => [bytes],
});

async function* blobOf(client: RegistryClient, { digest }: Pick<BundleContent, 'digest'>): AsyncGenerator<Uint8Array> {
  const { stream } = await client.blob(digest);
  yield* stream as AsyncIterable<Uint8Array>;
}

async function smallBlob(client: RegistryClient, { digest, size }: Descriptor, most: number): Promise<Buffer> {
  if (size > most) throw new BundleError(`the registry's ${digest} is larger than ${most} bytes`);
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of blobOf(client, { digest })) {
    chunks.push(chunk);
    total += chunk.length;
    if (total > size) break;
  }
  const bytes = Buffer.concat(chunks);
  const actual = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (actual !== digest) throw new BundleError(`the registry's ${digest} has digest ${actual}`);
  return bytes;
}
