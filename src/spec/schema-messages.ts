// What is said of values that the schema does not allow: what was expected, what was found, and what to do.

import { nearest } from '../suggest.ts';
import { type Path, type Problems, pathText, subjectOf } from './problems.ts';
import { isMapping, isSequence, type Mapping, type Mark, type Value } from './tree.ts';
import { GoFloat, Timestamp } from './yaml/scalar.ts';

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  array: 'a list',
  null: 'empty',
};

/** The value is of another kind than any that is allowed there. */
export function wrongType(types: readonly string[], value: Value, path: Path, mark: Mark, problems: Problems): void {
  const expected = either([...new Set(types)].map((type) => TYPE_NAMES[type] ?? type));
  const whole = pathText(path) === '';
  if (value === null && whole) {
    const hint = EMPTY_HINTS[String(path[0])] ?? 'indent its content below it';
    problems.add('SPEC_TYPE', 'is empty', path, mark, { part: 'key', hint });
    return;
  }
  const subject = whole ? '' : `${quoted(path)} `;
  const message = `${subject}must be ${expected}, not ${found(value)}`;
  problems.add('SPEC_TYPE', message, path, mark, { hint: typeHint(types, value, path) });
}

const EMPTY_HINTS: Readonly<Record<string, string>> = {
  services: 'give it an "image" or a "build", indented below its name',
  secrets: 'give it a "file" or an "environment" variable to read it from, or set "external: true"',
  configs: 'give it a "file", an "environment" variable or "content", or set "external: true"',
};

const DURATIONS = new Set([
  'interval',
  'timeout',
  'start_period',
  'start_interval',
  'stop_grace_period',
  'delay',
  'window',
  'monitor',
]);

function typeHint(types: readonly string[], value: Value, path: Path): string | undefined {
  const takes = (type: string): boolean => types.includes(type);
  const key = String(path.findLast((part) => typeof part === 'string'));
  if (value === null) return `give "${key}" a value, or remove it`;
  if (typeof value === 'string' && key === 'services' && path.length === 1) return undefined;
  if (DURATIONS.has(key) && typeof value === 'number') return `write it with a unit: "${value}s"`;
  if (takes('string') && isScalar(value)) return `put it in quotes: "${scalarText(value)}"`;
  if (takes('array') && typeof value === 'string') return `write it as a list: ${key}: ["${value}"]`;
  if (takes('array') && isMapping(value)) return `begin each line below "${key}" with "- "`;
  if (takes('object') && isSequence(value)) return `write "name: …" below "${key}" instead of "- name"`;
  if (takes('object') && path.length === 2 && path[0] === 'services')
    return `write "image: ${String(value)}" below "${key}"`;
  if (isMapping(value) && typeof path.at(-1) === 'number') return nestedHint(value);
  if (takes('string') && isSequence(value)) return `write it on one line: ${key}: ${scalarOr(value[0])}`;
  if (takes('string') && isMapping(value)) return `give "${key}" a single value: nothing may be indented below it`;
  return undefined;
}

/** `- KEY: value` in a list of texts. */
function nestedHint(value: Mapping): string | undefined {
  const [key] = Object.keys(value);
  return key === undefined ? undefined : `write "- ${key}=${scalarOr(value[key])}", or "${key}: …" without the dash`;
}

const scalarOr = (value: Value | undefined): string =>
  value !== undefined && isScalar(value) ? scalarText(value) : '…';

/** A key that nothing is known about. */
export function unknownKey(
  key: string,
  mapping: Mapping,
  known: readonly string[],
  path: Path,
  mark: Mark,
  problems: Problems,
): void {
  if (known.length === 0) {
    const message = `"${key}" is not a name: only letters, digits, ".", "_" and "-" are allowed`;
    problems.add('SPEC_NAME', path.length > 0 ? `${quoted(path)}: ${message}` : message, path, mark, { part: 'key' });
    return;
  }
  const within = pathText(path) === '' ? '' : ` in ${quoted(path)}`;
  problems.add('SPEC_UNKNOWN_KEY', `unknown key "${key}"${within}`, path, mark, {
    part: 'key',
    hint: unknownKeyHint(key, mapping[key], known, path),
  });
}

const MANY_KEYS = 12;

function unknownKeyHint(key: string, value: Value | undefined, known: readonly string[], path: Path): string {
  const misplaced = isMapping(value) && path.length === 0 && (value.image !== undefined || value.build !== undefined);
  if (misplaced) return 'indent it below "services"';
  const near = nearest(key, known) ?? nearest(key.replaceAll('-', '_'), known);
  if (near !== undefined) return `did you mean "${near}"?`;
  if (known.length <= MANY_KEYS)
    return `the keys here are ${either(
      known.map((name) => `"${name}"`),
      'and',
    )}`;
  return 'remove it, or let its name begin with "x-" if another program reads it';
}

/** A key that JavaScript takes for something else; no one means it. */
export function reservedKey(key: string, path: Path, mark: Mark, problems: Problems): void {
  problems.add('SPEC_NAME', `"${key}" cannot be a key`, path, mark, { part: 'key', hint: 'choose another name' });
}

/** A key that has to be there. */
export function missingKey(key: string, path: Path, mark: Mark, problems: Problems): void {
  const message = pathText(path) === '' ? `"${key}" is missing` : `"${key}" is missing in ${quoted(path)}`;
  problems.add('SPEC_MISSING', message, path, mark, { part: 'key', hint: `add "${key}"` });
}

/** The same item twice in a list. */
export function repeatedItem(item: Value, path: Path, mark: Mark, problems: Problems): void {
  const what = isScalar(item) ? `"${scalarText(item)}"` : 'the same item';
  problems.add('SPEC_REPEATED', `${quoted(path)} lists ${what} twice`, path, mark, { hint: 'remove one of them' });
}

/** A word that is none of those allowed. */
export function notAmong(allowed: readonly string[], value: string, path: Path, mark: Mark, problems: Problems): void {
  const near = allowed.find((word) => word.split(/[_+]/).includes(value)) ?? nearest(value, allowed);
  const message = `${quoted(path)} must be ${either(allowed.map((word) => `"${word}"`))}, not "${value}"`;
  problems.add('SPEC_VALUE', message, path, mark, near === undefined ? {} : { hint: `did you mean "${near}"?` });
}

const PULL_POLICIES = ['always', 'never', 'missing', 'build', 'daily', 'weekly'];

/** A text that does not have the form it should. */
export function wrongPattern(value: string, path: Path, mark: Mark, problems: Problems): void {
  const forms: Readonly<Record<string, string>> = {
    container_name: 'needs two characters at least, of letters, digits, ".", "_" and "-"',
    pull_policy: `must be ${either([...PULL_POLICIES.map((word) => `"${word}"`), '"every_" with a time such as "every_12h"'])}`,
  };
  const near = path.at(-1) === 'pull_policy' ? nearest(value, PULL_POLICIES) : undefined;
  const message = `${quoted(path)} ${forms[String(path.at(-1))] ?? 'has the wrong form'}, not "${value}"`;
  problems.add('SPEC_VALUE', message, path, mark, near === undefined ? {} : { hint: `did you mean "${near}"?` });
}

/** A number that is too small or too large. */
export function outOfRange(
  minimum: number | undefined,
  maximum: number | undefined,
  path: Path,
  mark: Mark,
  problems: Problems,
): void {
  const range = maximum === undefined ? `${minimum} or more` : `between ${minimum ?? 0} and ${maximum}`;
  problems.add('SPEC_VALUE', `${quoted(path)} must be ${range}`, path, mark);
}

/** The path below the resource; the whole path where that is empty and no resource is named before the message. */
function quoted(path: Path): string {
  const text = pathText(path);
  return `"${text === '' && subjectOf(path) === '' ? path.join('.') : text}"`;
}

function found(value: Value): string {
  if (value === null) return 'empty';
  if (isMapping(value)) return 'a mapping';
  if (isSequence(value)) return 'a list';
  if (value instanceof Timestamp) return 'a date';
  if (value instanceof GoFloat || typeof value === 'bigint') return 'a number';
  return typeof value === 'string' ? 'text' : typeof value === 'number' ? 'a number' : String(value);
}

const isScalar = (value: Value): boolean => !isMapping(value) && !isSequence(value);

function scalarText(value: Value): string {
  if (value instanceof GoFloat) return String(value.value);
  return value instanceof Timestamp ? value.text.replace('T00:00:00Z', '') : String(value);
}

const either = (words: readonly string[], conjunction = 'or'): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`;
