// The image store: content-addressed blobs, unpacked layers shared by diff id, image records, and names. Whatever appears
// under its final name is complete: it is made beside it and renamed.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { decompressed } from '../../../archive/compression.ts';
import { WindlassError } from '../../../errors.ts';
import { parseReference } from '../../../registry/reference.ts';
import { clearUnfinished, exists, listIfExists, type NativeHost, readIfExists } from '../host.ts';
import type { Paths } from '../paths.ts';
import { type ImageConfig, parseImageConfig } from './image-config.ts';
import { unpackLayer } from './unpack.ts';
import { Variants } from './variants.ts';

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

export const hexOf = (digest: string): string => digest.slice(digest.indexOf(':') + 1);

/** Short names of layers are this many digits of the diff id: 120 of them fit the kernel's page of mount options. */
const SHORT = 16;
/** How folders begin that hold an archive while it is read. */
const SPOOL = '.load-';

export class ImageStore {
  readonly #host: NativeHost;
  readonly #paths: Paths;
  readonly #images = new Map<string, Image>();
  /** Familiar `name:tag` → image id. */
  readonly #references = new Map<string, string>();
  readonly #variants = new Variants();
  readonly #keepers = new Set<() => readonly ImageLayer[]>();
  /** Image id → when it was last given a name. */
  readonly #tagged = new Map<string, string>();
  /** Layers being unpacked, so that two loads of one layer share the work. */
  readonly #unpacking = new Map<string, Promise<void>>();
  #saving: Promise<void> = Promise.resolve();

  constructor(host: NativeHost, paths: Paths) {
    this.#host = host;
    this.#paths = paths;
  }

  /** Reads names and image records from disk. */
  async open(): Promise<void> {
    const { files } = this.#host;
    for (const path of [this.#paths.blobs, this.#paths.layers, this.#paths.layerLinks, this.#recordsFolder])
      await files.mkdir(path, { recursive: true, mode: 0o700 });
    for (const name of await listIfExists(files, this.#recordsFolder)) {
      if (!/^[0-9a-f]{64}\.json$/.test(name)) continue;
      const record = JSON.parse(await files.readFile(join(this.#recordsFolder, name), 'utf8')) as ImageRecord;
      const config = await readIfExists(files, this.blobPath(record.id));
      if (config !== undefined) this.#images.set(record.id, { ...record, config: parseImageConfig(config) });
    }
    const references = JSON.parse((await readIfExists(files, this.#paths.references)) ?? '{}') as Record<
      string,
      string
    >;
    for (const [name, id] of Object.entries(references)) if (this.#images.has(id)) this.#references.set(name, id);
    const tagged = JSON.parse((await readIfExists(files, this.#taggedFile)) ?? '{}') as Record<string, string>;
    for (const [id, time] of Object.entries(tagged)) if (this.#images.has(id)) this.#tagged.set(id, time);
    const variants = JSON.parse((await readIfExists(files, this.#variantsFile)) ?? '{}') as Record<string, string[]>;
    this.#variants.restore(variants, (id) => this.#images.has(id));
  }

  /** When an image was last given a name; undefined where it never was. */
  lastTagged(id: string): string | undefined {
    return this.#tagged.get(id);
  }

  get #taggedFile(): string {
    return join(this.#paths.images, 'tagged.json');
  }

  get #variantsFile(): string {
    return join(this.#paths.images, 'variants.json');
  }

  get #recordsFolder(): string {
    return join(this.#paths.images, 'records');
  }

  blobPath(digest: string): string {
    return join(this.#paths.blobs, hexOf(digest));
  }

  get blobFolder(): string {
    return this.#paths.blobs;
  }

  /** Removes a blob that no image uses. */
  async dropBlob(digest: string): Promise<void> {
    const used =
      this.images().some((image) => image.id === digest) || this.#layersInUse().some((l) => l.blob === digest);
    if (!used) await this.#host.files.rm(this.blobPath(digest), { force: true });
  }

  /** Layers that `keeper` names are not removed, though no image has them: the build cache's, and those on their way. Returns how to end it. */
  keep(keeper: () => readonly ImageLayer[]): () => void {
    this.#keepers.add(keeper);
    return () => void this.#keepers.delete(keeper);
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
    const links = new Set([...diffIds].map((hex) => hex.slice(0, SHORT)));
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

  /** A new folder for what is looked at before it is kept. Whoever asks for it removes it. */
  async spool(): Promise<string> {
    const folder = join(this.#paths.images, `${SPOOL}${randomBytes(8).toString('hex')}`);
    await this.#host.files.mkdir(folder, { mode: 0o700 });
    return folder;
  }

  #layersInUse(): ImageLayer[] {
    return [...this.images().flatMap((image) => image.layers), ...[...this.#keepers].flatMap((keeper) => keeper())];
  }

  /** Removes those of the layers that are not in use. Returns their diff ids. */
  async dropLayers(layers: readonly ImageLayer[]): Promise<string[]> {
    const { files } = this.#host;
    const inUse = this.#layersInUse();
    const [diffIds, blobs] = [new Set(inUse.map((l) => l.diffId)), new Set(inUse.map((l) => l.blob))];
    for (const { blob } of layers) if (!blobs.has(blob)) await files.rm(this.blobPath(blob), { force: true });
    const gone = [...new Set(layers.map((layer) => layer.diffId))].filter((diffId) => !diffIds.has(diffId));
    for (const diffId of gone) {
      await files.rm(join(this.#paths.layerLinks, hexOf(diffId).slice(0, SHORT)), { force: true });
      await files.rm(join(this.#paths.layers, hexOf(diffId)), { recursive: true, force: true });
    }
    return gone;
  }

  layerDiff(diffId: string): string {
    return join(this.#paths.layers, hexOf(diffId), 'diff');
  }

  images(): readonly Image[] {
    return [...this.#images.values()];
  }

  get(id: string): Image | undefined {
    return this.#images.get(id);
  }

  /** Names of an image, `name:tag`, in order. */
  tagsOf(id: string): string[] {
    return [...this.#references]
      .filter(([, target]) => target === id)
      .map(([name]) => name)
      .sort((a, b) => (fullName(a) < fullName(b) ? -1 : 1));
  }

  references(): ReadonlyMap<string, string> {
    return this.#references;
  }

  /** Gives an image a name, which stands for those of other platforms too where there are `others`. */
  async setReference(name: string, id: string, others: readonly string[] = []): Promise<void> {
    this.#references.set(name, id);
    this.#variants.set(
      name,
      others.filter((other) => other !== id),
    );
    this.#tagged.set(id, new Date().toISOString().replace(/\.?0+Z$/, 'Z'));
    await this.#saveReferences();
  }

  /** The image that a name means, then those for other platforms that it stands for. */
  imagesOf(name: string): Image[] {
    const id = this.#references.get(name);
    return id === undefined ? [] : [id, ...this.#variants.of(name)].flatMap((one) => this.#images.get(one) ?? []);
  }

  /** Whether a name stands for the image, though it means the one of another platform. */
  isVariant(id: string): boolean {
    return this.#variants.has(id);
  }

  /** From now on a name that there is stands for an image of a further platform too. */
  async addVariant(name: string, id: string): Promise<void> {
    if (this.#references.get(name) === id || this.#variants.of(name).includes(id)) return;
    this.#variants.set(name, [...this.#variants.of(name), id]);
    await this.#saveReferences();
  }

  async deleteReference(name: string): Promise<void> {
    this.#references.delete(name);
    this.#variants.set(name, []);
    await this.#saveReferences();
  }

  #saveReferences(): Promise<void> {
    return this.#save(async () => {
      const text = (map: ReadonlyMap<string, unknown>): string => JSON.stringify(Object.fromEntries(map), undefined, 1);
      await this.#host.writeAtomic(this.#paths.references, text(this.#references));
      await this.#host.writeAtomic(this.#taggedFile, text(this.#tagged));
      await this.#host.writeAtomic(this.#variantsFile, text(this.#variants.all));
    });
  }

  /** Writes what is known of an image by then; nothing for one that is gone. */
  #saveRecord(id: string): Promise<void> {
    return this.#save(async () => {
      const known = this.#images.get(id);
      if (known === undefined) return;
      const { config: _, ...record } = known;
      await this.#host.writeAtomic(join(this.#recordsFolder, `${hexOf(id)}.json`), JSON.stringify(record));
    });
  }

  /** One write after the other, so that the last one on disk is the last one that was asked for. */
  #save(write: () => Promise<void>): Promise<void> {
    this.#saving = this.#saving.then(write, write);
    return this.#saving;
  }

  hasBlob(digest: string): Promise<boolean> {
    return exists(this.#host.files, this.blobPath(digest));
  }

  /** Keeps a stream as a blob. With `expected`, anything else is refused and nothing is kept. */
  async putBlob(source: Readable, expected?: string): Promise<{ digest: string; size: number }> {
    const temporary = join(this.#paths.blobs, `.${randomBytes(8).toString('hex')}.tmp`);
    const hash = createHash('sha256');
    let size = 0;
    try {
      await pipeline(
        source,
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            hash.update(chunk);
            size += chunk.length;
            yield chunk;
          }
        },
        createWriteStream(temporary, { mode: 0o600 }),
      );
      const digest = `sha256:${hash.digest('hex')}`;
      if (expected !== undefined && digest !== expected)
        throw new WindlassError('IMAGE_DIGEST', `content has digest ${digest}, expected ${expected}`);
      await this.#host.files.rename(temporary, this.blobPath(digest));
      return { digest, size };
    } finally {
      await this.#host.files.rm(temporary, { force: true });
    }
  }

  async putBlobText(text: string): Promise<string> {
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    await this.#host.writeAtomic(this.blobPath(digest), text);
    return digest;
  }

  readBlob(digest: string): Promise<Buffer> {
    return this.#host.files.readFile(this.blobPath(digest));
  }

  blobStream(digest: string): Readable {
    return createReadStream(this.blobPath(digest), { highWaterMark: 256 * 1024 });
  }

  /** Unpacks a layer from its blob unless it is there already. A content that is not `diffId` is refused. */
  async ensureLayer(diffId: string, blob: string): Promise<void> {
    const running = this.#unpacking.get(diffId);
    if (running) return running;
    if ((await readIfExists(this.#host.files, this.#sizeFile(diffId))) !== undefined) return;
    const work = this.#unpack(blob, diffId).then(() => undefined);
    this.#unpacking.set(diffId, work);
    try {
      await work;
    } finally {
      this.#unpacking.delete(diffId);
    }
  }

  /** Unpacks a layer whose diff id is not known yet, and tells it. */
  async unpackBlob(blob: string): Promise<string> {
    return this.#unpack(blob, undefined);
  }

  #sizeFile(diffId: string): string {
    return join(this.#paths.layers, hexOf(diffId), 'size');
  }

  async #unpack(blob: string, expected: string | undefined): Promise<string> {
    const { files } = this.#host;
    const temporary = join(this.#paths.layers, `.${randomBytes(8).toString('hex')}.tmp`);
    await files.mkdir(join(temporary, 'diff'), { recursive: true, mode: 0o755 });
    try {
      const { stream } = await decompressed(this.blobStream(blob));
      const { diffId, size } = await unpackLayer(this.#host, stream, join(temporary, 'diff'));
      if (expected !== undefined && diffId !== expected)
        throw new WindlassError('IMAGE_DIGEST', `layer unpacks to ${diffId}, its image says ${expected}`);
      await files.writeFile(join(temporary, 'size'), String(size));
      await this.#adoptLayer(temporary, diffId);
      return diffId;
    } finally {
      await files.rm(temporary, { recursive: true, force: true });
    }
  }

  /**
   * Takes over a folder that overlayfs wrote as a layer, whose archive is kept as the blob `diffId`: the folder is moved. `size`
   * is in bytes of file content.
   */
  async adoptFolder(folder: string, diffId: string, size: number): Promise<void> {
    const { files } = this.#host;
    const temporary = join(this.#paths.layers, `.${randomBytes(8).toString('hex')}.tmp`);
    await files.mkdir(temporary, { mode: 0o755 });
    try {
      await files.rename(folder, join(temporary, 'diff'));
      await files.writeFile(join(temporary, 'size'), String(size));
      await this.#adoptLayer(temporary, diffId);
    } finally {
      await files.rm(temporary, { recursive: true, force: true });
    }
  }

  /** Gives an unpacked layer its final name. Another one may have been quicker: then that one stays. */
  async #adoptLayer(temporary: string, diffId: string): Promise<void> {
    const { files } = this.#host;
    const hex = hexOf(diffId);
    await files.chmod(temporary, 0o755);
    await files.rename(temporary, join(this.#paths.layers, hex)).catch(async (error: unknown) => {
      if ((await readIfExists(files, this.#sizeFile(diffId))) === undefined) throw error;
    });
    const link = join(this.#paths.layerLinks, hex.slice(0, SHORT));
    await files.symlink(`../layers/${hex}/diff`, link).catch(async (error: unknown) => {
      if ((await files.readlink(link).catch(() => '')) !== `../layers/${hex}/diff`) throw error;
    });
  }

  async layerSize(diffId: string): Promise<number> {
    return Number((await readIfExists(this.#host.files, this.#sizeFile(diffId))) ?? 0);
  }

  /** Registers an image whose blobs are all there and whose layers are unpacked. */
  async addImage(
    configText: string,
    layers: readonly ImageLayer[],
    repoDigests: readonly string[] = [],
  ): Promise<Image> {
    const config = parseImageConfig(configText);
    const id = await this.putBlobText(configText);
    const sizes = await Promise.all(config.rootfs.diff_ids.map((diffId) => this.layerSize(diffId)));
    // From here to the setting nothing may wait: the same image may be pulled under another name just now.
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
    const { files } = this.#host;
    this.#images.delete(id);
    this.#tagged.delete(id);
    this.#variants.forget(id);
    await this.#save(() => files.rm(join(this.#recordsFolder, `${hexOf(id)}.json`), { force: true }));
    await files.rm(this.blobPath(id), { force: true });
    return this.dropLayers(image.layers);
  }

  /** Names of the layers for overlayfs's `lowerdir=`, topmost first, relative to `lowerDirectory`. */
  lowerNames(image: Image): string[] {
    return [...new Set([...image.config.rootfs.diff_ids].reverse())].map((diffId) => hexOf(diffId).slice(0, SHORT));
  }

  get lowerDirectory(): string {
    return this.#paths.layerLinks;
  }

  /** Finds by id, by unique id prefix, by `name[:tag]` or by `name@digest`. */
  find(
    text: string,
    reference: { readonly tag: string; readonly withDigest: string | undefined } | undefined,
  ): Image | undefined {
    const hex = text.startsWith('sha256:') ? text.slice(7) : text;
    const exact = /^[0-9a-f]{64}$/.test(hex) ? this.#images.get(`sha256:${hex}`) : undefined;
    if (exact) return exact;
    const named = reference ? this.#references.get(reference.tag) : undefined;
    if (named !== undefined && reference?.withDigest === undefined) return this.#images.get(named);
    const digested = reference?.withDigest;
    if (digested !== undefined) return this.images().find((image) => image.repoDigests.includes(digested));
    if (!/^[0-9a-f]{2,64}$/.test(hex)) return undefined;
    const matches = this.images().filter((image) => hexOf(image.id).startsWith(hex));
    return matches.length === 1 ? matches[0] : undefined;
  }
}

/** As Docker sorts names: with the registry and `library/` in front. */
function fullName(name: string): string {
  const { registry, repository, tag } = parseReference(name) ?? { registry: '', repository: name, tag: '' };
  return `${registry}/${repository}:${tag}`;
}
