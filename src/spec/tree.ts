// The located tree: what every stage of the loader works on. Plain values, as YAML gives them, with a mark beside each entry
// that says where it was written. Trees are never changed once built: a stage returns a new tree that shares what it left alone.
import { GoFloat, Timestamp } from './yaml/scalar.ts';

/** A value that YAML can write. Integers outside ±2^53 are bigint; floats without a fraction are GoFloat. */
export type Scalar = string | number | bigint | boolean | null | GoFloat | Timestamp;
export type Value = Scalar | Mapping | Sequence;
export type Sequence = readonly Value[];

/** Index into the load's Places; 0 = unknown. */
export type Mark = number;

const MARKS = Symbol('marks');
const TAGS = Symbol('tags');

/** What `!reset` and `!override` asked for, by key of the mapping that holds them. */
export type MergeTag = 'reset' | 'override';

export interface Mapping {
  [key: string]: Value;
  [MARKS]?: Marks;
  [TAGS]?: Map<string, MergeTag>;
}
interface Marks {
  [key: string]: Mark;
}

// A constructor with a prototype without prototype: objects stay in V8's fast mode, and `__proto__` or `constructor` are
// keys like any other.
const Dictionary = function Dictionary() {} as unknown as { new (): object; prototype: object };
Dictionary.prototype = Object.create(null) as object;

export const newMapping = (): Mapping => new Dictionary() as Mapping;
const newMarks = (): Marks => new Dictionary() as Marks;

export const isMapping = (value: unknown): value is Mapping => value instanceof Dictionary;
export const isSequence = (value: unknown): value is Sequence => Array.isArray(value);

/** Sets an entry of a mapping under construction. */
export function put(mapping: Mapping, key: string, value: Value, mark: Mark): void {
  mapping[key] = value;
  if (mark !== 0) {
    mapping[MARKS] ??= newMarks();
    mapping[MARKS][key] = mark;
  }
}

/** Removes an entry of a mapping under construction. */
export function drop(mapping: Mapping, key: string): void {
  delete mapping[key];
  if (mapping[MARKS]) delete mapping[MARKS][key];
}

/** A mapping with the same entries, to be changed. */
export function copyMapping(mapping: Mapping): Mapping {
  const copy = Object.assign(newMapping(), mapping);
  const marks = mapping[MARKS];
  if (marks) copy[MARKS] = Object.assign(newMarks(), marks);
  return copy;
}

/** Where an entry of a mapping was written. */
export const markOf = (mapping: Mapping, key: string): Mark => mapping[MARKS]?.[key] ?? 0;

/** Where an item of a sequence was written. */
export const markOfItem = (sequence: Sequence, index: number): Mark =>
  (sequence as { [MARKS]?: readonly Mark[] })[MARKS]?.[index] ?? 0;

/** A sequence with its marks; `marks` may be shorter than `items`. */
export function newSequence(items: Value[], marks: readonly Mark[]): Sequence {
  (items as { [MARKS]?: readonly Mark[] })[MARKS] = marks;
  return items;
}

export const marksOfItems = (sequence: Sequence): readonly Mark[] =>
  (sequence as { [MARKS]?: readonly Mark[] })[MARKS] ?? [];

/** The merge tags on entries of a mapping, if any. */
export const tagsOf = (mapping: Mapping): ReadonlyMap<string, MergeTag> | undefined => mapping[TAGS];

export function putTag(mapping: Mapping, key: string, tag: MergeTag): void {
  mapping[TAGS] ??= new Map();
  mapping[TAGS].set(key, tag);
}

/** The name of a value's kind, as messages say it. */
export function kindOf(value: Value | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (isMapping(value)) return 'mapping';
  if (isSequence(value)) return 'list';
  if (value instanceof Timestamp) return 'date';
  if (value instanceof GoFloat || typeof value === 'bigint') return 'number';
  return typeof value;
}
