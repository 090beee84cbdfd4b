// Variables, quotes and escapes in the words of a Dockerfile, as BuildKit reads them. Pure.
import { replaceMatches, stripEnd, stripStart } from './shell-pattern.ts';
import type { EscapeToken } from './words.ts';

export interface ExpandFacts {
  readonly variables: ReadonlyMap<string, string>;
  readonly escapeToken: EscapeToken;
  /** Told the name of every variable that is looked up. */
  readonly onUse?: (name: string) => void;
}

/** One word: `"$HOME"/x` → `/root/x`. Throws an Error whose text says what is wrong. */
export function expandWord(word: string, facts: ExpandFacts): string {
  return new Expander(word, facts).all().join('');
}

/** Words: what a variable holds is split at spaces where it is not quoted. */
export function expandWords(word: string, facts: ExpandFacts): string[] {
  return new Expander(word, facts).words();
}

const NAME = /[A-Za-z_]/;
const NAME_REST = /[A-Za-z0-9_]/;
const SPECIAL = /[@*#?\-$!0-9]/;

class Expander {
  readonly #text: string;
  readonly #facts: ExpandFacts;
  #at = 0;
  readonly #words: string[] = [];
  #word: string | undefined;

  constructor(text: string, facts: ExpandFacts) {
    this.#text = text;
    this.#facts = facts;
  }

  all(): string[] {
    return [this.#until('', false)];
  }

  words(): string[] {
    this.#until('', true);
    if (this.#word !== undefined) this.#words.push(this.#word);
    return this.#words;
  }

  #next(): string {
    return this.#text.charAt(this.#at);
  }

  /** Reads up to the closing character, which is consumed, or to the end. */
  #until(closing: string, splitting: boolean): string {
    let out = '';
    const add = (text: string, mayBeEmpty: boolean): void => {
      out += text;
      if (splitting && (text !== '' || mayBeEmpty)) this.#word = (this.#word ?? '') + text;
    };
    while (this.#at < this.#text.length) {
      const character = this.#next();
      if (closing !== '' && character === closing) {
        this.#at += 1;
        return out;
      }
      if (character === "'") add(this.#single(), true);
      else if (character === '"') add(this.#double(), true);
      else if (character === '$') {
        const value = this.#dollar();
        if (!splitting) out += value;
        else this.#spread(value);
      } else if (character === this.#facts.escapeToken) {
        this.#at += 1;
        if (this.#at >= this.#text.length) break;
        add(this.#next(), false);
        this.#at += 1;
      } else {
        this.#at += 1;
        if (splitting && /\s/.test(character)) this.#break();
        else add(character, false);
      }
    }
    if (closing !== '') throw new Error(`syntax error: missing '${closing}' in "${this.#text}"`);
    return out;
  }

  /** A variable's value outside quotes: its spaces separate words. */
  #spread(value: string): void {
    for (const [index, part] of value.split(/\s+/).entries()) {
      if (index > 0) this.#break();
      if (part !== '') this.#word = (this.#word ?? '') + part;
    }
  }

  #break(): void {
    if (this.#word !== undefined) this.#words.push(this.#word);
    this.#word = undefined;
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw new Error(`unexpected end of statement while looking for matching single-quote`);
    const text = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return text;
  }

  #double(): string {
    let out = '';
    this.#at += 1;
    for (;;) {
      if (this.#at >= this.#text.length)
        throw new Error(`unexpected end of statement while looking for matching double-quote`);
      const character = this.#next();
      if (character === '"') {
        this.#at += 1;
        return out;
      }
      if (character === '$') {
        out += this.#dollar();
        continue;
      }
      this.#at += 1;
      if (character !== this.#facts.escapeToken) {
        out += character;
        continue;
      }
      const escaped = this.#next();
      // Before anything else the escape is a character like others.
      out += escaped === '"' || escaped === '$' || escaped === this.#facts.escapeToken ? escaped : character + escaped;
      this.#at += 1;
    }
  }

  #dollar(): string {
    this.#at += 1;
    if (this.#next() !== '{') {
      const name = this.#name();
      return name === '' ? '$' : (this.#value(name) ?? '');
    }
    this.#at += 1;
    const name = this.#name();
    const operator = this.#next();
    if (operator === '') throw new Error("syntax error: missing '}'");
    if (name === '') throw new Error('syntax error: bad substitution');
    this.#at += 1;
    switch (operator) {
      case '}':
        return this.#value(name) ?? '';
      case ':': {
        const kind = this.#next();
        this.#at += 1;
        return this.#conditional(name, kind, true);
      }
      case '+':
      case '-':
      case '?':
        return this.#conditional(name, operator, false);
      case '#':
      case '%': {
        const greedy = this.#next() === operator;
        if (greedy) this.#at += 1;
        const pattern = this.#until('}', false);
        const value = this.#value(name) ?? '';
        return operator === '#' ? stripStart(value, pattern, greedy) : stripEnd(value, pattern, greedy);
      }
      case '/': {
        const all = this.#next() === '/';
        if (all) this.#at += 1;
        const pattern = this.#until('/', false);
        const replacement = this.#until('}', false);
        return replaceMatches(this.#value(name) ?? '', pattern, replacement, all);
      }
      default:
        throw new Error(`unsupported modifier (${operator}) in substitution`);
    }
  }

  #conditional(name: string, kind: string, emptyCounts: boolean): string {
    const word = this.#until('}', false);
    const value = this.#value(name);
    const set = value !== undefined && (!emptyCounts || value !== '');
    switch (kind) {
      case '+':
        return set ? word : '';
      case '-':
        return set ? (value ?? '') : word;
      case '?':
        if (set) return value ?? '';
        throw new Error(`${name}: ${word === '' ? 'is not allowed to be unset' : word}`);
      default:
        throw new Error(`unsupported modifier (${kind}) in substitution`);
    }
  }

  #name(): string {
    const start = this.#at;
    if (NAME.test(this.#next())) while (this.#next() !== '' && NAME_REST.test(this.#next())) this.#at += 1;
    else if (/[0-9]/.test(this.#next())) while (/[0-9]/.test(this.#next())) this.#at += 1;
    else if (this.#next() !== '' && SPECIAL.test(this.#next())) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  #value(name: string): string | undefined {
    this.#facts.onUse?.(name);
    return this.#facts.variables.get(name);
  }
}
