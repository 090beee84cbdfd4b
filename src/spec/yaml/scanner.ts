// YAML text → blanks, comments and scalars. Knows characters and indentation; the parser on top of it knows structure.

/** The text is not YAML, or is more than a Compose file may be. */
export class YamlError extends Error {
  readonly offset: number;
  readonly hint: string | undefined;
  constructor(message: string, offset: number, hint?: string) {
    super(message);
    this.name = 'YamlError';
    this.offset = offset;
    this.hint = hint;
  }
}

const TAB = 0x09;
export const NEWLINE = 0x0a;
const SPACE = 0x20;
export const DOUBLE_QUOTE = 0x22;
export const HASH = 0x23;
export const SINGLE_QUOTE = 0x27;
export const COMMA = 0x2c;
export const DASH = 0x2d;
export const COLON = 0x3a;
export const QUESTION = 0x3f;
export const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/** A blank, a line break or the end (charCodeAt gives NaN there). */
export const isBlankOrEnd = (code: number): boolean =>
  code === SPACE || code === NEWLINE || code === TAB || Number.isNaN(code);

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  "'": "'",
  '\\': '\\',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
};
const HEX_LENGTH: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

export class Scanner {
  protected readonly text: string;
  protected at = 0;
  /** Offset at which the current line starts; `at - lineStart` is the column, from 0. */
  protected lineStart = 0;

  constructor(text: string) {
    this.text = text;
  }

  protected get column(): number {
    return this.at - this.lineStart;
  }

  protected code(offset = 0): number {
    return this.text.charCodeAt(this.at + offset);
  }

  protected fail(message: string, hint?: string, offset = this.at): never {
    throw new YamlError(message, offset, hint);
  }

  protected skipBlanks(): void {
    for (let code = this.code(); code === SPACE || code === TAB; code = this.code()) this.at++;
  }

  /** Moves past blanks, comments and line breaks to the next token. False at the end of the text or of the document. */
  protected toNextToken(): boolean {
    const { text } = this;
    for (;;) {
      let code = text.charCodeAt(this.at);
      while (code === SPACE || code === TAB) code = text.charCodeAt(++this.at);
      if (code === HASH) this.toLineEnd();
      else if (code !== NEWLINE) break;
      if (this.at >= text.length) return false;
      this.lineStart = ++this.at;
    }
    return this.at < text.length && !(this.at === this.lineStart && this.atDocumentMarker());
  }

  protected toLineEnd(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  /** `---` or `...` at the start of a line. */
  protected atDocumentMarker(): boolean {
    const code = this.code();
    if (code !== DASH && code !== 0x2e) return false;
    return this.code(1) === code && this.code(2) === code && isBlankOrEnd(this.code(3));
  }

  /** Only blanks and a comment may follow on this line. */
  protected expectLineEnd(what: string): void {
    this.skipBlanks();
    const code = this.code();
    if (code === HASH || code === NEWLINE || Number.isNaN(code)) return;
    this.fail(`unexpected text after ${what}`);
  }

  /** True where a tab stands in the indentation of the current line. */
  protected indentedByTab(): boolean {
    return this.text.slice(this.lineStart, this.at).includes('\t');
  }

  /**
   * A plain scalar, over as many lines as it has. `indent` is the column of the collection around it; lines further left end
   * it. Leaves the position behind its last character.
   */
  protected scanPlain(indent: number, inFlow: boolean): string {
    const { text } = this;
    let value = '';
    let at = this.at;
    for (;;) {
      const start = at;
      let end = at;
      for (let code = text.charCodeAt(at); ; code = text.charCodeAt(++at)) {
        if (code === SPACE || code === TAB) continue;
        if (code === NEWLINE || Number.isNaN(code)) break;
        if (code === COLON && isBlankOrEnd(text.charCodeAt(at + 1))) break;
        if (code === HASH && at > end) break;
        if (inFlow && (code === COMMA || code === QUESTION || isBracket(code))) break;
        end = at + 1;
      }
      value += text.slice(start, end);
      this.at = end;
      if (text.charCodeAt(at) !== NEWLINE) return value;

      // Fold: one line break becomes a space, each further one stays.
      const lineEnd = this.lineStart;
      let breaks = 0;
      let lineStart = at;
      while (text.charCodeAt(at) === NEWLINE) {
        breaks++;
        lineStart = ++at;
        for (let code = text.charCodeAt(at); code === SPACE || code === TAB; code = text.charCodeAt(at)) {
          if (code === TAB && at - lineStart <= indent) {
            this.at = at;
            this.fail('found a tab where spaces are expected for indentation', 'indent with spaces');
          }
          at++;
        }
      }
      const code = text.charCodeAt(at);
      const ends =
        Number.isNaN(code) ||
        code === HASH ||
        (!inFlow && at - lineStart <= indent) ||
        (code === COLON && isBlankOrEnd(text.charCodeAt(at + 1))) ||
        (inFlow && (code === COMMA || code === QUESTION || isBracket(code)));
      if (!ends && at === lineStart) {
        [this.at, this.lineStart] = [at, lineStart];
        const marker = this.atDocumentMarker();
        [this.at, this.lineStart] = [end, lineEnd];
        if (marker) return value;
      }
      if (ends) return value;
      this.lineStart = lineStart;
      value += breaks === 1 ? ' ' : '\n'.repeat(breaks - 1);
    }
  }

  /** A quoted scalar, from its opening quote to behind its closing one. */
  protected scanQuoted(): string {
    const { text } = this;
    const start = this.at;
    const quote = text.charCodeAt(this.at);
    let value = '';
    let from = ++this.at;
    for (;;) {
      const code = text.charCodeAt(this.at);
      if (code === quote) {
        if (quote === SINGLE_QUOTE && text.charCodeAt(this.at + 1) === SINGLE_QUOTE) {
          value += text.slice(from, this.at + 1);
          this.at += 2;
          from = this.at;
          continue;
        }
        value += text.slice(from, this.at);
        this.at++;
        return value;
      }
      if (code === BACKSLASH && quote === DOUBLE_QUOTE) {
        value += text.slice(from, this.at) + this.#escape();
        from = this.at;
      } else if (code === NEWLINE) {
        value += text.slice(from, this.at).replace(/[ \t]+$/, '') + this.#foldQuoted(start, false);
        from = this.at;
      } else if (Number.isNaN(code)) {
        const mark = String.fromCharCode(quote);
        this.fail('the quoted text is not closed', `close it with ${mark}`, start);
      } else this.at++;
    }
  }

  /** At a line break inside quotes: moves to the next text and gives what the breaks fold to. */
  #foldQuoted(start: number, escaped: boolean): string {
    let breaks = 0;
    while (this.code() === NEWLINE) {
      breaks++;
      this.lineStart = ++this.at;
      if (this.atDocumentMarker())
        this.fail('the quoted text is not closed before the document ends', undefined, start);
      this.skipBlanks();
    }
    if (escaped) return '\n'.repeat(Math.max(0, breaks - 1));
    return breaks === 1 ? ' ' : '\n'.repeat(breaks - 1);
  }

  #escape(): string {
    const start = this.at;
    const letter = this.text.charAt(start + 1);
    if (letter === '\n') {
      this.at++;
      return this.#foldQuoted(start, true);
    }
    this.at += 2;
    const simple = ESCAPES[letter];
    if (simple !== undefined) return simple;
    const length = HEX_LENGTH[letter];
    if (length === undefined)
      return this.fail(`unknown escape "\\${letter}"`, 'write "\\\\" for a backslash, or use single quotes', start);
    const digits = this.text.slice(this.at, this.at + length);
    const code = /^[\da-fA-F]+$/.test(digits) && digits.length === length ? Number.parseInt(digits, 16) : -1;
    if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      this.fail(`"\\${letter}${digits}" is not a character`, undefined, start);
    this.at += length;
    return String.fromCodePoint(code);
  }

  /** A block scalar, from its `|` or `>`. `indent` is the column of the collection around it. */
  protected scanBlock(indent: number): string {
    const { text } = this;
    const start = this.at;
    const literal = text.charAt(start) === '|';
    const header = /[|>](?:([+-])([0-9])?|([0-9])([+-])?)?/y;
    header.lastIndex = start;
    const match = header.exec(text);
    const chomp = match?.[1] ?? match?.[4] ?? '';
    const digit = match?.[2] ?? match?.[3];
    if (digit === '0') this.fail('the indentation of a block text must be 1 to 9');
    this.at += match?.[0].length ?? 1;
    this.expectLineEnd('the head of a block text');
    this.toLineEnd();
    const fixed = digit === undefined ? 0 : Math.max(indent, 0) + Number(digit);
    const { lines, trailing, closed } = this.#blockLines(indent, fixed);
    return joinBlock(lines, trailing, literal, closed ? chomp : '-');
  }

  /**
   * The lines of a block scalar without their indentation, the number of empty lines behind them, and whether the last line
   * ends with a line break.
   */
  #blockLines(indent: number, fixed: number): { lines: string[]; trailing: number; closed: boolean } {
    const { text } = this;
    const lines: string[] = [];
    let width = fixed;
    let pending = 0;
    let deepest = 0;
    let closed = true;
    while (this.at < text.length) {
      const lineStart = this.at + 1;
      if (lineStart >= text.length) {
        this.at = text.length;
        break;
      }
      let at = lineStart;
      while (text.charCodeAt(at) === SPACE && (width === 0 || at - lineStart < width)) at++;
      const code = text.charCodeAt(at);
      const column = at - lineStart;
      if (code === TAB && (width === 0 || column < width)) {
        if (width !== 0 || column <= indent) {
          this.at = at;
          this.fail('found a tab where spaces are expected for indentation', 'indent with spaces', at);
        }
      }
      const lineEnd = text.indexOf('\n', at);
      const end = lineEnd < 0 ? text.length : lineEnd;
      if (at === end) {
        // An empty line: of the text so far, unless the text ends here.
        deepest = Math.max(deepest, column);
        if (lineEnd < 0) {
          this.at = end;
          break;
        }
        pending++;
        this.at = end;
        this.lineStart = lineStart;
        continue;
      }
      if (width === 0) width = Math.max(column, deepest, indent + 1, 1);
      if (column < width) break;
      for (; pending > 0; pending--) lines.push('');
      lines.push(text.slice(lineStart + width, end));
      closed = lineEnd >= 0;
      this.at = end;
      this.lineStart = lineStart;
    }
    return { lines, trailing: pending, closed };
  }
}

const isBracket = (code: number): boolean =>
  code === OPEN_BRACKET || code === CLOSE_BRACKET || code === OPEN_BRACE || code === CLOSE_BRACE;

/** Folds (`>`) or keeps (`|`) the line breaks between the lines and chomps those behind the last. */
function joinBlock(lines: readonly string[], trailing: number, literal: boolean, chomp: string): string {
  if (lines.length === 0) return chomp === '+' ? '\n'.repeat(trailing) : '';
  const body = literal ? lines.join('\n') : fold(lines);
  if (chomp === '-') return body;
  return chomp === '+' ? body + '\n'.repeat(trailing + 1) : `${body}\n`;
}

function fold(lines: readonly string[]): string {
  let out = '';
  let empties = 0;
  let previous: string | undefined;
  for (const line of lines) {
    if (line === '') {
      empties++;
      continue;
    }
    if (previous === undefined) out += '\n'.repeat(empties);
    else if (isIndented(previous) || isIndented(line)) out += '\n'.repeat(empties + 1);
    else out += empties === 0 ? ' ' : '\n'.repeat(empties);
    out += line;
    empties = 0;
    previous = line;
  }
  return out;
}

const isIndented = (line: string): boolean => line.startsWith(' ') || line.startsWith('\t');
