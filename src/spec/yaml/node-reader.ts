// Values as such, wherever they stand: scalars with their tags, anchors and aliases, and the entries of collections.
import type { Places } from '../places.ts';
import { isMapping, isSequence, type Mark, type MergeTag, type Value } from '../tree.ts';
import type { MappingBuilder } from './mapping-builder.ts';
import { resolvePlain, resolveTagged } from './scalar.ts';
import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, DASH, HASH, isBlankOrEnd, QUESTION, Scanner } from './scanner.ts';

/** How deep collections may nest; docker compose stops at 10,000, which no Compose file comes near. */
const MAX_DEPTH = 500;
/** How many values a file may have once its aliases are expanded: more is an alias bomb, or no Compose file. */
const MAX_VALUES = 1_000_000;

/** A problem that does not stop the reading: several may be told at once. */
export interface YamlProblem {
  readonly message: string;
  readonly offset: number;
  readonly hint?: string;
}

interface Anchor {
  readonly value: Value;
  /** How many values it expands to. */
  readonly size: number;
  readonly tag: MergeTag | undefined;
}

/** A value while it is read, where it stands, and the merge tag it carries. */
export interface Node {
  readonly value: Value;
  readonly offset: number;
  readonly tag?: MergeTag | undefined;
}

/** What may stand before a value. */
export interface Properties {
  anchor?: string;
  tag?: string;
}

/** A key as found: `name` is undefined where it is not a string. */
export interface Key {
  readonly name: string | undefined;
  readonly offset: number;
  readonly text: string;
  readonly merge: boolean;
}

const BAR = 0x7c;
const GREATER = 0x3e;

export const ANCHOR_NAME = /[0-9A-Za-z_-]+/y;
const TAG_TEXT = /!(?:<[^>\s]*>|[\w;/?:@&=+$.!~*'()%-]*)/y;
export const ALIAS = 0x2a;
export const ANCHOR = 0x26;
export const TAG = 0x21;
export const DIRECTIVE = 0x25;
/** Characters that no plain scalar starts with: , ] } # @ ` % */
export const RESERVED_FIRST = new Set([COMMA, CLOSE_BRACKET, CLOSE_BRACE, HASH, 0x40, 0x60, DIRECTIVE]);

/** The base of the parser. `problems` collects what is wrong without ending the reading. */
export class NodeReader extends Scanner {
  readonly problems: YamlProblem[] = [];
  /** Whether there is a `!reset` or `!override` anywhere. */
  sawTags = false;
  protected readonly places: Places;
  protected readonly file: number;
  /** Values read so far, aliases counted as what they expand to. */
  protected size = 0;
  /** Handles of tags and the prefixes they stand for, in the current document. */
  protected tagHandles = new Map(TAG_HANDLES);
  readonly #anchors = new Map<string, Anchor | 'open'>();
  #depth = 0;

  constructor(text: string, places: Places, file: number) {
    super(text);
    this.places = places;
    this.file = file;
  }

  protected count(values: number): void {
    this.size += values;
    if (this.size <= MAX_VALUES) return;
    if (values === 1) this.fail(`the file has more than ${MAX_VALUES} values`);
    this.fail(`the aliases of this file expand to more than ${MAX_VALUES} values`, 'use fewer nested aliases');
  }

  protected checkPlainStart(inFlow: boolean): void {
    const code = this.code();
    const next = this.code(1);
    if (code === DASH ? !isBlankOrEnd(next) : false) return;
    if ((code === QUESTION || code === COLON) && !inFlow && !isBlankOrEnd(next)) return;
    // Between brackets no block of text can begin: what looks like one is an error, not plain text.
    const block = inFlow && (code === BAR || code === GREATER);
    if (block || code === DASH || code === QUESTION || code === COLON || RESERVED_FIRST.has(code))
      this.fail(`a value cannot start with ${JSON.stringify(this.text.charAt(this.at))}`, 'quote it');
  }

  /** Enters a collection: counts depth, then names the result. */
  protected collection(read: () => Value, properties: Properties): Node {
    const offset = this.at;
    if (++this.#depth > MAX_DEPTH) this.fail(`nested more than ${MAX_DEPTH} levels deep`);
    const size = this.size;
    if (properties.anchor !== undefined) this.#anchors.set(properties.anchor, 'open');
    const value = read();
    this.#depth--;
    return this.finish(value, offset, properties, true, this.size - size + 1);
  }

  protected scalar(text: string, offset: number, plain: boolean, properties: Properties): Node {
    const tag = shortTag(properties.tag);
    if (tag === undefined) return this.finish(plain ? resolvePlain(text) : text, offset, properties, true);
    const value = resolveTagged(tag, text, plain);
    if (value === undefined) this.fail(`"${text}" is not a ${tag.slice(2)}`, undefined, offset);
    return this.finish(value, offset, properties, true);
  }

  protected finish(value: Value, offset: number, properties: Properties, present: boolean, size = 1): Node {
    const tag = properties.tag === '!reset' ? 'reset' : properties.tag === '!override' ? 'override' : undefined;
    if (tag !== undefined) this.sawTags = true;
    // An explicit tag on nothing: text of that tag's kind, which is empty text for a tag nobody knows.
    const explicit = shortTag(properties.tag);
    const actual = present || explicit === undefined ? value : resolveTagged(explicit, '', true);
    if (actual === undefined) this.fail(`"" is not a ${explicit?.slice(2)}`, undefined, offset);
    if (properties.anchor !== undefined) this.#anchors.set(properties.anchor, { value: actual, size, tag });
    return { value: actual, offset, tag };
  }

  protected property(properties: Properties): void {
    const isTag = this.code() === TAG;
    if ((isTag ? properties.tag : properties.anchor) !== undefined)
      this.fail(`one value cannot have two ${isTag ? 'tags' : 'anchors'}`);
    const pattern = isTag ? TAG_TEXT : ANCHOR_NAME;
    pattern.lastIndex = isTag ? this.at : this.at + 1;
    const text = pattern.exec(this.text)?.[0];
    if (text === undefined) this.fail('an anchor needs a name');
    this.at = pattern.lastIndex;
    if (
      !isBlankOrEnd(this.code()) &&
      !(this.code() === COMMA || this.code() === CLOSE_BRACKET || this.code() === CLOSE_BRACE)
    )
      this.fail(isTag ? 'unexpected character in a tag' : 'unexpected character in the name of an anchor');
    if (isTag) properties.tag = this.#fullTag(text, pattern.lastIndex - text.length);
    else properties.anchor = text;
  }

  /** A tag with its handle replaced by what it stands for: `!!str` is `tag:yaml.org,2002:str`. */
  #fullTag(text: string, offset: number): string {
    if (text === '!') return text;
    const verbatim = /^!<(.*)>$/.exec(text)?.[1];
    if (verbatim !== undefined) return verbatim;
    const handle = /^![0-9A-Za-z_-]*!/.exec(text)?.[0] ?? '!';
    const prefix = this.tagHandles.get(handle);
    if (prefix === undefined) return this.fail(`the tag handle "${handle}" is not declared`, 'remove the tag', offset);
    return prefix + text.slice(handle.length);
  }

  protected alias(): Node {
    const offset = this.at;
    ANCHOR_NAME.lastIndex = offset + 1;
    const name = ANCHOR_NAME.exec(this.text)?.[0];
    if (name === undefined) return this.fail('an alias needs a name', 'quote a value that starts with "*"');
    this.at = offset + 1 + name.length;
    const anchor = this.#anchors.get(name);
    if (anchor === undefined)
      return this.fail(`there is no anchor "${name}"`, `write "&${name}" before the value it stands for`, offset);
    if (anchor === 'open') return this.fail(`the anchor "${name}" contains itself`, undefined, offset);
    this.size += anchor.size;
    if (this.size > MAX_VALUES)
      this.fail(
        `the aliases of this file expand to more than ${MAX_VALUES} values`,
        'use fewer nested aliases',
        offset,
      );
    return { value: anchor.value, offset, tag: anchor.tag };
  }

  protected item(items: Value[], marks: Mark[], node: Node, itemOffset: number): void {
    if (node.tag === 'reset') return;
    items.push(node.value);
    marks.push(this.places.add(this.file, itemOffset, node.offset));
  }

  protected entry(builder: MappingBuilder, key: Key, node: Node): void {
    if (key.name === undefined) {
      this.problems.push({
        message: `the key ${key.text === '' ? 'null' : key.text} is not text`,
        offset: key.offset,
        hint: 'quote it',
      });
      return;
    }
    const earlier = builder.seen(key.merge ? '<<' : key.name, key.offset);
    if (earlier !== undefined) {
      const line = this.places.positionAt(this.file, earlier)?.line;
      this.problems.push({
        message: `the key "${key.name}" is already defined on line ${line}`,
        offset: key.offset,
        hint: key.merge ? 'write one "<<: [*a, *b]"' : 'remove one of the two',
      });
      return;
    }
    if (key.merge) {
      if (node.tag === 'reset') return;
      const merged = isSequence(node.value) ? node.value : [node.value];
      if (!merged.every(isMapping)) {
        this.problems.push({ message: '"<<" needs a mapping or a list of mappings', offset: node.offset });
        return;
      }
      builder.merge(merged, !isSequence(node.value));
    } else builder.add(key.name, node, this.places.add(this.file, key.offset, node.offset));
  }
}

const STANDARD = 'tag:yaml.org,2002:';
/** What `!!` and `!` stand for unless the document says otherwise. */
export const TAG_HANDLES: readonly (readonly [string, string])[] = [
  ['!!', STANDARD],
  ['!', '!'],
];

/** `!!str` and the like; undefined for none and for `!`. */
function shortTag(tag: string | undefined): string | undefined {
  if (tag === undefined || tag === '!') return undefined;
  return tag.startsWith(STANDARD) ? `!!${tag.slice(STANDARD.length)}` : tag;
}
