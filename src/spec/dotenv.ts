// Env files (`.env`, `--env-file`, `env_file`) → variables. The two formats: dotenv, with quotes and `${…}`, and raw, which is
// `docker run --env-file`'s. Behaves as docker compose 2.40.3 (compose-reference §2.3); which files are read is decided elsewhere.
import { type Position, SpecError } from '../diagnostics.ts';
import { type Lookup, substitute, TemplateError } from './template.ts';

export interface DotenvOptions {
  /** Receives the variables; those already in it are seen by `${…}` and overwritten by keys of the same name. */
  readonly into?: Map<string, string>;
  /** Told each variable that is used but not set. */
  readonly onUnset?: (name: string, position: Position) => void;
}

/**
 * Reads an env file. `lookup` is asked before the variables of the file itself, both for `${…}` and for a key without a value,
 * which is left out where nobody knows it. Throws a SpecError (SPEC_ENV_FILE) that points at the first problem.
 */
export function parseDotenv(
  text: string,
  file: string,
  lookup: Lookup,
  options: DotenvOptions = {},
): Map<string, string> {
  const variables = options.into ?? new Map<string, string>();
  const reader = new DotenvReader(text.startsWith('\uFEFF') ? text.slice(1) : text, file, options.onUnset);
  reader.read(variables, lookup);
  return variables;
}

/** Reads a `format: raw` file: `KEY=VALUE` lines taken as they are, `KEY` alone from `lookup`, `#` lines skipped. */
export function parseRawEnv(
  text: string,
  file: string,
  lookup: Lookup,
  options: Pick<DotenvOptions, 'into'> = {},
): Map<string, string> {
  const variables = options.into ?? new Map<string, string>();
  const lines = (text.startsWith('\uFEFF') ? text.slice(1) : text).split('\n');
  for (const [index, full] of lines.entries()) {
    const line = full.replace(/\r$/, '').replace(LEADING_SPACE, '');
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const key = equals < 0 ? line : line.slice(0, equals);
    const fail = (message: string, hint?: string): never => {
      const position = { file, line: index + 1, column: full.length - full.replace(LEADING_SPACE, '').length + 1 };
      throw envFileError(message, position, full, hint);
    };
    if (key === '') fail('no variable name before "="', 'write KEY=VALUE');
    if (/[ \t]/.test(key)) fail(`variable name "${key}" contains a space`);
    const value = equals < 0 ? lookup(key) : line.slice(equals + 1);
    if (value !== undefined) variables.set(key, value);
  }
  return variables;
}

/** Blanks in a line: Go's unicode.IsSpace below U+0100, without the line break. */
const BLANK = /[\t\v\f\r \u0085\u00A0]/;
/** All that unicode.IsSpace counts as space. */
const SPACE = /[\t\n\v\f\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]/;
const LEADING_SPACE = new RegExp(`^${SPACE.source}+`);
const TRAILING_SPACE = new RegExp(`${SPACE.source}$`);
const KEY_CHARACTER = /[\p{L}\p{N}_.\-[\]]/u;
const EXPORT = /export[\t\n\f\r ]+/y;
const ESCAPE = /\\(?:0\d{0,3}|[abcfnrtv$"\\])/g;
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  // Left for the substitution, which turns it into one `$`.
  $: '$$',
};

class DotenvReader {
  readonly #text: string;
  readonly #file: string;
  readonly #onUnset: DotenvOptions['onUnset'];
  #at = 0;

  constructor(text: string, file: string, onUnset: DotenvOptions['onUnset']) {
    this.#text = text;
    this.#file = file;
    this.#onUnset = onUnset;
  }

  read(variables: Map<string, string>, lookup: Lookup): void {
    const known: Lookup = (name) => lookup(name) ?? variables.get(name);
    while (this.#toStatement()) {
      const key = this.#key();
      const value = key.alone ? lookup(key.name) : this.#value(known);
      if (value !== undefined) variables.set(key.name, value);
    }
  }

  /** Skips blanks, line breaks and comment lines; false at the end of the text. */
  #toStatement(): boolean {
    for (;;) {
      while (this.#at < this.#text.length && SPACE.test(this.#text.charAt(this.#at))) this.#at++;
      if (this.#at >= this.#text.length) return false;
      if (this.#text[this.#at] !== '#') return true;
      const lineEnd = this.#text.indexOf('\n', this.#at);
      this.#at = lineEnd < 0 ? this.#text.length : lineEnd;
    }
  }

  /** The key before `=` or `:`, or one that stands alone on its line. */
  #key(): { name: string; alone: boolean } {
    EXPORT.lastIndex = this.#at;
    if (EXPORT.test(this.#text)) {
      this.#at += 'export'.length;
      this.#skipBlanks();
    }
    const start = this.#at;
    for (const character of this.#charactersFrom(start)) {
      if (character === '=' || character === ':' || character === '\n') {
        const name = trimEnd(this.#text.slice(start, this.#at));
        if (name.includes(' ')) {
          const hint = 'a line is KEY=VALUE; quote a value that spans lines';
          throw this.#error(start, `variable name "${name}" contains a space`, hint);
        }
        this.#at++;
        this.#skipBlanks();
        return { name, alone: character === '\n' };
      }
      if (!BLANK.test(character) && !KEY_CHARACTER.test(character))
        throw this.#error(this.#at, `unexpected character ${JSON.stringify(character)} in a variable name`);
      this.#at += character.length;
    }
    const name = trimEnd(this.#text.slice(start));
    if (name.includes(' ')) throw this.#error(start, `variable name "${name}" contains a space`);
    return { name, alone: true };
  }

  *#charactersFrom(start: number): Generator<string> {
    for (let at = start; at < this.#text.length; ) {
      const character = String.fromCodePoint(this.#text.codePointAt(at) ?? 0);
      yield character;
      at += character.length;
    }
  }

  #value(lookup: Lookup): string {
    const quote = this.#text[this.#at];
    if (quote === '"' || quote === "'") return this.#quoted(quote, lookup);
    const start = this.#at;
    const newline = this.#text.indexOf('\n', start);
    const lineEnd = newline < 0 ? this.#text.length : newline;
    this.#at = Math.min(lineEnd + 1, this.#text.length);
    const line = this.#text.slice(start, lineEnd);
    const comment = line.indexOf(' #');
    return this.#expand(trimEnd(comment < 0 ? line : line.slice(0, comment)), start, lookup);
  }

  #quoted(quote: string, lookup: Lookup): string {
    const start = this.#at;
    let out = '';
    for (let at = start + 1; at < this.#text.length; at++) {
      const character = this.#text.charAt(at);
      if (character === '\\' && at + 1 < this.#text.length) {
        at++;
        // Only the quote itself is unescaped here; every other pair is kept for `expandEscapes`.
        const next = this.#text.charAt(at);
        out += next === quote ? next : character + next;
      } else if (character === quote) {
        this.#at = at + 1;
        return quote === "'" ? out : this.#expand(expandEscapes(out), start + 1, lookup);
      } else out += character;
    }
    throw this.#error(start, 'unterminated quoted value', `close it with ${quote}`);
  }

  #expand(value: string, start: number, lookup: Lookup): string {
    try {
      return substitute(value, lookup, (name) => this.#onUnset?.(name, this.#position(start)));
    } catch (error) {
      if (error instanceof TemplateError) {
        // Escapes that were replaced make offsets in the value useless.
        const exact = this.#text.startsWith(value, start);
        throw this.#error(exact ? start + error.offset : start, error.message, error.hint);
      }
      throw error;
    }
  }

  #skipBlanks(): void {
    while (this.#at < this.#text.length && BLANK.test(this.#text.charAt(this.#at))) this.#at++;
  }

  #position(offset: number): Position {
    const before = this.#text.slice(0, offset);
    const lineStart = before.lastIndexOf('\n') + 1;
    return { file: this.#file, line: before.split('\n').length, column: offset - lineStart + 1 };
  }

  #error(offset: number, message: string, hint?: string): SpecError {
    const position = this.#position(offset);
    return envFileError(message, position, this.#text.split('\n')[position.line - 1] ?? '', hint);
  }
}

/** Replaces `\n`, `\t`, … and `\0ooo` (octal); any other backslash stays. */
function expandEscapes(text: string): string {
  return text.replace(ESCAPE, (sequence) => {
    const simple = ESCAPES[sequence.charAt(1)];
    if (simple !== undefined) return simple;
    if (!sequence.startsWith('\\0')) return sequence;
    // Exactly three octal digits within a byte; other digits stay, without the zero, as docker compose leaves them.
    const digits = sequence.slice(2);
    const code = /^[0-7]{3}$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
    return code <= 255 ? String.fromCharCode(code) : `\\${digits}`;
  });
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && TRAILING_SPACE.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function envFileError(message: string, position: Position, line: string, hint?: string): SpecError {
  // The line of an env file may hold a password: only what stands before the value is shown.
  const shown = /^[^=:]*[=:]?/.exec(line)?.[0] ?? '';
  const excerpt = shown.length < line.trimEnd().length ? `${shown}…` : shown;
  return new SpecError([{ severity: 'error', code: 'SPEC_ENV_FILE', message, position, hint, excerpt }]);
}
