// Images as an OCI image layout that is a `docker save` archive as well: the same blobs, an index for each world.
// Pure: which documents describe which blobs.
import { parseReference } from '../../registry/reference.ts';
import { byBytes, digestOfText } from './manifest.ts';

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
const OCI_LAYOUT_TEXT = `${JSON.stringify({ imageLayoutVersion: '1.0.0' })}\n`;

/** A blob by digest and size. */
export interface Blob {
  readonly digest: string;
  readonly size: number;
}

export interface LayoutImage {
  /** As services name it; what both indexes call it. */
  readonly reference: string;
  /** One a platform; the first is the one that `docker load` gives the name to. */
  readonly platforms: readonly { readonly platform: string; readonly config: Blob; readonly layers: readonly Blob[] }[];
}

export interface Layout {
  /** Path → text: index.json, manifest.json, oci-layout, and the manifests among the blobs. */
  readonly documents: ReadonlyMap<string, string>;
  /** Digest of each image's manifest, by reference and platform: `mariadb:11 linux/amd64`. */
  readonly manifests: ReadonlyMap<string, string>;
}

export const blobPath = (digest: string): string => `blobs/${digest.replace(':', '/')}`;

/** The documents of the layout. Images are sorted, so that the same images give the same bytes. */
export function layoutOf(images: readonly LayoutImage[]): Layout {
  const documents = new Map<string, string>([['oci-layout', OCI_LAYOUT_TEXT]]);
  const manifests = new Map<string, string>();
  const keep = (text: string): Blob => {
    const blob = { digest: digestOfText(text), size: Buffer.byteLength(text) };
    documents.set(blobPath(blob.digest), text);
    return blob;
  };
  const sorted = [...images].sort((a, b) => byBytes(a.reference, b.reference));
  const entries = sorted.map(({ reference, platforms }) => {
    const described = platforms.map(({ platform, config, layers }) => {
      const manifest = keep(imageManifest(config, layers));
      manifests.set(`${reference} ${platform}`, manifest.digest);
      return { mediaType: OCI_MANIFEST, ...manifest, platform: platformOf(platform) };
    });
    const [only, ...others] = described;
    const entry =
      only !== undefined && others.length === 0 ? only : { mediaType: OCI_INDEX, ...keep(index(described)) };
    return { ...entry, annotations: namesOf(reference) };
  });
  documents.set('index.json', index(entries));
  documents.set('manifest.json', dockerManifest(sorted));
  return { documents, manifests };
}

const index = (manifests: readonly object[]): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });

const imageManifest = (config: Blob, layers: readonly Blob[]): string =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: config.digest, size: config.size },
    layers: layers.map(({ digest, size }) => ({ mediaType: OCI_LAYER, digest, size })),
  });

const dockerManifest = (images: readonly LayoutImage[]): string =>
  JSON.stringify(
    images.flatMap(({ reference, platforms }) =>
      platforms.slice(0, 1).map(({ config, layers }) => ({
        Config: blobPath(config.digest),
        RepoTags: [reference],
        Layers: layers.map(({ digest }) => blobPath(digest)),
      })),
    ),
  );

/** containerd and skopeo look for an image's name in different places. */
function namesOf(reference: string): Record<string, string> {
  const parsed = parseReference(reference);
  const full = parsed === undefined ? reference : `${parsed.registry}/${parsed.repository}:${parsed.tag ?? 'latest'}`;
  return { 'io.containerd.image.name': full, 'org.opencontainers.image.ref.name': reference };
}

function platformOf(text: string): Record<string, string> {
  const [os = '', architecture = '', variant] = text.split('/');
  return { architecture, os, ...(variant === undefined ? {} : { variant }) };
}
