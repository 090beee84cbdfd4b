// The `${…}` grammar of Compose files and env files: substitution only. Which values are substituted, and what a result is
// cast to, is decided elsewhere. Behaves as docker compose 2.40.3 (compose-go 2.9.1), oddities included (compose-reference §2.2):
//   - the operand of an operator is evaluated even when it is not used, so `${A:-${B:?}}` fails without B;
//   - `$` before anything that is neither a name, `$` nor `{` stays as it is;
//   - an operand ends at the brace that matches, but the character after a `{` is never counted as a brace.

export type TemplateErrorKind = 'invalid' | 'required';

/** A text that cannot be substituted. `offset` is where the failing expression begins in the text that was given. */
export class TemplateError extends Error {
  readonly kind: TemplateErrorKind;
  readonly offset: number;
  /** The variable that has no value, for `required`. */
  readonly variable: string | undefined;
  /** What to write instead. */
  readonly hint: string | undefined;

  constructor(
    kind: TemplateErrorKind,
    message: string,
    offset: number,
    details: { readonly variable?: string; readonly hint?: string } = {},
  ) {
    super(message);
    this.name = 'TemplateError';
    this.kind = kind;
    this.offset = offset;
    this.variable = details.variable;
    this.hint = details.hint;
  }
}

/** The value of a variable; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

export type Operator = ':?' | '?' | ':-' | '-' | ':+' | '+';

/** One piece of a text, found by `nextToken`. */
export type TemplateToken = {
  /** Offset of the `$`. */
  readonly start: number;
  /** Offset behind the piece. */
  readonly end: number;
} & (
  | { readonly kind: 'escaped' | 'invalid' }
  | { readonly kind: 'variable'; readonly name: string }
  | {
      readonly kind: 'operation';
      readonly name: string;
      readonly operator: Operator;
      /** Where the operand begins and ends in the text. */
      readonly from: number;
      readonly to: number;
    }
);

/** Deeper nesting of operands than any person writes; guards the stack against made-up input. */
const MAX_DEPTH = 200;
/** Variables that name one another double with each line of an env file; the kernel takes 128 KiB for one variable. */
const MAX_LENGTH = 4 * 1024 * 1024;

// Case-insensitive with Unicode folding, which lets ſ (U+017F) and K (U+212A) stand for s and k, as Go's `(?i)` does.
const NAME = /[_a-z][_a-z0-9]*/iuy;
const OPERATOR = /:?[-+?]/y;

/**
 * Replaces every expression in a text by its value.
 * `onUnset` is told each variable that has neither value nor operator; it becomes the empty string.
 * Throws a TemplateError for the first expression that is malformed or lacks a required value.
 */
export function substitute(text: string, lookup: Lookup, onUnset?: (name: string, offset: number) => void): string {
  if (!text.includes('$')) return text;
  return substituteRange(text, 0, text.length, { lookup, onUnset }, 0);
}

interface Context {
  readonly lookup: Lookup;
  readonly onUnset: ((name: string, offset: number) => void) | undefined;
}

function substituteRange(text: string, from: number, to: number, context: Context, depth: number): string {
  let out = '';
  let position = from;
  for (let token = nextToken(text, from, to); token; token = nextToken(text, position, to)) {
    out += text.slice(position, token.start) + evaluate(text, token, to, context, depth);
    position = token.end;
    if (out.length > MAX_LENGTH)
      throw new TemplateError('invalid', `the value grows to more than ${MAX_LENGTH} characters`, token.start);
  }
  return out + text.slice(position, to);
}

function evaluate(text: string, token: TemplateToken, to: number, context: Context, depth: number): string {
  switch (token.kind) {
    case 'escaped':
      return '$';
    case 'invalid':
      throw invalid(text, token.start, to);
    case 'variable': {
      const value = context.lookup(token.name);
      if (value === undefined) context.onUnset?.(token.name, token.start);
      return value ?? '';
    }
    case 'operation': {
      if (depth >= MAX_DEPTH)
        throw new TemplateError('invalid', `expressions nested deeper than ${MAX_DEPTH}`, token.start);
      // The operand first: its errors and warnings come before this variable's own.
      const operand = substituteRange(text, token.from, token.to, context, depth + 1);
      return operate(token, operand, context.lookup(token.name));
    }
  }
}

function operate(
  token: Extract<TemplateToken, { kind: 'operation' }>,
  operand: string,
  value: string | undefined,
): string {
  const present = value !== undefined && (value !== '' || !token.operator.startsWith(':'));
  switch (token.operator) {
    case ':-':
    case '-':
      return present ? value : operand;
    case ':+':
    case '+':
      return present ? operand : (value ?? '');
    case ':?':
    case '?': {
      if (present) return value;
      const reason = operand === '' ? '' : `: ${operand}`;
      throw new TemplateError('required', `required variable ${token.name} is missing a value${reason}`, token.start, {
        variable: token.name,
        hint: `set ${token.name} in the environment or in .env`,
      });
    }
  }
}

function invalid(text: string, offset: number, to: number): TemplateError {
  const end = text.indexOf('\n', offset);
  const shown = text.slice(offset, Math.min(end < 0 ? to : end, to, offset + 40));
  const message = `invalid interpolation format: ${JSON.stringify(shown)}`;
  return new TemplateError('invalid', message, offset, { hint: hintFor(shown) });
}

function hintFor(expression: string): string {
  const literally = 'write "$$" for a dollar sign that starts no variable';
  const name = match(NAME, expression, 2, expression.length);
  if (name === undefined) return `a variable's name begins with a letter or "_"; ${literally}`;
  if (!expression.includes('}')) return `close it with "}"; ${literally}`;
  return `write \${${name}:-default} for a default, \${${name}:?message} to require a value; ${literally}`;
}

/** The next expression of `text` that begins in [from, to); undefined when only literal text is left. */
export function nextToken(text: string, from: number, to: number): TemplateToken | undefined {
  for (let start = text.indexOf('$', from); start >= 0 && start < to; start = text.indexOf('$', start + 1)) {
    const next = start + 1 < to ? text[start + 1] : undefined;
    if (next === '$') return { kind: 'escaped', start, end: start + 2 };
    if (next === '{') return bracedToken(text, start, to);
    const name = match(NAME, text, start + 1, to);
    if (name !== undefined) return { kind: 'variable', name, start, end: start + 1 + name.length };
  }
  return undefined;
}

function bracedToken(text: string, start: number, to: number): TemplateToken {
  const broken: TemplateToken = { kind: 'invalid', start, end: start + 2 };
  const name = match(NAME, text, start + 2, to);
  if (name === undefined) return broken;
  const afterName = start + 2 + name.length;
  if (afterName < to && text[afterName] === '}') return { kind: 'variable', name, start, end: afterName + 1 };
  const operator = match(OPERATOR, text, afterName, to) as Operator | undefined;
  if (operator === undefined) return broken;
  const operandStart = afterName + operator.length;
  const close = closingBrace(text, start, operandStart, to);
  if (close === undefined) return broken;
  return { kind: 'operation', name, operator, from: operandStart, to: close, start, end: close + 1 };
}

/** The brace that matches the one behind `start`; where braces do not balance, the last one of the line. */
function closingBrace(text: string, start: number, operandStart: number, to: number): number | undefined {
  let open = 0;
  let index = start + 1;
  for (; index < to && text[index] !== '\n'; index++) {
    const character = text[index];
    if (character === '{') {
      open++;
      // What follows a brace is skipped, a brace or a line break too; the latter ends the line all the same.
      if (text[index + 1] !== '\n') index++;
    } else if (character === '}' && --open === 0) return index;
  }
  const last = text.lastIndexOf('}', Math.min(index, to) - 1);
  return last >= operandStart ? last : undefined;
}

/** What a sticky expression matches at a place, cut at `to`. */
function match(expression: RegExp, text: string, at: number, to: number): string | undefined {
  if (at >= to) return undefined;
  expression.lastIndex = at;
  return expression.exec(text)?.[0].slice(0, to - at);
}
