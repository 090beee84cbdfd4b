// Plain YAML scalars → values, by the rules of go-yaml v3, which docker compose reads files with: YAML 1.2 with the integers of
// YAML 1.1 (`017`, `0b101`, `1_000`), without its booleans (`yes`, `on`) and without base 60.

/** A float without a fraction, or one that is not finite: JavaScript's numbers cannot tell `1.0` from `1`. */
export class GoFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  toJSON(): number {
    return this.value;
  }
}

/** A date or time written without quotes. */
export class Timestamp {
  /** RFC 3339, as Go prints a time. */
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toJSON(): string {
    return this.text;
  }
}

export type PlainScalar = string | number | bigint | boolean | null | GoFloat | Timestamp;

const WORDS = new Map<string, PlainScalar>([
  ['', null],
  ...['~', 'null', 'Null', 'NULL'].map((word): [string, null] => [word, null]),
  ...['true', 'True', 'TRUE'].map((word): [string, boolean] => [word, true]),
  ...['false', 'False', 'FALSE'].map((word): [string, boolean] => [word, false]),
  ...['.nan', '.NaN', '.NAN'].map((word): [string, GoFloat] => [word, new GoFloat(Number.NaN)]),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word): [string, GoFloat] => [
    word,
    new GoFloat(Number.POSITIVE_INFINITY),
  ]),
  ...['-.inf', '-.Inf', '-.INF'].map((word): [string, GoFloat] => [word, new GoFloat(Number.NEGATIVE_INFINITY)]),
]);

// Characters with which anything but a string may start: digits, sign, point, and the first letters of the words above.
const SPECIAL_FIRST = new Set('0123456789+-.~nNtTfF');
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
// What starts with a point goes to Go's ParseFloat as it is, which takes underscores between digits.
const POINT_FLOAT = /^\.\d+(?:_\d+)*(?:[eE][-+]?\d+(?:_\d+)*)?$/;
const INTEGER = /^([-+]?)(?:0[xX]([\da-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/;
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** The value of a plain scalar. */
export function resolvePlain(text: string): PlainScalar {
  const first = text.charAt(0);
  if (first !== '' && !SPECIAL_FIRST.has(first)) return text;
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  const code = text.charCodeAt(0);
  if (code > 0x39) return text;
  if (first === '.') return POINT_FLOAT.test(text) ? (float(Number(text.replaceAll('_', ''))) ?? text) : text;
  return parseTimestamp(text) ?? parseNumber(text.includes('_') ? text.replaceAll('_', '') : text) ?? text;
}

function parseNumber(text: string): number | bigint | GoFloat | undefined {
  return parseInteger(text) ?? (FLOAT.test(text) ? float(Number(text)) : undefined);
}

/** Go's ParseInt with base 0, then ParseUint: as an exact number. */
function parseInteger(text: string): number | bigint | undefined {
  const match = INTEGER.exec(text);
  if (!match) return undefined;
  const [, sign, hex, binary, octal, decimal] = match;
  const digits = decimal ?? (hex === undefined ? (binary === undefined ? `0o${octal}` : `0b${binary}`) : `0x${hex}`);
  const plain = Number(digits);
  if (plain <= Number.MAX_SAFE_INTEGER) return sign === '-' && plain !== 0 ? -plain : plain;
  const magnitude = BigInt(digits);
  if (sign === '-') return magnitude <= MAX_INT64 + 1n ? -magnitude : undefined;
  return magnitude <= (sign === '+' ? MAX_INT64 : MAX_UINT64) ? magnitude : undefined;
}

/** A float as a value; undefined where it overflows. */
const float = (value: number): number | GoFloat | undefined => {
  if (!Number.isFinite(value)) return undefined;
  return Number.isInteger(value) ? new GoFloat(value) : value;
};

const TIMESTAMP =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:([Tt])| )(\d{1,2}):(\d{1,2}):(\d{1,2})([.,]\d+)?(Z|[-+]\d\d:\d\d)?)?$/;

function parseTimestamp(text: string): Timestamp | undefined {
  if (text.charCodeAt(4) !== 0x2d) return undefined;
  const match = TIMESTAMP.exec(text);
  if (!match) return undefined;
  const [, year, month, day, letter, hour, minute, second, fraction, zone] = match;
  // With a "T" the zone is required, with a space it is not allowed.
  if (hour !== undefined && (letter === undefined) !== (zone === undefined)) return undefined;
  const [mo, d, h, mi, s] = [month, day, hour, minute, second].map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const lastDay = new Date(Date.UTC(Number(year), mo, 0)).getUTCDate();
  if (mo < 1 || mo > 12 || d < 1 || d > lastDay || h > 23 || mi > 59 || s > 59) return undefined;
  const two = (value: number): string => String(value).padStart(2, '0');
  const digits = (fraction ?? '').slice(1, 10).replace(/0+$/, '');
  const offset = zone === undefined || zone === '+00:00' || zone === '-00:00' ? 'Z' : zone;
  return new Timestamp(
    `${year}-${two(mo)}-${two(d)}T${two(h)}:${two(mi)}:${two(s)}${digits === '' ? '' : `.${digits}`}${offset}`,
  );
}

/** The value of a scalar with an explicit tag; undefined where the text is not one of that type. */
export function resolveTagged(tag: string, text: string, plain: boolean): PlainScalar | undefined {
  const value = plain || tag !== '!!str' ? resolvePlain(text) : text;
  switch (tag) {
    case '!!str':
      return text;
    case '!!null':
      return value === null ? null : undefined;
    case '!!bool':
      return typeof value === 'boolean' ? value : undefined;
    case '!!int':
      return typeof value === 'bigint' || Number.isInteger(value) ? value : undefined;
    case '!!float':
      if (value instanceof GoFloat) return value;
      return typeof value === 'number' ? (float(value) ?? undefined) : undefined;
    case '!!timestamp':
      return value instanceof Timestamp ? value : undefined;
    case '!!binary':
      return decodeBase64(text);
    default:
      // A tag nobody knows leaves the text as it is.
      return text;
  }
}

/** As Go reads it: line ends do not count, padding does. The bytes are taken for UTF-8, which is what a text is. */
function decodeBase64(text: string): string | undefined {
  const digits = text.replace(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(digits)) return undefined;
  return Buffer.from(digits, 'base64').toString('utf8');
}
