// Names that stand for more than one image: a name means the image of this machine's platform, and beside it the same for others.
export class Variants {
  /** Name → ids of the images for other platforms. */
  readonly #others = new Map<string, readonly string[]>();

  /** Takes over what was saved. */
  restore(saved: Readonly<Record<string, readonly string[]>>, exists: (id: string) => boolean): void {
    for (const [name, ids] of Object.entries(saved)) this.set(name, ids.filter(exists));
  }

  get all(): ReadonlyMap<string, readonly string[]> {
    return this.#others;
  }

  of(name: string): readonly string[] {
    return this.#others.get(name) ?? [];
  }

  /** Whether some name stands for it, though not for it alone. */
  has(id: string): boolean {
    return [...this.#others.values()].some((ids) => ids.includes(id));
  }

  set(name: string, ids: readonly string[]): void {
    if (ids.length === 0) this.#others.delete(name);
    else this.#others.set(name, ids);
  }

  /** The image is gone. */
  forget(id: string): void {
    for (const [name, ids] of this.#others)
      if (ids.includes(id))
        this.set(
          name,
          ids.filter((one) => one !== id),
        );
  }
}
