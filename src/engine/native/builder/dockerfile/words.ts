// How the arguments of an instruction fall into words, flags and JSON lists. Quotes and escapes are kept: expansion takes
// them off (expand.ts). Pure.

/** The character that escapes: `\`, or what the directive `# escape=` says. */
export type EscapeToken = '\\' | '`';

/** Splits at spaces that are neither quoted nor escaped. Quotes and escapes stay in the words. */
export function splitWords(text: string, escapeToken: EscapeToken): string[] {
  const words: string[] = [];
  let word = '';
  let started = false;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote === '' && /\s/.test(character)) {
      if (started) words.push(word);
      word = '';
      started = false;
      continue;
    }
    started = true;
    if (character === escapeToken && quote !== "'") {
      // Nothing follows: the escape is dropped.
      if (at + 1 >= text.length) break;
      word += character + text.charAt(at + 1);
      at += 1;
      continue;
    }
    if (quote === '') {
      if (character === '"' || character === "'") quote = character;
    } else if (character === quote) quote = '';
    word += character;
  }
  if (started) words.push(word);
  return words;
}

export interface Flag {
  readonly name: string;
  /** Undefined for `--name` alone. */
  readonly value: string | undefined;
}

/** Takes `--name=value` off the start of an instruction's arguments; `--` alone ends them. */
export function splitFlags(text: string, escapeToken: EscapeToken): { readonly flags: Flag[]; readonly rest: string } {
  const flags: Flag[] = [];
  let rest = text.trimStart();
  while (rest.startsWith('--')) {
    const length = firstWordLength(rest, escapeToken);
    const word = unquoteFlag(rest.slice(0, length), escapeToken);
    rest = rest.slice(length).trimStart();
    if (word === '--') break;
    const equals = word.indexOf('=');
    flags.push(
      equals < 0
        ? { name: word.slice(2), value: undefined }
        : { name: word.slice(2, equals), value: word.slice(equals + 1) },
    );
  }
  return { flags, rest };
}

function firstWordLength(text: string, escapeToken: EscapeToken): number {
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote === '' && /\s/.test(character)) return at;
    if (character === escapeToken && quote !== "'") at += 1;
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = '';
  }
  return text.length;
}

/** Flags lose their quotes at once; variables in them are expanded later. */
function unquoteFlag(word: string, escapeToken: EscapeToken): string {
  let out = '';
  let quote = '';
  for (let at = 0; at < word.length; at += 1) {
    const character = word.charAt(at);
    if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = '';
    else if (character === escapeToken && quote !== "'" && at + 1 < word.length) {
      at += 1;
      out += word.charAt(at);
    } else out += character;
  }
  return out;
}

/** A JSON list of strings. Undefined when the text is no JSON list; an error where it is one of something else. */
export function jsonList(text: string): string[] | 'not-strings' | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  return value.every((item): item is string => typeof item === 'string') ? value : 'not-strings';
}
