// How Go's templates see our values: what counts as empty, how a value prints, how it becomes JSON.
// An object with a string under TYPE_NAME is a Go struct; a Map is a Go map; an array is a slice.

/** Key under which a struct carries the name that Go's error messages give its type. */
export const TYPE_NAME: unique symbol = Symbol('type name');

/** A Go struct with methods: properties are fields, functions are methods that take arguments (`.Label "x"`). */
export interface Struct {
  readonly [TYPE_NAME]?: string;
  readonly [name: string]: unknown;
}

export type TemplateFunction = (...args: readonly unknown[]) => unknown;

export const isStruct = (value: unknown): value is Struct =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);

/** Go's truth: false, 0, nil and anything of length zero are false. Structs are always true. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  return Boolean(value);
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const sortedEntries = (map: ReadonlyMap<unknown, unknown>): readonly (readonly [unknown, unknown])[] =>
  [...map].sort(([a], [b]) => (typeof a === 'number' && typeof b === 'number' ? a - b : byText(String(a), String(b))));

const fieldValues = (struct: Struct): unknown[] => Object.values(struct).filter((value) => typeof value !== 'function');

/** As fmt.Sprint prints it. A missing value is `<no value>`. */
export function toText(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(toText).join(' ')}]`;
  if (value instanceof Map)
    return `map[${sortedEntries(value)
      .map(([key, item]) => `${toText(key)}:${toText(item)}`)
      .join(' ')}]`;
  if (isStruct(value)) return `{${fieldValues(value).map(toText).join(' ')}}`;
  return String(value);
}
