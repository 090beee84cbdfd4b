// The image store: content by digest (blobs.ts), layers unpacked (unpacked-layers.ts), the records of images, and their names
// (image-names.ts). What no image and nobody else has any use for goes.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { clearUnfinished, listIfExists, type NativeHost, readIfExists } from '../host.ts';
import type { Paths } from '../paths.ts';
import { Blobs } from './blobs.ts';
import { hexOf, shortName } from './digest.ts';
import { type ImageConfig, parseImageConfig } from './image-config.ts';
import { ImageNames } from './image-names.ts';
import { UnpackedLayers } from './unpacked-layers.ts';

/** A layer of an image: what it unpacks to, and the archive it came as. */
export interface ImageLayer {
  /** `sha256:…` of the uncompressed archive. */
  readonly diffId: string;
  /** `sha256:…` of the archive as kept under blobs/. */
  readonly blob: string;
  readonly blobSize: number;
  readonly mediaType: string;
}

export interface Image {
  /** `sha256:…` of the configuration document. */
  readonly id: string;
  readonly config: ImageConfig;
  readonly layers: readonly ImageLayer[];
  /** Bytes of file content over all layers. */
  readonly size: number;
  /** `name@sha256:…` under which registries know it. */
  readonly repoDigests: readonly string[];
}

type ImageRecord = Omit<Image, 'config'>;

export const LAYER_TAR = 'application/vnd.docker.image.rootfs.diff.tar';
export const LAYER_GZIP = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

/** How folders begin that hold an archive while it is read. */
const SPOOL = '.load-';

export class ImageStore {
  readonly #host: NativeHost;
  readonly #paths: Paths;
  readonly #blobs: Blobs;
  readonly #layers: UnpackedLayers;
  readonly #names: ImageNames;
  readonly #images = new Map<string, Image>();
  readonly #keepers = new Set<() => readonly ImageLayer[]>();
  #saving: Promise<void> = Promise.resolve();

  constructor(host: NativeHost, paths: Paths) {
    this.#host = host;
    this.#paths = paths;
    this.#blobs = new Blobs(host, paths.blobs);
    this.#layers = new UnpackedLayers(host, paths, this.#blobs);
    this.#names = new ImageNames(host, paths);
  }

  /** Reads names and image records from disk. */
  async open(): Promise<void> {
    const { files } = this.#host;
    for (const path of [this.#paths.blobs, this.#paths.layers, this.#paths.layerLinks, this.#recordsFolder])
      await files.mkdir(path, { recursive: true, mode: 0o700 });
    for (const name of await listIfExists(files, this.#recordsFolder)) {
      if (!/^[0-9a-f]{64}\.json$/.test(name)) continue;
      const record = JSON.parse(await files.readFile(join(this.#recordsFolder, name), 'utf8')) as ImageRecord;
      const config = await readIfExists(files, this.#blobs.path(record.id));
      if (config !== undefined) this.#images.set(record.id, { ...record, config: parseImageConfig(config) });
    }
    await this.#names.open((id) => this.#images.has(id));
  }

  get #recordsFolder(): string {
    return join(this.#paths.images, 'records');
  }

  // What is in use, and what goes.

  /** Layers that `keeper` names are not removed, though no image has them: the build cache's, and those on their way. Returns how to end it. */
  keep(keeper: () => readonly ImageLayer[]): () => void {
    this.#keepers.add(keeper);
    return () => void this.#keepers.delete(keeper);
  }

  #layersInUse(): ImageLayer[] {
    return [...this.images().flatMap((image) => image.layers), ...[...this.#keepers].flatMap((keeper) => keeper())];
  }

  /**
   * Removes what an engine that was killed, or a download that failed, left behind: files on their way, and blobs and layers that nobody
   * names. For the time before anything is served: whoever brings an image puts its parts here first.
   */
  async sweep(): Promise<void> {
    const { files } = this.#host;
    const { blobs, layers, layerLinks } = this.#paths;
    const inUse = this.#layersInUse();
    const diffIds = new Set(inUse.map(({ diffId }) => hexOf(diffId)));
    const links = new Set(inUse.map(({ diffId }) => shortName(diffId)));
    const digests = new Set([...inUse.map(({ blob }) => blob), ...this.#images.keys()].map(hexOf));
    for (const [folder, used] of [
      [blobs, digests],
      [layerLinks, links],
      [layers, diffIds],
    ] as const)
      for (const name of await listIfExists(files, folder))
        if (!used.has(name)) await files.rm(join(folder, name), { recursive: true, force: true });
    for (const name of await listIfExists(files, this.#paths.images))
      if (name.startsWith(SPOOL)) await files.rm(join(this.#paths.images, name), { recursive: true, force: true });
    for (const folder of [this.#paths.images, this.#recordsFolder]) await clearUnfinished(files, folder);
  }

  /** Removes a blob that no image uses. */
  async dropBlob(digest: string): Promise<void> {
    const used = this.#images.has(digest) || this.#layersInUse().some(({ blob }) => blob === digest);
    if (!used) await this.#blobs.remove(digest);
  }

  /**
   * Removes those of the layers that are not in use. Returns their diff ids. Who wants one of them from now on, and has said so
   * (`keep`), waits for its end and makes it anew.
   */
  async dropLayers(layers: readonly ImageLayer[]): Promise<string[]> {
    const inUse = this.#layersInUse();
    const diffIds = new Set(inUse.map(({ diffId }) => diffId));
    const blobs = new Set([...inUse.map(({ blob }) => blob), ...this.#images.keys()]);
    const gone = [...new Set(layers.map(({ diffId }) => diffId))].filter((diffId) => !diffIds.has(diffId));
    const unused = [...new Set(layers.map(({ blob }) => blob))].filter((blob) => !blobs.has(blob));
    // All at once: between the look and the last of them nobody else comes in.
    await Promise.all([
      ...unused.map((blob) => this.#blobs.remove(blob)),
      ...gone.map((diffId) => this.#layers.remove(diffId)),
    ]);
    return gone;
  }

  /** A new folder for what is looked at before it is kept. Whoever asks for it removes it. */
  async spool(): Promise<string> {
    const folder = join(this.#paths.images, `${SPOOL}${randomBytes(8).toString('hex')}`);
    await this.#host.files.mkdir(folder, { mode: 0o700 });
    return folder;
  }

  // Images.

  images(): readonly Image[] {
    return [...this.#images.values()];
  }

  get(id: string): Image | undefined {
    return this.#images.get(id);
  }

  /** Registers an image whose blobs are all there and whose layers are unpacked. */
  async addImage(
    configText: string,
    layers: readonly ImageLayer[],
    repoDigests: readonly string[] = [],
  ): Promise<Image> {
    const config = parseImageConfig(configText);
    const sizes = await Promise.all(config.rootfs.diff_ids.map((diffId) => this.#layers.size(diffId)));
    const id = await this.#blobs.putText(configText);
    // From here to the setting nothing may wait: the same image may be pulled under another name just now, or removed.
    const known = this.#images.get(id);
    const image: Image = {
      id,
      layers,
      size: sizes.reduce((sum, size) => sum + size, 0),
      repoDigests: [...new Set([...(known?.repoDigests ?? []), ...repoDigests])],
      config,
    };
    this.#images.set(id, image);
    await this.#saveRecord(id);
    return image;
  }

  /** From now on the image is not known by this `name@digest`. */
  async deleteRepoDigest(id: string, repoDigest: string): Promise<void> {
    const known = this.#images.get(id);
    if (!known) return;
    this.#images.set(id, { ...known, repoDigests: known.repoDigests.filter((one) => one !== repoDigest) });
    await this.#saveRecord(id);
  }

  /** Forgets an image and removes what no other image uses. Returns the digests of the layers that went. */
  async deleteImage(id: string): Promise<string[]> {
    const image = this.#images.get(id);
    if (!image) return [];
    this.#images.delete(id);
    this.#names.forget(id);
    await this.#save(() => this.#host.files.rm(this.#recordPath(id), { force: true }));
    // It may have come back meanwhile.
    if (!this.#images.has(id)) await this.#blobs.remove(id);
    return this.dropLayers(image.layers);
  }

  /** Finds by id, by unique id prefix, by `name[:tag]` or by `name@digest`. */
  find(
    text: string,
    reference: { readonly tag: string; readonly withDigest: string | undefined } | undefined,
  ): Image | undefined {
    const hex = text.startsWith('sha256:') ? text.slice(7) : text;
    const exact = /^[0-9a-f]{64}$/.test(hex) ? this.#images.get(`sha256:${hex}`) : undefined;
    if (exact) return exact;
    const named = reference ? this.#names.all.get(reference.tag) : undefined;
    if (named !== undefined && reference?.withDigest === undefined) return this.#images.get(named);
    const digested = reference?.withDigest;
    if (digested !== undefined) return this.images().find((image) => image.repoDigests.includes(digested));
    if (!/^[0-9a-f]{2,64}$/.test(hex)) return undefined;
    const matches = this.images().filter((image) => hexOf(image.id).startsWith(hex));
    return matches.length === 1 ? matches[0] : undefined;
  }

  // Names.

  references(): ReadonlyMap<string, string> {
    return this.#names.all;
  }

  /** Names of an image, `name:tag`, in order. */
  tagsOf(id: string): string[] {
    return this.#names.of(id);
  }

  /** When an image was last given a name; undefined where it never was. */
  lastTagged(id: string): string | undefined {
    return this.#names.lastTagged(id);
  }

  /** The image that a name means, then those for other platforms that it stands for. */
  imagesOf(name: string): Image[] {
    return this.#names.meaning(name).flatMap((id) => this.#images.get(id) ?? []);
  }

  /** Whether a name stands for the image, though it means the one of another platform. */
  isVariant(id: string): boolean {
    return this.#names.isVariant(id);
  }

  /** Gives an image a name, which stands for those of other platforms too where there are `others`. */
  setReference(name: string, id: string, others: readonly string[] = []): Promise<void> {
    this.#names.set(name, id, others);
    return this.#saveNames();
  }

  /** From now on a name that there is stands for an image of a further platform too. */
  async addVariant(name: string, id: string): Promise<void> {
    if (this.#names.addVariant(name, id)) await this.#saveNames();
  }

  deleteReference(name: string): Promise<void> {
    this.#names.delete(name);
    return this.#saveNames();
  }

  // Content.

  get blobFolder(): string {
    return this.#blobs.folder;
  }

  hasBlob(digest: string): Promise<boolean> {
    return this.#blobs.has(digest);
  }

  /** Keeps a stream as a blob. With `expected`, anything else is refused and nothing is kept. */
  putBlob(source: Readable, expected?: string): Promise<{ digest: string; size: number }> {
    return this.#blobs.put(source, expected);
  }

  readBlob(digest: string): Promise<Buffer> {
    return this.#blobs.read(digest);
  }

  blobStream(digest: string): Readable {
    return this.#blobs.stream(digest);
  }

  // Layers.

  /** Where short names lead to layers, for overlayfs's `lowerdir=`. */
  get lowerDirectory(): string {
    return this.#paths.layerLinks;
  }

  layerDiff(diffId: string): string {
    return this.#layers.diff(diffId);
  }

  layerSize(diffId: string): Promise<number> {
    return this.#layers.size(diffId);
  }

  /** Unpacks a layer from its blob unless it is there already. A content that is not `diffId` is refused. */
  ensureLayer(diffId: string, blob: string): Promise<void> {
    return this.#layers.ensure(diffId, blob);
  }

  /** Unpacks a layer whose diff id is not known yet, and tells it. */
  unpackBlob(blob: string): Promise<string> {
    return this.#layers.unpack(blob);
  }

  /** Takes over a folder that overlayfs wrote as a layer; see `UnpackedLayers.adopt`. */
  adoptFolder(folder: string, diffId: string, size: number): Promise<void> {
    return this.#layers.adopt(folder, diffId, size);
  }

  // Records on disk.

  #recordPath(id: string): string {
    return join(this.#recordsFolder, `${hexOf(id)}.json`);
  }

  #saveNames(): Promise<void> {
    return this.#save(() => this.#names.write());
  }

  /** Writes what is known of an image by then; nothing for one that is gone. */
  #saveRecord(id: string): Promise<void> {
    return this.#save(async () => {
      const known = this.#images.get(id);
      if (known === undefined) return;
      const { config: _, ...record } = known;
      await this.#host.writeAtomic(this.#recordPath(id), JSON.stringify(record));
    });
  }

  /** One write after the other, so that the last one on disk is the last one that was asked for. */
  #save(write: () => Promise<void>): Promise<void> {
    this.#saving = this.#saving.then(write, write);
    return this.#saving;
  }
}
