// One mapping while it is read: finds keys that come twice, and applies `<<` when all other keys are known.
import {
  type Mapping,
  type Mark,
  type MergeTag,
  markOf,
  newMapping,
  put,
  putTag,
  tagsOf,
  type Value,
} from '../tree.ts';

interface Entry {
  readonly value: Value;
  readonly tag?: MergeTag | undefined;
}

/** Collects the entries of one mapping; merges come last and never replace. */
export class MappingBuilder {
  readonly #mapping: Mapping = newMapping();
  readonly #offsets = new Map<string, number>();
  #sources: readonly Mapping[] = [];
  #sourceTags = false;

  /** Where this key was seen before, if it was. */
  seen(name: string, offset: number): number | undefined {
    const earlier = this.#offsets.get(name);
    if (earlier === undefined) this.#offsets.set(name, offset);
    return earlier;
  }

  add(name: string, { value, tag }: Entry, mark: Mark): void {
    if (tag !== undefined) putTag(this.#mapping, name, tag);
    if (tag !== 'reset') put(this.#mapping, name, value, mark);
  }

  /** The sources of `<<`; where two define a key, the first one counts. Their `!override` tags come along with a single one. */
  merge(sources: readonly Mapping[], withTags: boolean): void {
    this.#sources = sources;
    this.#sourceTags = withTags;
  }

  finish(): Mapping {
    const mapping = this.#mapping;
    for (const source of this.#sources) {
      for (const key of Object.keys(source)) {
        const value = source[key];
        if (mapping[key] === undefined && value !== undefined) put(mapping, key, value, markOf(source, key));
      }
      if (this.#sourceTags)
        for (const [key, tag] of tagsOf(source) ?? []) if (tag === 'override') putTag(mapping, key, tag);
    }
    return mapping;
  }
}
