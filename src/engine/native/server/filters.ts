// The `filters` parameter of lists: `{"label":["a=b"]}`, or in older clients `{"label":{"a=b":true}}`. Pure.
import { parseGoDuration } from '../../../go-duration.ts';
import { parseTime } from '../containers/log-file.ts';
import { badRequest } from './api-error.ts';

export class Filters {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  has(key: string): boolean {
    return this.get(key).length > 0;
  }

  get(key: string): readonly string[] {
    return this.#values.get(key) ?? [];
  }

  keys(): string[] {
    return [...this.#values.keys()];
  }

  /** True when there is no such filter, or one of its values fits. */
  any(key: string, fits: (value: string) => boolean): boolean {
    const values = this.get(key);
    return values.length === 0 || values.some(fits);
  }

  /** True when every `key` or `key=value` is among the labels. */
  labels(key: string, labels: Readonly<Record<string, string>>): boolean {
    return this.get(key).every((text) => hasLabel(labels, text));
  }

  /** True when none of the `label!` filters fits. */
  withoutLabels(labels: Readonly<Record<string, string>>): boolean {
    return !this.get('label!').some((text) => hasLabel(labels, text));
  }

  /** The `until` filter, or one that means the same, as milliseconds since 1970: a time, or a duration such as `1h30m` before now. */
  until(now: number, key = 'until'): number | undefined {
    const [text, ...more] = this.get(key);
    if (text === undefined) return undefined;
    if (more.length > 0) throw badRequest(`more than one ${key} filter specified`);
    const duration = parseGoDuration(text);
    if (duration !== undefined) return now - Number(duration / 1_000_000n);
    const time = parseTime(text);
    if (time === undefined) throw badRequest(`invalid filter '${key}=${text}'`);
    return Number(time / 1_000_000n);
  }

  /** Refuses values that are none of these. */
  oneOf(key: string, values: readonly string[]): void {
    const unknown = this.get(key).find((value) => !values.includes(value));
    if (unknown !== undefined) throw badRequest(`invalid filter '${key}=${unknown}'`);
  }

  flag(key: string): boolean | undefined {
    const value = this.get(key)[0];
    if (value === undefined) return undefined;
    if (value === 'true' || value === '1') return true;
    if (value === 'false' || value === '0') return false;
    throw badRequest(`invalid filter '${key}=[${value}]'`);
  }
}

function hasLabel(labels: Readonly<Record<string, string>>, text: string): boolean {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  return Object.hasOwn(labels, name) && (equals < 0 || labels[name] === text.slice(equals + 1));
}

/** Reads the parameter; refuses filters that are not in `known`, as Docker does. */
export function parseFilters(text: string | null, known?: readonly string[]): Filters {
  if (text === null || text === '') return new Filters(new Map());
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw badRequest('invalid filter');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw badRequest('invalid filter');
  const values = new Map<string, string[]>();
  for (const [key, value] of Object.entries(parsed)) {
    if (known && !known.includes(key)) throw badRequest(`invalid filter '${key}'`);
    if (Array.isArray(value)) values.set(key, value.map(String));
    else if (typeof value === 'object' && value !== null)
      values.set(
        key,
        Object.entries(value)
          .filter(([, on]) => on === true)
          .map(([name]) => name),
      );
    else throw badRequest('invalid filter');
  }
  return new Filters(values);
}
