// Flow collections: `[a, b]`, `{a: b}`. Indentation means nothing inside.
import { type Mapping, type Mark, newSequence, type Sequence, type Value } from '../tree.ts';
import { MappingBuilder } from './mapping-builder.ts';
import { ALIAS, ANCHOR, type Key, type Node, NodeReader, type Properties, TAG } from './node-reader.ts';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  DOUBLE_QUOTE,
  isBlankOrEnd,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUESTION,
  SINGLE_QUOTE,
} from './scanner.ts';

interface FlowNode extends Node {
  readonly plain: boolean;
  readonly end: number;
}

function flowKey(node: FlowNode, text: string): Key {
  const merge = node.plain && node.value === '<<';
  const name = typeof node.value === 'string' ? node.value : undefined;
  return { name, offset: node.offset, text: text.slice(node.offset, node.end).trim(), merge };
}

export class FlowReader extends NodeReader {
  protected flowCollection(): Value {
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
        this.entry(builder, flowKey(node, this.text), code === COLON ? this.#flowNode(open) : { value: null, offset });
        this.item(items, marks, { value: builder.finish(), offset }, offset);
      } else this.item(items, marks, node, offset);
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
        this.entry(builder, key, this.#flowNode(open));
      } else this.entry(builder, key, { value: null, offset: node.offset });
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
    this.count(1);
    const properties: Properties = {};
    for (;;) {
      const code = this.#flowToken(open);
      const offset = this.at;
      if (code === ANCHOR || code === TAG) {
        this.property(properties);
        continue;
      }
      if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code === COLON)
        return { ...this.finish(null, offset, properties, false), plain: true, end: offset };
      if (code === OPEN_BRACE || code === OPEN_BRACKET)
        return { ...this.collection(() => this.flowCollection(), properties), plain: false, end: this.at };
      if (code === ALIAS) return { ...this.alias(), plain: false, end: this.at };
      if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE)
        return { ...this.scalar(this.scanQuoted(), offset, false, properties), plain: false, end: this.at };
      this.checkPlainStart(true);
      return { ...this.scalar(this.scanPlain(-1, true), offset, true, properties), plain: true, end: this.at };
    }
  }
}
