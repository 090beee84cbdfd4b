// The functions a template may call: text/template's own and those docker adds (json, split, join, pad, truncate …).
import { goJson, goQuote } from '../go-json.ts';
import { isStruct, isTrue, sortedEntries, type TemplateFunction, toText } from './values.ts';

/** A function was called with arguments it cannot take; the evaluator adds the place. */
export class CallError extends Error {}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map) return value.size;
  throw new CallError(`error calling len: len of type ${typeof value}`);
}

function indexOf(value: unknown, ...keys: readonly unknown[]): unknown {
  return keys.reduce((from: unknown, key) => {
    if (from instanceof Map) return from.get(key) ?? '';
    if (Array.isArray(from) || typeof from === 'string') {
      const at = Number(key);
      if (at < 0 || at >= from.length) throw new CallError(`error calling index: index out of range: ${at}`);
      return typeof from === 'string' ? from.charCodeAt(at) : from[at];
    }
    throw new CallError(`error calling index: can't index item of type ${typeof from}`);
  }, value);
}

function sliceOf(value: unknown, from: unknown = 0, to?: unknown): unknown {
  if (typeof value !== 'string' && !Array.isArray(value)) throw new CallError('error calling slice: wrong type');
  const [start, end] = [Number(from), to === undefined ? value.length : Number(to)];
  if (start > end || end > value.length) throw new CallError(`error calling slice: index out of range: ${end}`);
  return value.slice(start, end);
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  throw new CallError('incompatible types for comparison');
}

function equal(a: unknown, b: unknown): boolean {
  if (typeof a !== typeof b && a !== undefined && b !== undefined)
    throw new CallError('incompatible types for comparison');
  return a === b;
}

/** fmt.Sprint puts spaces between operands when neither is a string. */
function print(...args: readonly unknown[]): string {
  return args
    .map((arg, at) => {
      const spaced = at > 0 && typeof arg !== 'string' && typeof args[at - 1] !== 'string';
      return (spaced ? ' ' : '') + toText(arg);
    })
    .join('');
}

function pad(text: string, flags: string, width: number): string {
  if (text.length >= width) return text;
  if (flags.includes('-')) return text.padEnd(width);
  return flags.includes('0') ? text.padStart(width, '0') : text.padStart(width);
}

function verb(letter: string, precision: number | undefined, value: unknown): string {
  switch (letter) {
    case 'd':
      return String(Math.trunc(Number(value)));
    case 'f':
      return Number(value).toFixed(precision ?? 6);
    case 'q':
      return goQuote(toText(value));
    case 'x':
      return typeof value === 'number' ? value.toString(16) : Buffer.from(toText(value)).toString('hex');
    case 't':
    case 's':
    case 'v':
      return precision === undefined || letter !== 's' ? toText(value) : toText(value).slice(0, precision);
    case 'T':
      return typeof value === 'number' ? 'int' : typeof value;
    default:
      return `%!${letter}(${typeof value}=${toText(value)})`;
  }
}

function printf(format: unknown, ...args: readonly unknown[]): string {
  let next = 0;
  return toText(format).replace(
    /%([-+# 0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g,
    (_, flags: string, width: string, precision: string | undefined, letter: string) => {
      if (letter === '%') return '%';
      if (next >= args.length) return `%!${letter}(MISSING)`;
      const text = verb(letter, precision === undefined ? undefined : Number(precision), args[next++]);
      return pad(text, flags, Number(width || 0));
    },
  );
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };

function join(list: unknown, separator: unknown): string {
  if (list === undefined || list === null) return '';
  if (Array.isArray(list)) return list.map(toText).join(toText(separator));
  if (list instanceof Map)
    return sortedEntries(list)
      .map(([, item]) => toText(item))
      .sort()
      .join(toText(separator));
  throw new CallError(`error calling join: expected slice, got ${typeof list}`);
}

function truncate(text: unknown, length: unknown): string {
  return toText(text).slice(0, Number(length));
}

function call(target: unknown, ...args: readonly unknown[]): unknown {
  if (typeof target !== 'function') throw new CallError('error calling call: non-function');
  return Reflect.apply(target, undefined, args);
}

/** A struct with methods marshals as the map of its methods, by name. */
const toJson = (value: unknown): string =>
  isStruct(value) ? goJson(new Map(Object.entries(value))) : goJson(value, { escapeHtml: false });

export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['and', (...args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1)],
  ['or', (...args) => args.find(isTrue) ?? args.at(-1)],
  ['not', (value) => !isTrue(value)],
  ['len', lengthOf],
  ['index', indexOf],
  ['slice', sliceOf],
  ['print', print],
  ['println', (...args) => `${args.map(toText).join(' ')}\n`],
  ['printf', printf],
  ['html', (...args) => print(...args).replace(/[&<>"']/g, (char) => HTML[char] ?? char)],
  ['js', (...args) => goJson(print(...args)).slice(1, -1)],
  ['urlquery', (...args) => encodeURIComponent(print(...args)).replaceAll('%20', '+')],
  ['call', call],
  ['eq', (first, ...others) => others.some((other) => equal(first, other))],
  ['ne', (a, b) => !equal(a, b)],
  ['lt', (a, b) => compare(a, b) < 0],
  ['le', (a, b) => compare(a, b) <= 0],
  ['gt', (a, b) => compare(a, b) > 0],
  ['ge', (a, b) => compare(a, b) >= 0],
  ['json', toJson],
  ['split', (text, separator) => toText(text).split(toText(separator))],
  ['join', join],
  [
    'title',
    (text) => toText(text).replace(/(^|\s)(\S)/g, (_, space: string, char: string) => space + char.toUpperCase()),
  ],
  ['lower', (text) => toText(text).toLowerCase()],
  ['upper', (text) => toText(text).toUpperCase()],
  [
    'pad',
    (text, before, after) =>
      toText(text) === '' ? '' : ' '.repeat(Number(before)) + toText(text) + ' '.repeat(Number(after)),
  ],
  ['truncate', truncate],
]);

const keep: TemplateFunction = (value) => value;

/** For the header row of a table: functions that would change a column's title leave it alone. */
export const HEADER_FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map([
  ...FUNCTIONS,
  ...['json', 'split', 'join', 'title', 'lower', 'upper', 'truncate'].map((name) => [name, keep] as const),
]);
