// Whether the image documents of a bundle hang together: every reference leads to a blob that is there, of the kind and size it
// says, and the two indexes and the manifest speak of the same images. Digests of the blobs themselves have been checked before.

import type { Decoder } from '../../decode-json.ts';
import { BundleError } from './bundle-error.ts';
import { decodeJson } from './decode-bundle.ts';
import { configFacts } from './image-archive.ts';
import { blobPath, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from './image-layout.ts';
import type { BundleContent, BundleManifest } from './manifest.ts';

/** `documents`: contents that are JSON texts, by path. Throws BundleError. */
export function checkLayout(manifest: BundleManifest, documents: ReadonlyMap<string, Buffer>): void {
  const contents = new Map(manifest.contents.map((content) => [content.path, content]));
  for (const { path, digest } of manifest.contents) {
    const blob = /^blobs\/sha256\/(.*)$/.exec(path)?.[1];
    if (path.startsWith('blobs/') && `sha256:${blob}` !== digest)
      throw new BundleError(`"${path}" is not named after its digest`);
  }
  for (const { path, key } of manifest.volumes)
    if (!contents.has(path)) throw new BundleError(`the contents of volume "${key}" are not in the bundle`);
  if (manifest.images.length === 0) return;
  const layout = new Layout(contents, documents);
  const found = layout.images();
  for (const { reference, platforms } of manifest.images)
    for (const { platform, id, manifest: digest } of platforms) {
      const image = found.get(`${reference} ${digest}`);
      if (image === undefined) throw new BundleError(`image "${reference}" for ${platform} is not in index.json`);
      if (image.config !== id || image.platform !== platform)
        throw new BundleError(`image "${reference}" for ${platform} is another one than the bundle says`);
    }
  layout.checkDockerManifest(manifest);
}

interface FoundImage {
  readonly config: string;
  readonly platform: string;
}

class Layout {
  readonly #contents: ReadonlyMap<string, BundleContent>;
  readonly #documents: ReadonlyMap<string, Buffer>;

  constructor(contents: ReadonlyMap<string, BundleContent>, documents: ReadonlyMap<string, Buffer>) {
    this.#contents = contents;
    this.#documents = documents;
  }

  /** What index.json leads to, by `<reference> <digest of the manifest>`. */
  images(): Map<string, FoundImage> {
    const found = new Map<string, FoundImage>();
    for (const entry of this.#document('index.json')
      .get('manifests')
      .list((item) => item)) {
      const name = entry.get('annotations').get('org.opencontainers.image.ref.name').text();
      const blob = this.#blob(entry, [OCI_MANIFEST, OCI_INDEX]);
      const manifests =
        blob.mediaType === OCI_INDEX
          ? this.#document(blob.path)
              .get('manifests')
              .list((item) => this.#blob(item, [OCI_MANIFEST]))
          : [blob];
      for (const { path, digest } of manifests) found.set(`${name} ${digest}`, this.#image(path));
    }
    return found;
  }

  #image(path: string): FoundImage {
    const manifest = this.#document(path);
    const config = this.#blob(manifest.get('config'), [OCI_CONFIG]);
    const layers = manifest.get('layers').list((layer) => this.#blob(layer, [OCI_LAYER]));
    const facts = configFacts(this.#document(config.path).source());
    if (facts.diffIds.join() !== layers.map(({ digest }) => digest).join())
      throw new BundleError(`the layers of "${path}" are not those of its configuration`);
    return { config: config.digest, platform: facts.platform };
  }

  /** A descriptor whose blob is there, with one of the media types that may stand here. */
  #blob(descriptor: Decoder, types: readonly string[]): { path: string; digest: string; mediaType: string } {
    const mediaType = descriptor.get('mediaType').text();
    if (!types.includes(mediaType)) descriptor.get('mediaType').refuse(types.join(' or '));
    const digest = descriptor.get('digest').matching(/^sha256:[0-9a-f]{64}$/, 'a sha256 digest');
    const path = blobPath(digest);
    const content = this.#contents.get(path);
    if (content === undefined) throw new BundleError(`"${path}" is referred to and not in the bundle`);
    if (descriptor.get('size').integer() !== content.size) descriptor.get('size').refuse(`${content.size}`);
    return { path, digest, mediaType };
  }

  /** manifest.json is what Docker reads: it has to name the same configurations and layers. */
  checkDockerManifest(manifest: BundleManifest): void {
    const wanted = new Map(manifest.images.map(({ reference, platforms }) => [reference, platforms[0]?.id]));
    for (const entry of this.#document('manifest.json').list((item) => item)) {
      const [reference = '', ...more] = entry.get('RepoTags').list((tag) => tag.text());
      const id = wanted.get(reference);
      const config = entry.get('Config').text();
      if (more.length > 0 || id === undefined || config !== blobPath(id))
        throw new BundleError(`manifest.json speaks of another image than "${reference}" of the bundle`);
      const facts = configFacts(this.#document(config).source());
      const layers = entry.get('Layers').list((layer) => layer.text());
      if (layers.join() !== facts.diffIds.map(blobPath).join())
        throw new BundleError(`manifest.json gives "${reference}" other layers than its configuration`);
      wanted.delete(reference);
    }
    const [missing] = wanted.keys();
    if (missing !== undefined) throw new BundleError(`manifest.json does not name image "${missing}"`);
  }

  #document(path: string): Decoder {
    const bytes = this.#documents.get(path);
    if (bytes === undefined) throw new BundleError(`"${path}" is not in the bundle, or not a document`);
    return decodeJson(bytes.toString('utf8'), path);
  }
}
