// YAML text → located trees, one per document, with the structure rules of go-yaml v3 (libyaml's grammar). Anchors, aliases and
// merge keys are resolved on the way; an alias shares its anchor's value, so that the memory it takes is bounded by the text.
import type { Places } from '../places.ts';
import {
  isMapping,
  isSequence,
  type Mapping,
  type Mark,
  type MergeTag,
  markOf,
  newMapping,
  newSequence,
  put,
  putTag,
  type Sequence,
  tagsOf,
  type Value,
} from '../tree.ts';
import { resolvePlain, resolveTagged } from './scalar.ts';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  DASH,
  DOUBLE_QUOTE,
  HASH,
  isBlankOrEnd,
  NEWLINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUESTION,
  Scanner,
  SINGLE_QUOTE,
} from './scanner.ts';

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

/** Where a node may stand: after `key:`, after `- `, or at the start of a document. */
type Context = 'value' | 'item' | 'document';

/** A value while it is read; `present` is false for nothing at all, `tag` the merge tag it carries. */
interface Node {
  readonly value: Value;
  readonly offset: number;
  readonly tag?: MergeTag | undefined;
}

interface Properties {
  anchor?: string;
  tag?: string;
}

const ANCHOR_NAME = /[0-9A-Za-z_-]+/y;
const TAG_TEXT = /!(?:<[^>\s]*>|[^\s,[\]{}]*)/y;
const ALIAS = 0x2a;
const ANCHOR = 0x26;
const TAG = 0x21;
const DIRECTIVE = 0x25;
/** Characters that no plain scalar starts with: , ] } # @ ` % */
const RESERVED_FIRST = new Set([COMMA, CLOSE_BRACKET, CLOSE_BRACE, HASH, 0x40, 0x60, DIRECTIVE]);

/** Length of `---`. */
const DOCUMENT_MARKER = 3;

/** A document's value, and where the document begins. */
export interface Root {
  readonly value: Value;
  readonly offset: number;
}

/** Reads all documents of a text. Throws YamlError at the first place that is not YAML; `problems` holds what is wrong beyond that. */
export class Parser extends Scanner {
  readonly problems: YamlProblem[] = [];
  /** Whether there is a `!reset` or `!override` anywhere. */
  sawTags = false;
  readonly #places: Places;
  readonly #file: number;
  readonly #anchors = new Map<string, Anchor | 'open'>();
  #depth = 0;
  #size = 0;

  constructor(text: string, places: Places, file: number) {
    super(text);
    this.#places = places;
    this.#file = file;
  }

  documents(): Root[] {
    const roots: Root[] = [];
    for (;;) {
      const explicit = this.#documentStart();
      if (!explicit && this.at >= this.text.length) return roots;
      const offset = explicit ? this.at - DOCUMENT_MARKER : this.at;
      roots.push({ value: this.#node(-1, 'document').value, offset });
      if (this.toNextToken()) this.fail('unexpected text after the end of the document');
      this.#documentEnd();
    }
  }

  /** Moves past directives and `---`; true if there was one. */
  #documentStart(): boolean {
    while (this.toNextToken() && this.column === 0 && this.code() === DIRECTIVE) {
      const directive = /%YAML[ \t]+(\S+)/y;
      directive.lastIndex = this.at;
      const version = directive.exec(this.text)?.[1];
      if (version !== undefined && version !== '1.1')
        this.fail(`YAML ${version} is not supported`, 'remove the directive');
      this.toLineEnd();
    }
    if (this.column !== 0 || !this.text.startsWith('---', this.at) || !isBlankOrEnd(this.code(3))) return false;
    this.at += DOCUMENT_MARKER;
    return true;
  }

  #documentEnd(): void {
    while (this.column === 0 && this.text.startsWith('...', this.at) && isBlankOrEnd(this.code(3))) {
      this.at += 3;
      this.expectLineEnd('the end of a document');
      this.toNextToken();
    }
  }

  /** A node in block context. `indent` is the column of the collection around it. */
  #node(indent: number, context: Context): Node {
    this.#count(1);
    let fresh = context !== 'value';
    const properties: Properties = {};
    for (;;) {
      const blanksFrom = this.at;
      this.skipBlanks();
      const code = this.code();
      if (code === HASH || code === NEWLINE || Number.isNaN(code)) {
        const offset = this.at;
        if (!this.toNextToken()) return this.#finish(null, offset, properties, false);
        fresh = true;
        const { column } = this;
        if (column <= indent && !(context === 'value' && column === indent && this.#atItem()))
          return this.#finish(null, offset, properties, false);
        if (column === indent) return this.#collection(() => this.#blockSequence(column, true), properties);
        if (this.indentedByTab())
          this.fail('found a tab where spaces are expected for indentation', 'indent with spaces');
      } else if (code === ANCHOR || code === TAG) {
        // Properties before a key on the same line belong to the key.
        if (fresh && this.#keyAhead()) return this.#collection(() => this.#blockMapping(this.column), properties);
        this.#property(properties);
      } else {
        if (fresh && this.text.slice(blanksFrom, this.at).includes('\t') && context === 'item' && this.#startsBlock())
          this.fail('found a tab where spaces are expected for indentation', 'indent with spaces');
        return this.#content(indent, fresh, properties);
      }
    }
  }

  #count(values: number): void {
    this.#size += values;
    if (this.#size <= MAX_VALUES) return;
    if (values === 1) this.fail(`the file has more than ${MAX_VALUES} values`);
    this.fail(`the aliases of this file expand to more than ${MAX_VALUES} values`, 'use fewer nested aliases');
  }

  #startsBlock(): boolean {
    return this.#atItem() || this.#keyAhead();
  }

  #content(indent: number, fresh: boolean, properties: Properties): Node {
    const { column } = this;
    if (this.#atItem()) {
      if (!fresh) this.fail('a list cannot start on this line', 'start it on the next line, indented');
      return this.#collection(() => this.#blockSequence(column, false), properties);
    }
    if (this.code() === QUESTION && isBlankOrEnd(this.code(1))) {
      if (!fresh) this.fail('a mapping cannot start on this line');
      return this.#collection(() => this.#blockMapping(column), properties);
    }
    if (fresh && this.#keyAhead()) return this.#collection(() => this.#blockMapping(column), properties);
    const offset = this.at;
    const code = this.code();
    if (code === 0x7c || code === 0x3e) return this.#scalar(this.scanBlock(indent), offset, false, properties);
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      const node = this.#collection(() => this.#flowCollection(), properties);
      this.#expectNodeEnd('the closing bracket');
      return node;
    }
    if (code === ALIAS) {
      const node = this.#alias();
      this.#expectNodeEnd('the alias');
      return node;
    }
    if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) {
      const text = this.scanQuoted();
      this.#expectNodeEnd('the quoted text');
      return this.#scalar(text, offset, false, properties);
    }
    this.#checkPlainStart(false);
    const text = this.scanPlain(indent, false);
    this.#expectNodeEnd('the value');
    return this.#scalar(text, offset, true, properties);
  }

  #checkPlainStart(inFlow: boolean): void {
    const code = this.code();
    const next = this.code(1);
    if (code === DASH ? !isBlankOrEnd(next) : false) return;
    if ((code === QUESTION || code === COLON) && !inFlow && !isBlankOrEnd(next)) return;
    if (code === DASH || code === QUESTION || code === COLON || RESERVED_FIRST.has(code))
      this.fail(`a value cannot start with ${JSON.stringify(this.text.charAt(this.at))}`, 'quote it');
  }

  /** After a value in block context: nothing but a comment on its line, above all no `:`. */
  #expectNodeEnd(what: string): void {
    this.skipBlanks();
    if (this.code() === COLON && isBlankOrEnd(this.code(1)))
      this.fail('a mapping is not allowed here', 'check the indentation, or quote a value that contains ": "');
    this.expectLineEnd(what);
  }

  #atItem(): boolean {
    return this.code() === DASH && isBlankOrEnd(this.code(1));
  }

  /** Whether a key and its `:` come next on this line. Leaves the position alone. */
  #keyAhead(): boolean {
    const [at, lineStart, size] = [this.at, this.lineStart, this.#size];
    const found = this.#skimKey();
    [this.at, this.lineStart, this.#size] = [at, lineStart, size];
    return found;
  }

  #skimKey(): boolean {
    const { lineStart } = this;
    for (let code = this.code(); code === ANCHOR || code === TAG; code = this.code()) {
      this.#property({});
      this.skipBlanks();
    }
    const code = this.code();
    if (code === QUESTION && isBlankOrEnd(this.code(1))) return true;
    if (code === COLON && isBlankOrEnd(this.code(1))) return true;
    if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) {
      const end = this.text.indexOf('\n', this.at);
      const line = end < 0 ? this.text.length : end;
      // A key stands on one line: a quote that is still open at its end starts a value.
      if (!this.#skimQuoted(line)) return false;
    } else if (code === ALIAS) {
      ANCHOR_NAME.lastIndex = ++this.at;
      this.at += ANCHOR_NAME.exec(this.text)?.[0].length ?? 0;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      return this.#skimFlow();
    } else if (code === 0x7c || code === 0x3e || RESERVED_FIRST.has(code)) return false;
    else if (!this.#skimPlain()) return false;
    this.skipBlanks();
    return this.lineStart === lineStart && this.code() === COLON && isBlankOrEnd(this.code(1));
  }

  #skimQuoted(lineEnd: number): boolean {
    const quote = this.code();
    for (this.at++; this.at < lineEnd; this.at++) {
      const code = this.code();
      if (code === 0x5c && quote === DOUBLE_QUOTE) this.at++;
      else if (code === quote) {
        if (quote === SINGLE_QUOTE && this.code(1) === quote) this.at++;
        else {
          this.at++;
          return true;
        }
      }
    }
    return false;
  }

  #skimPlain(): boolean {
    const { text } = this;
    let previous = 0;
    for (let at = this.at; ; at++) {
      const code = text.charCodeAt(at);
      if (code === NEWLINE || Number.isNaN(code)) return false;
      if (code === COLON && isBlankOrEnd(text.charCodeAt(at + 1))) {
        this.at = at;
        return true;
      }
      if (code === HASH && (previous === 0x20 || previous === 0x09)) return false;
      previous = code;
    }
  }

  /** A flow collection as a key is no use in a Compose file; it is found so that it can be refused for what it is. */
  #skimFlow(): boolean {
    const line = this.text.slice(
      this.at,
      this.text.indexOf('\n', this.at) < 0 ? undefined : this.text.indexOf('\n', this.at),
    );
    return /^(?:\[[^\][{}]*\]|\{[^\][{}]*\})[ \t]*:(?:\s|$)/.test(line);
  }

  /** Enters a collection: counts depth, then names the result. */
  #collection(read: () => Value, properties: Properties): Node {
    const offset = this.at;
    if (++this.#depth > MAX_DEPTH) this.fail(`nested more than ${MAX_DEPTH} levels deep`);
    const size = this.#size;
    if (properties.anchor !== undefined) this.#anchors.set(properties.anchor, 'open');
    const value = read();
    this.#depth--;
    return this.#finish(value, offset, properties, true, this.#size - size + 1);
  }

  #scalar(text: string, offset: number, plain: boolean, properties: Properties): Node {
    const tag = shortTag(properties.tag);
    if (tag === undefined) return this.#finish(plain ? resolvePlain(text) : text, offset, properties, true);
    const value = resolveTagged(tag, text, plain);
    if (value === undefined) this.fail(`"${text}" is not a ${tag.slice(2)}`, undefined, offset);
    return this.#finish(value, offset, properties, true);
  }

  #finish(value: Value, offset: number, properties: Properties, present: boolean, size = 1): Node {
    const tag = properties.tag === '!reset' ? 'reset' : properties.tag === '!override' ? 'override' : undefined;
    if (tag !== undefined) this.sawTags = true;
    // An explicit tag on nothing: text of that tag's kind, which is empty text for a tag nobody knows.
    const explicit = shortTag(properties.tag);
    const actual = present || explicit === undefined ? value : (resolveTagged(explicit, '', true) ?? null);
    if (properties.anchor !== undefined) this.#anchors.set(properties.anchor, { value: actual, size, tag });
    return { value: actual, offset, tag };
  }

  #property(properties: Properties): void {
    const isTag = this.code() === TAG;
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
    if (isTag) properties.tag = text;
    else properties.anchor = text;
  }

  #alias(): Node {
    const offset = this.at;
    ANCHOR_NAME.lastIndex = offset + 1;
    const name = ANCHOR_NAME.exec(this.text)?.[0];
    if (name === undefined) return this.fail('an alias needs a name', 'quote a value that starts with "*"');
    this.at = offset + 1 + name.length;
    const anchor = this.#anchors.get(name);
    if (anchor === undefined)
      return this.fail(`there is no anchor "${name}"`, `write "&${name}" before the value it stands for`, offset);
    if (anchor === 'open') return this.fail(`the anchor "${name}" contains itself`, undefined, offset);
    this.#size += anchor.size;
    if (this.#size > MAX_VALUES)
      this.fail(
        `the aliases of this file expand to more than ${MAX_VALUES} values`,
        'use fewer nested aliases',
        offset,
      );
    return { value: anchor.value, offset, tag: anchor.tag };
  }

  #blockSequence(column: number, indentless: boolean): Sequence {
    const items: Value[] = [];
    const marks: Mark[] = [];
    for (;;) {
      const itemOffset = this.at++;
      const node = this.#node(column, 'item');
      this.#item(items, marks, node, itemOffset);
      if (!this.toNextToken() || this.column < column) break;
      if (this.column > column) this.#misindented('list');
      if (!this.#atItem()) {
        if (indentless) break;
        this.fail('expected "- " like the lines above', 'indent this line as part of the item, or less than the list');
      }
    }
    return newSequence(items, marks);
  }

  #misindented(around: 'list' | 'mapping'): never {
    if (this.indentedByTab()) this.fail('found a tab where spaces are expected for indentation', 'indent with spaces');
    const others = around === 'list' ? 'items' : 'keys';
    this.fail(`this line is indented differently from the ${around} around it`, `align it with the other ${others}`);
  }

  #item(items: Value[], marks: Mark[], node: Node, itemOffset: number): void {
    if (node.tag === 'reset') return;
    items.push(node.value);
    marks.push(this.#places.add(this.#file, itemOffset, node.offset));
  }

  #blockMapping(column: number): Mapping {
    const builder = new MappingBuilder();
    for (;;) {
      const offset = this.at;
      const explicit = this.code() === QUESTION && isBlankOrEnd(this.code(1));
      if (explicit) this.at++;
      const key = explicit ? this.#explicitKey(column) : this.#key();
      let node: Node = { value: null, offset };
      if (!explicit || (this.column === column && this.code() === COLON && isBlankOrEnd(this.code(1)))) {
        this.at++;
        node = this.#node(column, explicit ? 'item' : 'value');
      }
      this.#entry(builder, key, node);
      if (!this.toNextToken() || this.column < column) break;
      if (this.column > column || this.indentedByTab()) this.#misindented('mapping');
      if (this.#atItem()) this.fail('a list item among keys', 'indent it under the key it belongs to');
      if (!this.#keyAhead())
        this.fail('expected a key followed by ":"', 'write "key: value", with a space after the colon');
    }
    return builder.finish();
  }

  #explicitKey(column: number): Key {
    const node = this.#node(column, 'item');
    this.toNextToken();
    return {
      name: typeof node.value === 'string' ? node.value : undefined,
      offset: node.offset,
      text: '',
      merge: false,
    };
  }

  /** A key up to its `:`, where #keyAhead found one. */
  #key(): Key {
    const properties: Properties = {};
    let code = this.code();
    while (code === ANCHOR || code === TAG) {
      this.#property(properties);
      this.skipBlanks();
      code = this.code();
    }
    const key = this.#keyText(code, properties);
    this.skipBlanks();
    return key;
  }

  #keyText(code: number, properties: Properties): Key {
    const offset = this.at;
    if (code === ALIAS) {
      const { value } = this.#alias();
      return {
        name: typeof value === 'string' ? value : undefined,
        offset,
        text: this.text.slice(offset, this.at),
        merge: false,
      };
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      this.#flowCollection();
      return { name: undefined, offset, text: this.text.slice(offset, this.at), merge: false };
    }
    const plain = code !== DOUBLE_QUOTE && code !== SINGLE_QUOTE;
    let text = '';
    if (plain) {
      this.#skimPlain();
      text = this.text.slice(offset, this.at).trimEnd();
    } else text = this.scanQuoted();
    const { value } = this.#scalar(text, offset, plain, properties);
    const merge = plain && text === '<<';
    return { name: typeof value === 'string' ? value : undefined, offset, text, merge };
  }

  #entry(builder: MappingBuilder, key: Key, node: Node): void {
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
      const line = this.#places.positionAt(this.#file, earlier)?.line;
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
    } else builder.add(key.name, node, this.#places.add(this.#file, key.offset, node.offset));
  }

  // Flow collections: `[a, b]`, `{a: b}`. Indentation means nothing inside.

  #flowCollection(): Value {
    return this.code() === OPEN_BRACE ? this.#flowMapping() : this.#flowSequence();
  }

  #flowToken(open: number): number {
    if (!this.toNextToken()) {
      const bracket = this.text.charAt(open);
      this.fail(`"${bracket}" is not closed`, `close it with "${bracket === '[' ? ']' : '}'}"`, open);
    }
    return this.code();
  }

  #flowSequence(): Sequence {
    const open = this.at++;
    const items: Value[] = [];
    const marks: Mark[] = [];
    for (;;) {
      let code = this.#flowToken(open);
      if (code === CLOSE_BRACKET) break;
      if (code === COMMA) this.fail('expected a value before ","');
      const offset = this.at;
      const explicit = code === QUESTION && isBlankOrEnd(this.code(1));
      if (explicit) this.at++;
      const node = this.#flowNode(open);
      code = this.#flowToken(open);
      if (code === COLON || explicit) {
        // A single pair is a mapping of its own.
        const builder = new MappingBuilder();
        if (code === COLON) this.at++;
        this.#entry(builder, flowKey(node, this.text), code === COLON ? this.#flowNode(open) : { value: null, offset });
        this.#item(items, marks, { value: builder.finish(), offset }, offset);
      } else this.#item(items, marks, node, offset);
      if (!this.#flowSeparator(open, CLOSE_BRACKET)) break;
    }
    this.at++;
    return newSequence(items, marks);
  }

  #flowMapping(): Mapping {
    const open = this.at++;
    const builder = new MappingBuilder();
    for (;;) {
      let code = this.#flowToken(open);
      if (code === CLOSE_BRACE) break;
      if (code === COMMA) this.fail('expected a key before ","');
      if (code === QUESTION && isBlankOrEnd(this.code(1))) {
        this.at++;
        this.#flowToken(open);
      }
      const node = this.#flowNode(open);
      code = this.#flowToken(open);
      const key = flowKey(node, this.text);
      if (code === COLON) {
        this.at++;
        this.#entry(builder, key, this.#flowNode(open));
      } else this.#entry(builder, key, { value: null, offset: node.offset });
      if (!this.#flowSeparator(open, CLOSE_BRACE)) break;
    }
    this.at++;
    return builder.finish();
  }

  /** Moves past `,`; false at the closing bracket. */
  #flowSeparator(open: number, close: number): boolean {
    const code = this.#flowToken(open);
    if (code === close) return false;
    if (code !== COMMA) this.fail(`expected "," or "${String.fromCharCode(close)}"`);
    this.at++;
    return true;
  }

  #flowNode(open: number): FlowNode {
    this.#count(1);
    const properties: Properties = {};
    for (;;) {
      const code = this.#flowToken(open);
      const offset = this.at;
      if (code === ANCHOR || code === TAG) {
        this.#property(properties);
        continue;
      }
      if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code === COLON)
        return { ...this.#finish(null, offset, properties, false), plain: true, end: offset };
      if (code === OPEN_BRACE || code === OPEN_BRACKET)
        return { ...this.#collection(() => this.#flowCollection(), properties), plain: false, end: this.at };
      if (code === ALIAS) return { ...this.#alias(), plain: false, end: this.at };
      if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE)
        return { ...this.#scalar(this.scanQuoted(), offset, false, properties), plain: false, end: this.at };
      this.#checkPlainStart(true);
      return { ...this.#scalar(this.scanPlain(-1, true), offset, true, properties), plain: true, end: this.at };
    }
  }
}

/** A key as found: `name` is undefined where it is not a string. */
interface Key {
  readonly name: string | undefined;
  readonly offset: number;
  readonly text: string;
  readonly merge: boolean;
}

interface FlowNode extends Node {
  readonly plain: boolean;
  readonly end: number;
}

function flowKey(node: FlowNode, text: string): Key {
  const merge = node.plain && node.value === '<<';
  const name = typeof node.value === 'string' ? node.value : undefined;
  return { name, offset: node.offset, text: text.slice(node.offset, node.end).trim(), merge };
}

/** Collects the entries of one mapping; merges come last and never replace. */
class MappingBuilder {
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

  add(name: string, node: Node, mark: Mark): void {
    if (node.tag !== undefined) putTag(this.#mapping, name, node.tag);
    if (node.tag !== 'reset') put(this.#mapping, name, node.value, mark);
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

const LONG_TAG = /^!<?tag:yaml\.org,2002:([^>]*)>?$/;

/** `!!str` and the like; undefined for none and for `!`. */
function shortTag(tag: string | undefined): string | undefined {
  if (tag === undefined || tag === '!') return undefined;
  const long = LONG_TAG.exec(tag);
  return long ? `!!${long[1]}` : tag;
}
