// YAML text → located trees, one per document, with the structure rules of go-yaml v3 (libyaml's grammar). Anchors, aliases and
// merge keys are resolved on the way; an alias shares its anchor's value, so that the memory it takes is bounded by the text.
// This file knows documents and block collections; the readers it stands on know keys, flow collections, values and characters.
import { type Mapping, type Mark, newSequence, type Sequence, type Value } from '../tree.ts';
import { KeyReader } from './key-reader.ts';
import { MappingBuilder } from './mapping-builder.ts';
import { ALIAS, ANCHOR, DIRECTIVE, type Key, type Node, type Properties, TAG, TAG_HANDLES } from './node-reader.ts';
import {
  COLON,
  DASH,
  DOUBLE_QUOTE,
  HASH,
  isBlankOrEnd,
  NEWLINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUESTION,
  SINGLE_QUOTE,
} from './scanner.ts';

/** Where a node may stand: after `key:`, after `- `, or at the start of a document. */
type Context = 'value' | 'item' | 'document';

/** Length of `---`. */
const DOCUMENT_MARKER = 3;

/** A document's value, and where the document begins. */
export interface Root {
  readonly value: Value;
  readonly offset: number;
}

/** Reads all documents of a text. Throws YamlError at the first place that is not YAML; `problems` holds what is wrong beyond that. */
export class Parser extends KeyReader {
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
    this.tagHandles = new Map(TAG_HANDLES);
    while (this.toNextToken() && this.column === 0 && this.code() === DIRECTIVE) this.#directive();
    if (this.column !== 0 || !this.text.startsWith('---', this.at) || !isBlankOrEnd(this.code(3))) return false;
    this.at += DOCUMENT_MARKER;
    return true;
  }

  /** `%YAML 1.1` and `%TAG ! prefix`; any other is ignored. */
  #directive(): void {
    const start = this.at;
    this.toLineEnd();
    const [name, first = '', second, ...more] = this.text
      .slice(start, this.at)
      .replace(/[ \t]#.*/, '')
      .trim()
      .split(/[ \t]+/);
    const isYaml = name === '%YAML';
    if (isYaml && first !== '1.1') this.fail(`YAML ${first} is not supported`, 'remove the directive', start);
    if (name !== '%TAG') return;
    const handle = /^!(?:[0-9A-Za-z_-]*!)?$/.test(first) ? first : undefined;
    if (handle === undefined || second === undefined || more.length > 0)
      this.fail('a tag directive needs a handle and a prefix', 'remove the directive', start);
    this.tagHandles.set(handle, second);
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
    this.count(1);
    let fresh = context !== 'value';
    const properties: Properties = {};
    for (;;) {
      const blanksFrom = this.at;
      this.skipBlanks();
      const code = this.code();
      if (code === HASH || code === NEWLINE || Number.isNaN(code)) {
        const offset = this.at;
        if (!this.toNextToken()) return this.finish(null, offset, properties, false);
        fresh = true;
        const { column } = this;
        if (column <= indent && !(context === 'value' && column === indent && this.#atItem()))
          return this.finish(null, offset, properties, false);
        if (column === indent) return this.collection(() => this.#blockSequence(column, true), properties);
        if (this.indentedByTab())
          this.fail('found a tab where spaces are expected for indentation', 'indent with spaces');
      } else if (code === ANCHOR || code === TAG) {
        // Properties before a key on the same line belong to the key.
        if (fresh && this.keyAhead()) return this.collection(() => this.#blockMapping(this.column), properties);
        this.property(properties);
      } else {
        if (fresh && this.text.slice(blanksFrom, this.at).includes('\t') && context === 'item' && this.#startsBlock())
          this.fail('found a tab where spaces are expected for indentation', 'indent with spaces');
        return this.#content(indent, fresh, properties);
      }
    }
  }

  #startsBlock(): boolean {
    return this.#atItem() || this.keyAhead();
  }

  #content(indent: number, fresh: boolean, properties: Properties): Node {
    const { column } = this;
    if (this.#atItem()) {
      if (!fresh) this.fail('a list cannot start on this line', 'start it on the next line, indented');
      return this.collection(() => this.#blockSequence(column, false), properties);
    }
    if (this.code() === QUESTION && isBlankOrEnd(this.code(1))) {
      if (!fresh) this.fail('a mapping cannot start on this line');
      return this.collection(() => this.#blockMapping(column), properties);
    }
    if (fresh && this.keyAhead()) return this.collection(() => this.#blockMapping(column), properties);
    const offset = this.at;
    const code = this.code();
    if (code === 0x7c || code === 0x3e) return this.scalar(this.scanBlock(indent), offset, false, properties);
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      const node = this.collection(() => this.flowCollection(), properties);
      this.#expectNodeEnd('the closing bracket');
      return node;
    }
    if (code === ALIAS) {
      const node = this.alias();
      this.#expectNodeEnd('the alias');
      return node;
    }
    if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) {
      const text = this.scanQuoted();
      this.#expectNodeEnd('the quoted text');
      return this.scalar(text, offset, false, properties);
    }
    this.checkPlainStart(false);
    const text = this.scanPlain(indent, false);
    this.#expectNodeEnd('the value');
    return this.scalar(text, offset, true, properties);
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

  #blockSequence(column: number, indentless: boolean): Sequence {
    const items: Value[] = [];
    const marks: Mark[] = [];
    for (;;) {
      const itemOffset = this.at++;
      const node = this.#node(column, 'item');
      this.item(items, marks, node, itemOffset);
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

  #blockMapping(column: number): Mapping {
    const builder = new MappingBuilder();
    for (;;) {
      const offset = this.at;
      const explicit = this.code() === QUESTION && isBlankOrEnd(this.code(1));
      if (explicit) this.at++;
      const key = explicit ? this.#explicitKey(column) : this.key();
      let node: Node = { value: null, offset };
      if (!explicit || (this.column === column && this.code() === COLON && isBlankOrEnd(this.code(1)))) {
        this.at++;
        node = this.#node(column, explicit ? 'item' : 'value');
      }
      this.entry(builder, key, node);
      if (!this.toNextToken() || this.column < column) break;
      if (this.column > column || this.indentedByTab()) this.#misindented('mapping');
      if (this.#atItem()) this.fail('a list item among keys', 'indent it under the key it belongs to');
      if (!this.keyAhead())
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
}
