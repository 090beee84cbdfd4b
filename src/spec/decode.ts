// From trees to typed values: the building blocks of decode-model.ts. A decoder gives undefined for what its type counts as
// nothing said (an empty text, zero, false), because docker compose leaves such values out.
import { toBoolean, toFloat, toInteger } from './casts.ts';
import { roundToFloat32 } from './go-text.ts';
import { type Problems, pathText } from './problems.ts';
import { isMapping, isSequence, kindOf, type Mapping, type Mark, markOf, markOfItem, type Value } from './tree.ts';
import { GoFloat } from './yaml/scalar.ts';

/** What a decoder needs to report a value that it cannot read. */
export class DecodeContext {
  readonly problems: Problems;
  readonly path: (string | number)[] = [];
  #mark: Mark = 0;

  constructor(problems: Problems) {
    this.problems = problems;
  }

  /** Decodes what is below a key or an item. */
  inside<T>(key: string | number, mark: Mark, decode: () => T): T {
    const outer = this.#mark;
    this.path.push(key);
    if (mark !== 0) this.#mark = mark;
    const result = decode();
    this.path.pop();
    this.#mark = outer;
    return result;
  }

  problem(message: string, hint?: string): undefined {
    this.problems.add('SPEC_VALUE', `"${pathText(this.path)}": ${message}`, this.path, this.#mark, { hint });
  }

  expected(what: string, value: Value): undefined {
    return this.problem(`expected ${what}, found a ${kindOf(value)}`);
  }
}

export type Decoder<T = unknown> = (value: Value, context: DecodeContext) => T | undefined;

/** Text; a whole number is taken as its digits. */
export const text: Decoder<string> = (value, context) => textOrEmpty(value, context) || undefined;

/** As `text`, but an empty text is something said. */
export const textOrEmpty: Decoder<string> = (value, context) => {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) return String(value);
  return context.expected('a text', value);
};

/** A switch that counts as off when nothing is said. */
export const flag: Decoder<true> = (value, context) => (explicitFlag(value, context) === true ? true : undefined);

/** A switch where false differs from nothing said. */
export const explicitFlag: Decoder<boolean> = (value, context) => {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return context.expected('true or false', value);
  const result = toBoolean(value);
  return 'expected' in result
    ? context.problem(`expected ${result.expected}, found "${value}"`)
    : (result.value as boolean);
};

/** A whole number that counts as nothing when it is 0. */
export const integer: Decoder<number> = (value, context) => explicitInteger(value, context) || undefined;

/** A whole number where 0 differs from nothing said. */
export const explicitInteger: Decoder<number> = (value, context) => {
  if (typeof value === 'number') return Math.trunc(value);
  if (value instanceof GoFloat) return value.value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'string') return context.expected('a whole number', value);
  const result = toInteger(value);
  return 'expected' in result ? context.problem(`expected ${result.expected}, found "${value}"`) : Number(result.value);
};

/** As `integer`, but not below 0, and never read from text. */
export const natural: Decoder<number> = (value, context) => explicitNatural(value, context) || undefined;

export const explicitNatural: Decoder<number> = (value, context) => {
  if (typeof value === 'string') return context.expected('a whole number', value);
  const number = explicitInteger(value, context);
  return number !== undefined && number < 0 ? context.problem(`${number} is below 0`) : number;
};

/** A 32-bit float that counts as nothing when it is 0. */
export const float32: Decoder<number> = (value, context) => {
  if (typeof value === 'number') return roundToFloat32(value) || undefined;
  if (value instanceof GoFloat) return roundToFloat32(value.value) || undefined;
  if (typeof value !== 'string') return context.expected('a number', value);
  const result = toFloat(value);
  if ('expected' in result) return context.problem(`expected ${result.expected}, found "${value}"`);
  return roundToFloat32(Number(result.value)) || undefined;
};

/** A list of what `item` reads. Empty lists count as nothing. */
export const listOf =
  <T>(item: Decoder<T>): Decoder<T[]> =>
  (value, context) => {
    if (!isSequence(value)) return context.expected('a list', value);
    const items: T[] = [];
    for (let index = 0; index < value.length; index++) {
      const entry = value[index] as Value;
      const decoded = context.inside(index, markOfItem(value, index), () =>
        entry === null ? undefined : item(entry, context),
      );
      if (decoded !== undefined) items.push(decoded);
    }
    return items.length === 0 ? undefined : items;
  };

/** A list of texts. */
export const texts = listOf(textOrEmpty);

/** A mapping of names to what `entry` reads. Empty mappings count as nothing; `absent` stands for entries without a value. */
export const mapOf =
  <T>(entry: Decoder<T>, absent: T | null = null): Decoder<Record<string, T | null>> =>
  (value, context) => {
    if (!isMapping(value)) return context.expected('a mapping', value);
    const map: Record<string, T | null> = {};
    let any = false;
    for (const key of Object.keys(value)) {
      const inner = value[key] as Value;
      any = true;
      const decoded = context.inside(key, markOf(value, key), () => (inner === null ? absent : entry(inner, context)));
      define(map, key, decoded === undefined ? absent : decoded);
    }
    return any ? map : undefined;
  };

/** Sets an own property, whatever the key is called. */
export function define(target: object, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  else (target as Record<string, unknown>)[key] = value;
}

/** An object with these attributes, in this order, and its extensions behind them. What else there is, is ignored. */
export const struct =
  <T extends object>(fields: Readonly<Record<string, Decoder>>): Decoder<T> =>
  (value, context) => {
    if (!isMapping(value)) return context.expected('a mapping', value);
    const out: Record<string, unknown> = {};
    for (const key in fields) {
      const inner = value[key];
      if (inner === undefined || inner === null) continue;
      const decode = fields[key] as Decoder;
      const decoded = context.inside(key, markOf(value, key), () => decode(inner, context));
      if (decoded !== undefined) out[key] = decoded;
    }
    copyExtensions(value, out);
    return out as T;
  };

export function copyExtensions(value: Mapping, out: Record<string, unknown>): void {
  for (const key in value) if (key.startsWith('x-') && value[key] !== undefined) out[key] = value[key];
}
