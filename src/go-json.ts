// JSON as Go's encoding/json writes it: `<`, `>`, `&` and the two Unicode line separators escaped, floats in Go's notation.
// Hashes and `config --format json` depend on every byte of it.

import { TextPieces } from './text-pieces.ts';

/** A value ready to be written: maps have their keys in the order to write them. */
export type OrderedValue = null | boolean | string | number | bigint | Float | Unquoted | OrderedValue[] | OrderedMap;
export type OrderedMap = Map<string, OrderedValue>;

/** A number that is a float in docker compose's model, which matters to how it is written. */
export class Float {
  readonly value: number;
  readonly bits: 32 | 64;

  constructor(value: number, bits: 32 | 64) {
    this.value = bits === 32 ? Math.fround(value) : value;
    this.bits = bits;
  }
}

/** A text that YAML shows without quotes although it is no string there, such as a date. JSON quotes it. */
export class Unquoted {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Without any white space, as `json.Marshal`. */
export const goJson = (value: OrderedValue): string => written(value, undefined, '');

/** Indented by two spaces, as `json.MarshalIndent`; without a line break at the end. */
export const goJsonIndented = (value: OrderedValue): string => written(value, '  ', '\n');

function written(value: OrderedValue, indent: string | undefined, newline: string): string {
  const out = new TextPieces();
  write(out, value, indent, newline);
  return out.toString();
}

/** `newline` is the line break plus the indentation of the value's parent. */
function write(out: TextPieces, value: OrderedValue, indent: string | undefined, newline: string): void {
  if (!Array.isArray(value) && !(value instanceof Map)) {
    out.add(scalar(value));
    return;
  }
  const [open = '', close = ''] = Array.isArray(value) ? '[]' : '{}';
  const inner = indent === undefined ? '' : newline + indent;
  let before = open + inner;
  for (const entry of value instanceof Map ? value : value.entries()) {
    out.add(before);
    if (value instanceof Map) out.add(goJsonString(String(entry[0])) + (indent === undefined ? ':' : ': '));
    write(out, entry[1], indent, inner);
    before = `,${inner}`;
  }
  const isEmpty = Array.isArray(value) ? value.length === 0 : value.size === 0;
  out.add(isEmpty ? open + close : `${indent === undefined ? '' : newline}${close}`);
}

function scalar(value: Exclude<OrderedValue, OrderedValue[] | OrderedMap>): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return goJsonString(value);
  if (value instanceof Float) return goJsonFloat(value);
  if (value instanceof Unquoted) return goJsonString(value.text);
  if (typeof value === 'number' && !Number.isInteger(value)) return goJsonFloat(new Float(value, 64));
  return String(value);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are escaped
const ESCAPED = /[\u0000-\u001f"\\<>&\u2028\u2029]/g;
const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function goJsonString(text: string): string {
  const escaped = text.replace(
    ESCAPED,
    (character) => SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escaped}"`;
}

function goJsonFloat(float: Float): string {
  const { digits, exponent, negative } = shortest(float);
  const size = Math.abs(float.value);
  const scientific = size !== 0 && (size < 1e-6 || size >= 1e21);
  const text = scientific ? scientificText(digits, exponent, 1) : plainText(digits, exponent);
  return (negative ? '-' : '') + text;
}

/** As Go's `strconv.FormatFloat(value, 'g', -1, bits)`: `1.5`, `1e+06`, `+Inf`. */
export function goFloat(float: Float): string {
  if (Number.isNaN(float.value)) return 'NaN';
  if (!Number.isFinite(float.value)) return float.value > 0 ? '+Inf' : '-Inf';
  const { digits, exponent, negative } = shortest(float);
  const scientific = float.value !== 0 && (exponent < -4 || exponent >= 6);
  return (negative ? '-' : '') + (scientific ? scientificText(digits, exponent, 2) : plainText(digits, exponent));
}

/** The fewest digits that give the same float back: 0.d1d2d3… × 10^(exponent + 1). */
function shortest(float: Float): { digits: string; exponent: number; negative: boolean } {
  const negative = float.value < 0 || Object.is(float.value, -0);
  const size = Math.abs(float.value);
  if (size === 0) return { digits: '0', exponent: 0, negative };
  const [mantissa = '', exponent = '0'] = (float.bits === 64 ? size.toExponential() : shortest32(size)).split('e');
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent), negative };
}

function shortest32(size: number): string {
  for (let digits = 0; digits < 9; digits++) {
    const text = size.toExponential(digits);
    if (Math.fround(Number(text)) === size) return text;
  }
  return size.toExponential();
}

function scientificText(digits: string, exponent: number, width: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const sign = exponent < 0 ? '-' : '+';
  return `${digits.charAt(0)}${fraction}e${sign}${String(Math.abs(exponent)).padStart(width, '0')}`;
}

function plainText(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** Byte order of UTF-8, in which Go sorts strings. It differs from JavaScript's own order only beyond U+FFFF. */
export function byBytes(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const [p, q] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (p === q) continue;
    const [high, low] = [p >= 0xd800 && p <= 0xdfff, q >= 0xd800 && q <= 0xdfff];
    // Surrogates stand for characters behind all others.
    return high === low ? p - q : high ? 1 : -1;
  }
  return a.length - b.length;
}
