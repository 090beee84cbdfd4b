// Part of a project → the ordered tree that docker compose 2.40.3 would write for it, following the tables of compose-shapes.ts.
// Says nothing of how the tree becomes text.
import type { Kind, Shape } from './compose-shapes.ts';
import { byBytes, Float, type OrderedMap, type OrderedValue } from './go-json.ts';

/** JSON and YAML leave out different things, sort keys in different ways, and write a few values differently. */
export interface Notation {
  readonly name: 'json' | 'yaml';
  /** Order of a map's keys. */
  readonly order: (a: string, b: string) => number;
  /** An `x-…` value; undefined where they are left out. */
  readonly extension?: (value: unknown) => OrderedValue;
}

export const JSON_NOTATION: Notation = { name: 'json', order: byBytes };

type Fields = Readonly<Record<string, unknown>>;

/** The fields of `value` in the shape's order, without the absent ones. */
export function layOut(value: object, shape: Shape, notation: Notation): OrderedMap {
  const source = value as Fields;
  const out: OrderedMap = new Map();
  for (const [key, kind, jsonKey] of shape.fields) {
    const laid = layOutField(source[key] ?? undefined, kind, notation);
    if (laid !== undefined) out.set(notation.name === 'json' ? (jsonKey ?? key) : key, laid);
  }
  if (notation.extension && shape.extensible) {
    const keys = Object.keys(source).filter((key) => key.startsWith('x-'));
    for (const key of keys.sort(notation.order)) out.set(key, notation.extension(source[key]));
  }
  return out;
}

/** The value of a field, or undefined where it is left out. */
function layOutField(value: unknown, kind: Kind, notation: Notation): OrderedValue | undefined {
  if (typeof kind === 'string') return SIMPLE[kind](value, notation);
  if ('given' in kind) return value === undefined ? undefined : plain(value);
  if ('always' in kind) return value === undefined ? EMPTY[kind.always] : plain(value);
  if ('list' in kind) return layOutList(value, kind.list, notation);
  if ('map' in kind) return layOutMap(value, kind.map, notation);
  if ('optional' in kind) return isObject(value) ? layOut(value, kind.optional, notation) : undefined;
  const embedded = layOut(isObject(value) ? value : {}, kind.embedded, notation);
  return notation.name === 'yaml' && embedded.size === 0 ? undefined : embedded;
}

function layOutList(value: unknown, kind: Kind, notation: Notation): OrderedValue | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.map((item) => layOutItem(item, kind, notation));
}

function layOutMap(value: unknown, kind: Kind, notation: Notation): OrderedValue | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value).sort(([a], [b]) => notation.order(a, b));
  if (entries.length === 0) return undefined;
  return new Map(entries.map(([key, item]) => [key, layOutItem(item, kind, notation)]));
}

/** An element of a list or map is never left out: an empty one is written as such. */
function layOutItem(item: unknown, kind: Kind, notation: Notation): OrderedValue {
  if (item === null || item === undefined) return null;
  return layOutField(item, kind, notation) ?? (typeof kind === 'string' ? plain(item) : []);
}

type SimpleKind = Extract<Kind, string>;

const SIMPLE: Readonly<Record<SimpleKind, (value: unknown, notation: Notation) => OrderedValue | undefined>> = {
  text: (value) => (value === undefined || value === '' ? undefined : plain(value)),
  flag: (value) => (value === true ? true : undefined),
  int: (value) => (value === undefined || Number(value) === 0 ? undefined : plain(value)),
  float32: (value) => (value === undefined || Number(value) === 0 ? undefined : new Float(Number(value), 32)),
  bytes: (value) => (value === undefined || Number(value) === 0 ? undefined : String(value)),
  duration: (value) => (value === undefined || value === '' || value === '0s' ? undefined : plain(value)),
  command: (value, notation) => {
    if (Array.isArray(value)) return value.map(plain);
    return notation.name === 'json' ? null : undefined;
  },
  hosts: (value) => (Array.isArray(value) && value.length > 0 ? value.map(String).sort(byBytes) : undefined),
  envFile: (value, notation) => {
    if (!isObject(value)) return plain(value);
    const { path, required, format } = value as Fields;
    if (required !== false) return plain(path);
    const entry: OrderedMap = new Map([
      ['path', plain(path)],
      ['required', false],
    ]);
    if (notation.name === 'json' && typeof format === 'string' && format !== '') entry.set('format', format);
    return entry;
  },
  ulimit: (value, notation) => {
    if (!isObject(value)) return ulimitPair(Number(value), notation);
    const { soft, hard } = value as Fields;
    const pair: OrderedMap = new Map();
    // Only JSON leaves out a zero.
    if (notation.name === 'yaml' || Number(soft ?? 0) !== 0) pair.set('soft', Number(soft ?? 0));
    if (notation.name === 'yaml' || Number(hard ?? 0) !== 0) pair.set('hard', Number(hard ?? 0));
    return pair;
  },
  sshKey: (value, notation) => {
    const [id = '', path] = splitOnce(String(value), '=');
    if (path === undefined) return id;
    // docker compose's JSON breaks off here; the short syntax is what a Compose file may say.
    return notation.name === 'yaml' ? `${id}: ${path}` : `${id}=${path}`;
  },
};

/** A limit given as one number. Zero cannot be told from a pair of zeroes there. */
function ulimitPair(limit: number, notation: Notation): OrderedValue {
  if (limit !== 0) return limit;
  return notation.name === 'json'
    ? new Map()
    : new Map([
        ['soft', 0],
        ['hard', 0],
      ]);
}

const EMPTY = { text: '', flag: false, int: 0, bytes: '0' } as const;

/** A value that is written as it is. */
function plain(value: unknown): OrderedValue {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    default:
      return null;
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
