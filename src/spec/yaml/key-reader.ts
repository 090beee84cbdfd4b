// Keys in block context: whether one comes next on a line, and what it is.
import { FlowReader } from './flow-reader.ts';
import { ALIAS, ANCHOR, ANCHOR_NAME, type Key, type Properties, RESERVED_FIRST, TAG } from './node-reader.ts';
import {
  COLON,
  DOUBLE_QUOTE,
  HASH,
  isBlankOrEnd,
  NEWLINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUESTION,
  SINGLE_QUOTE,
} from './scanner.ts';

export class KeyReader extends FlowReader {
  /** Whether a key and its `:` come next on this line. Leaves the position alone. */
  protected keyAhead(): boolean {
    const [at, lineStart, size] = [this.at, this.lineStart, this.size];
    const found = this.#skimKey();
    [this.at, this.lineStart, this.size] = [at, lineStart, size];
    return found;
  }

  #skimKey(): boolean {
    const { lineStart } = this;
    for (let code = this.code(); code === ANCHOR || code === TAG; code = this.code()) {
      this.property({});
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

  /** A key up to its `:`, where #keyAhead found one. */
  protected key(): Key {
    const properties: Properties = {};
    let code = this.code();
    while (code === ANCHOR || code === TAG) {
      this.property(properties);
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
      const { value } = this.alias();
      return {
        name: typeof value === 'string' ? value : undefined,
        offset,
        text: this.text.slice(offset, this.at),
        merge: false,
      };
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      this.flowCollection();
      return { name: undefined, offset, text: this.text.slice(offset, this.at), merge: false };
    }
    const plain = code !== DOUBLE_QUOTE && code !== SINGLE_QUOTE;
    let text = '';
    if (plain) {
      this.#skimPlain();
      text = this.text.slice(offset, this.at).trimEnd();
    } else text = this.scanQuoted();
    const { value } = this.scalar(text, offset, plain, properties);
    const merge = plain && text === '<<';
    return { name: typeof value === 'string' ? value : undefined, offset, text, merge };
  }
}
