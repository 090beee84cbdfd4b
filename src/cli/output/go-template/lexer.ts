// Go templates, first stage: text → a list of literal texts and actions, an action being a list of tokens.
// White-space trimming (`{{-`, `-}}`) and comments are settled here. https://pkg.go.dev/text/template
import { TemplateError } from './template-error.ts';

export type TokenKind = 'field' | 'variable' | 'identifier' | 'string' | 'number' | 'dot' | 'punctuation' | 'space';

export interface Token {
  readonly kind: TokenKind;
  /** As written; strings already unquoted. */
  readonly text: string;
  /** Offset in the template. */
  readonly at: number;
}

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly source: string; readonly tokens: readonly Token[]; readonly line: number };

const TOKEN: readonly (readonly [TokenKind, RegExp])[] = [
  ['space', /\s+/y],
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+'/y],
  ['number', /[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y],
  ['variable', /\$[A-Za-z0-9_]*/y],
  ['field', /\.[A-Za-z_][A-Za-z0-9_]*/y],
  ['identifier', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['dot', /\./y],
  ['punctuation', /:=|[|(),=]/y],
];

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

function unquote(literal: string): string {
  if (literal.startsWith('`')) return literal.slice(1, -1);
  return literal
    .slice(1, -1)
    .replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/g, (_, x, u, long, other: string) => {
      const code: string | undefined = x ?? u ?? long;
      return code === undefined ? (ESCAPES[other] ?? other) : String.fromCodePoint(Number.parseInt(code, 16));
    });
}

/** Character constants are numbers in Go: `'a'` is 97. */
const charCode = (literal: string): string => String(unquote(literal).codePointAt(0) ?? 0);

function tokenise(source: string, start: number, line: number): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const found = TOKEN.map(([kind, pattern]) => {
      pattern.lastIndex = at;
      return { kind, text: pattern.exec(source)?.[0] };
    }).find((candidate) => candidate.text !== undefined);
    if (found?.text === undefined) throw new TemplateError(`:${line}: ${unreadable(source[at] ?? '')}`);
    const place = { at: start + at };
    at += found.text.length;
    if (found.kind !== 'string') tokens.push({ kind: found.kind, text: found.text, ...place });
    else if (found.text.startsWith("'")) tokens.push({ kind: 'number', text: charCode(found.text), ...place });
    else tokens.push({ kind: 'string', text: unquote(found.text), ...place });
  }
  return tokens;
}

/** Go's words for what begins no token. */
function unreadable(char: string): string {
  if (char === '"') return 'unterminated quoted string';
  if (char === '`') return 'unterminated raw quoted string';
  return char === "'" ? 'unterminated character constant' : `unexpected ${JSON.stringify(char)} in operand`;
}

/** Index just after the `}}` that ends an action, minding quotes. */
function endOfAction(template: string, from: number): number {
  const pattern = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+'|\}\}/g;
  pattern.lastIndex = from;
  for (let match = pattern.exec(template); match !== null; match = pattern.exec(template))
    if (match[0] === '}}') return match.index + 2;
  return -1;
}

/** Why an action has no end, when it is a quote that was not closed. */
function openQuote(rest: string): string | undefined {
  const char = /["`]/.exec(rest.replace(/"(?:[^"\\\n]|\\.)*"|`[^`]*`/g, ''))?.[0];
  return char === undefined ? undefined : unreadable(char);
}

/** Cuts a template into texts and actions. */
export function lex(template: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimNext = false;
  const pushText = (raw: string, trimEnd: boolean) => {
    let text = trimNext ? raw.replace(/^\s+/, '') : raw;
    if (trimEnd) text = text.replace(/\s+$/, '');
    if (text !== '') pieces.push({ kind: 'text', text });
  };
  for (;;) {
    const open = template.indexOf('{{', at);
    if (open < 0) {
      pushText(template.slice(at), false);
      return pieces;
    }
    const trimBefore = /^-\s/.test(template.slice(open + 2, open + 4));
    pushText(template.slice(at, open), trimBefore);
    const line = template.slice(0, open).split('\n').length;
    const start = open + (trimBefore ? 4 : 2);
    const comment = /^\s*\/\*[\s\S]*?\*\/\s*(-?)\}\}/.exec(template.slice(trimBefore ? start - 1 : start));
    if (comment !== null) {
      at = (trimBefore ? start - 1 : start) + comment[0].length;
      trimNext = comment[1] === '-';
      continue;
    }
    const end = endOfAction(template, start);
    if (end < 0) throw new TemplateError(`:${line}: ${openQuote(template.slice(start)) ?? 'unclosed action'}`);
    let source = template.slice(start, end - 2);
    trimNext = /\s-$/.test(source);
    if (trimNext) source = source.slice(0, -2);
    pieces.push({ kind: 'action', source: source.trim(), tokens: tokenise(source, start, line), line });
    at = end;
  }
}
