// How go-yaml v3 writes a string: plain, quoted or as a literal block, and the text of each.
import { resolvePlain } from './scalar.ts';

export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal';

/** What YAML 1.1 would read as a boolean or as a number in base 60, and is quoted for its sake. */
const OLD_BOOLEANS = new Set('y Y yes Yes YES on On ON n N no No NO off Off OFF'.split(' '));
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
/** Nothing in such a text can need quotes, once it is known to be a string. */
const HARMLESS = /^[A-Za-z0-9/._(][A-Za-z0-9/._()+=@-]*$/;

/** The style of a text in block context; a key on one line can be no block. */
export function styleOf(text: string, isKey: boolean): ScalarStyle {
  const wanted = text.includes('\n') ? 'literal' : isPlainString(text) ? 'plain' : 'double';
  if (wanted === 'plain' && HARMLESS.test(text) && !text.startsWith('...')) return 'plain';
  if (wanted === 'double') return 'double';
  const allowed = analyse(text);
  if (wanted === 'literal') return allowed.block && !isKey ? 'literal' : 'double';
  if (allowed.plain) return 'plain';
  return allowed.single ? 'single' : 'double';
}

const isPlainString = (text: string): boolean =>
  typeof resolvePlain(text) === 'string' && !OLD_BOOLEANS.has(text) && !BASE_60.test(text);

interface Allowed {
  readonly plain: boolean;
  readonly single: boolean;
  readonly block: boolean;
}

/** What go-yaml counts as not printable, the tab aside. */
const SPECIAL = /[^\t\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;
const BREAK = /[\n\r\u0085\u2028\u2029]/;
const SPACE_BEFORE_BREAK = / [\n\r\u0085\u2028\u2029]/;
const SPACE_AFTER_BREAK = /[\n\r\u0085\u2028\u2029] /;
const BREAK_AT_EITHER_END = /^[\n\r\u0085\u2028\u2029]|[\n\r\u0085\u2028\u2029]$/;
/** Starts as something other than a plain text, or holds `: ` or ` #`. */
const INDICATOR = /^(?:---|\.\.\.|[#,[\]{}&*!|>'"%@`]|[?:-](?:[ \t]|$))|:(?:[ \t]|$)|[ \t\n\r\0\u0085\u2028\u2029]#/;

function analyse(text: string): Allowed {
  const special = SPECIAL.test(text);
  const spaceBeforeBreak = SPACE_BEFORE_BREAK.test(text);
  const breaks = BREAK.test(text);
  const ends = text.startsWith(' ') || text.endsWith(' ') || BREAK_AT_EITHER_END.test(text);
  const single = !SPACE_AFTER_BREAK.test(text) && !spaceBeforeBreak && !text.includes('\t') && !special;
  return {
    plain: single && !ends && !breaks && !INDICATOR.test(text),
    single,
    block: !text.endsWith(' ') && !spaceBeforeBreak && !special,
  };
}

/** The text of a scalar that is not plain. `endsLine`: the text ends with a line break already. */
export function emitScalarText(
  text: string,
  style: Exclude<ScalarStyle, 'plain'>,
  indent: number,
): { readonly text: string; readonly endsLine: boolean } {
  switch (style) {
    case 'double':
      return { text: doubleQuoted(text), endsLine: false };
    case 'single':
      return { text: `'${indentBreaks(text.replaceAll("'", "''"), indent)}'`, endsLine: false };
    case 'literal':
      return literal(text, indent);
  }
}

/** Behind a line separator that is not a line feed, what follows is indented. */
const indentBreaks = (text: string, indent: number): string =>
  text.replace(/[\u2028\u2029]+(?=[^\u2028\u2029])/g, (breaks) => breaks + ' '.repeat(indent));

function literal(text: string, indent: number): { text: string; endsLine: boolean } {
  const endsLine = BREAK.test(text.slice(-1));
  const hint = text.startsWith(' ') || BREAK.test(text.charAt(0)) ? '2' : '';
  const keep = endsLine && (text.length === 1 || BREAK.test(text.charAt(text.length - 2)));
  const chomp = endsLine ? (keep ? '+' : '') : '-';
  const padding = ' '.repeat(indent);
  const lines = text.replace(/[^\n\u2028\u2029]+/g, (line) => padding + line);
  return { text: `|${hint}${chomp}\n${lines}`, endsLine };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\u0085': 'N',
  '\u00a0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};
const TO_ESCAPE = /[^ !#-[\]-~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/gu;

function doubleQuoted(text: string): string {
  // A byte order mark at the start makes go-yaml escape every character.
  const escaped = text.startsWith('\uFEFF') ? /[\s\S]/gu : TO_ESCAPE;
  return `"${text.replace(escaped, escapeSequence)}"`;
}

function escapeSequence(character: string): string {
  const short = ESCAPES[character];
  if (short !== undefined) return `\\${short}`;
  const code = character.codePointAt(0) ?? 0;
  const [letter, width] = code <= 0xff ? ['x', 2] : code <= 0xffff ? ['u', 4] : ['U', 8];
  return `\\${letter}${code.toString(16).toUpperCase().padStart(Number(width), '0')}`;
}
