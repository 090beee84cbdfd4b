// Names of images: which one `name:tag` means, those for other platforms that it stands for, and when an image was last given one.
import { join } from 'node:path';
import { parseReference } from '../../../registry/reference.ts';
import { type NativeHost, readIfExists } from '../host.ts';
import type { Paths } from '../paths.ts';
import { Variants } from './variants.ts';

export class ImageNames {
  readonly #host: NativeHost;
  readonly #paths: Pick<Paths, 'images' | 'references'>;
  /** Familiar `name:tag` → image id. */
  readonly #references = new Map<string, string>();
  readonly #variants = new Variants();
  /** Image id → when it was last given a name. */
  readonly #tagged = new Map<string, string>();

  constructor(host: NativeHost, paths: Pick<Paths, 'images' | 'references'>) {
    this.#host = host;
    this.#paths = paths;
  }

  /** Reads what is kept of images that are there. */
  async open(isThere: (id: string) => boolean): Promise<void> {
    const references = await this.#read<string>(this.#paths.references);
    for (const [name, id] of Object.entries(references)) if (isThere(id)) this.#references.set(name, id);
    const tagged = await this.#read<string>(this.#taggedFile);
    for (const [id, time] of Object.entries(tagged)) if (isThere(id)) this.#tagged.set(id, time);
    this.#variants.restore(await this.#read<string[]>(this.#variantsFile), isThere);
  }

  /** Writes all as it is now. */
  async write(): Promise<void> {
    const text = (map: ReadonlyMap<string, unknown>): string => JSON.stringify(Object.fromEntries(map), undefined, 1);
    await this.#host.writeAtomic(this.#paths.references, text(this.#references));
    await this.#host.writeAtomic(this.#taggedFile, text(this.#tagged));
    await this.#host.writeAtomic(this.#variantsFile, text(this.#variants.all));
  }

  get all(): ReadonlyMap<string, string> {
    return this.#references;
  }

  /** Names of an image, `name:tag`, in order. */
  of(id: string): string[] {
    return [...this.#references]
      .filter(([, target]) => target === id)
      .map(([name]) => name)
      .sort((a, b) => (fullName(a) < fullName(b) ? -1 : 1));
  }

  /** When an image was last given a name; undefined where it never was. */
  lastTagged(id: string): string | undefined {
    return this.#tagged.get(id);
  }

  /** The image that a name means, then those for other platforms. */
  meaning(name: string): string[] {
    const id = this.#references.get(name);
    return id === undefined ? [] : [id, ...this.#variants.of(name)];
  }

  /** Whether a name stands for the image, though it means the one of another platform. */
  isVariant(id: string): boolean {
    return this.#variants.has(id);
  }

  set(name: string, id: string, others: readonly string[]): void {
    this.#references.set(name, id);
    this.#variants.set(
      name,
      others.filter((other) => other !== id),
    );
    this.#tagged.set(id, new Date().toISOString().replace(/\.?0+Z$/, 'Z'));
  }

  /** False where the name stands for it already. */
  addVariant(name: string, id: string): boolean {
    if (this.#references.get(name) === id || this.#variants.of(name).includes(id)) return false;
    this.#variants.set(name, [...this.#variants.of(name), id]);
    return true;
  }

  delete(name: string): void {
    this.#references.delete(name);
    this.#variants.set(name, []);
  }

  /** The image is gone. */
  forget(id: string): void {
    this.#tagged.delete(id);
    this.#variants.forget(id);
  }

  get #taggedFile(): string {
    return join(this.#paths.images, 'tagged.json');
  }

  get #variantsFile(): string {
    return join(this.#paths.images, 'variants.json');
  }

  async #read<T>(path: string): Promise<Readonly<Record<string, T>>> {
    return JSON.parse((await readIfExists(this.#host.files, path)) ?? '{}') as Record<string, T>;
  }
}

/** As Docker sorts names: with the registry and `library/` in front. */
function fullName(name: string): string {
  const { registry, repository, tag } = parseReference(name) ?? { registry: '', repository: name, tag: '' };
  return `${registry}/${repository}:${tag}`;
}
