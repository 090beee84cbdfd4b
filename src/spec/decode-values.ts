// Decoders of the value types that Compose files have of their own: sizes, durations, commands, key-value lists, hosts.

import { formatDuration, parseGoDuration } from '../go-duration.ts';
import { parseSize } from '../units.ts';
import { type Decoder, define, explicitInteger, float32, text } from './decode.ts';
import { goText } from './go-text.ts';
import { splitCommand } from './shell-words.ts';
import { isMapping, isSequence, type Value } from './tree.ts';

/** A size in bytes, as digits. A float is ignored, as docker compose does. */
export const bytes: Decoder<string> = (value, context) => {
  if (typeof value === 'number' && Number.isInteger(value)) return value === 0 ? undefined : String(value);
  if (typeof value !== 'string') return undefined;
  const size = parseSize(value);
  if (size === undefined) return context.problem(`"${value}" is not a size`, 'write a number and a unit: 512m, 1.5g');
  return size === 0n ? undefined : String(size);
};

/** A duration in Go's notation; `0s` differs from nothing said. */
export const duration: Decoder<string> = (value, context) => {
  const written = goText(value);
  const nanoseconds = parseGoDuration(written);
  if (nanoseconds !== undefined) return formatDuration(nanoseconds);
  return context.problem(`"${written}" is not a duration`, 'write numbers with units: 30s, 1m30s, 1.5h');
};

/** As `duration`, but no time counts as nothing said. */
export const nonzeroDuration: Decoder<string> = (value, context) => {
  const written = duration(value, context);
  return written === '0s' ? undefined : written;
};

/** A command line: a text is split like a shell does. An empty one clears the image's. */
export const command: Decoder<string[]> = (value, context) => {
  if (typeof value === 'string') {
    const words = splitCommand(value);
    return 'problem' in words ? context.problem(words.problem, 'quote the whole text, or write a list') : words.words;
  }
  return isSequence(value) ? value.map(goText) : context.expected('a text or a list', value);
};

/** A health check's command: a text is for the shell. */
export const healthTest: Decoder<string[]> = (value, context) => {
  if (typeof value === 'string') return ['CMD-SHELL', value];
  if (!isSequence(value)) return context.expected('a text or a list', value);
  return value.length === 0 ? undefined : value.map(goText);
};

/** One text or a list of texts. */
export const textList: Decoder<string[]> = (value, context) => {
  if (typeof value === 'string') return [value];
  if (!isSequence(value) || !value.every((item) => typeof item === 'string'))
    return context.expected('a text or a list of texts', value);
  return value.length === 0 ? undefined : [...value];
};

/** A list of texts or numbers. */
export const textOrNumberList: Decoder<string[]> = (value, context) => {
  if (typeof value === 'string') return [value];
  if (!isSequence(value)) return context.expected('a list', value);
  return value.length === 0 ? undefined : value.map(goText);
};

type Pairs<T> = Record<string, T>;

function pairs<T>(entries: Iterable<readonly [string, T]>): Pairs<T> | undefined {
  const out: Pairs<T> = {};
  let any = false;
  for (const [key, value] of entries) {
    define(out, key, value);
    any = true;
  }
  return any ? out : undefined;
}

const cut = (item: Value): readonly [string, string | undefined] => {
  const written = goText(item);
  const equals = written.indexOf('=');
  return equals < 0 ? [written, undefined] : [written.slice(0, equals), written.slice(equals + 1)];
};

/** Key-value pairs where a key without a value is to be filled from elsewhere. */
export const nullablePairs: Decoder<Pairs<string | null>> = (value, context) => {
  if (isMapping(value))
    return pairs(Object.keys(value).map((key) => [key, value[key] === null ? null : goText(value[key])]));
  if (!isSequence(value)) return context.expected('a mapping or a list', value);
  const entries = value.map(cut);
  for (const [key] of entries)
    if (/\s$/.test(key)) return context.problem(`the name "${key}" ends with a space`, 'remove the space before "="');
  return pairs(entries.map(([key, entry]) => [key, entry ?? null]));
};

/** Key-value pairs where a key without a value has an empty one. */
export const textPairs: Decoder<Pairs<string>> = (value, context) => {
  if (isMapping(value))
    return pairs(Object.keys(value).map((key) => [key, value[key] === null ? '' : goText(value[key])]));
  if (!isSequence(value)) return context.expected('a mapping or a list', value);
  return pairs(value.map(cut).map(([key, entry]) => [key, entry ?? '']));
};

/** As `textPairs`, from a mapping only. */
export const options: Decoder<Pairs<string>> = (value, context) =>
  isMapping(value) ? textPairs(value, context) : context.expected('a mapping', value);

/** Options that may be given more than once. */
export const multiOptions: Decoder<Pairs<string[]>> = (value, context) => {
  if (!isMapping(value)) return context.expected('a mapping', value);
  return pairs(
    Object.keys(value).map((key) => {
      const entry = value[key] as Value;
      return [key, isSequence(entry) ? entry.map(goText) : [goText(entry)]];
    }),
  );
};

/** `host=address` for each address, sorted. */
export const hosts: Decoder<string[]> = (value, context) => {
  const byHost = new Map<string, string[]>();
  const add = (host: string, addresses: readonly string[]): void => {
    byHost.set(host, [...(byHost.get(host) ?? []), ...addresses]);
  };
  if (isMapping(value)) {
    for (const host of Object.keys(value)) {
      const entry = value[host] as Value;
      add(host, isSequence(entry) ? entry.map(goText) : [entry === null ? '' : goText(entry)]);
    }
  } else if (isSequence(value)) {
    for (const item of value) {
      const written = goText(item);
      const separator = written.includes('=') ? '=' : ':';
      const at = written.indexOf(separator);
      if (at < 0) return context.problem(`"${written}" has no address`, 'write host=address');
      add(written.slice(0, at), written.slice(at + 1).split(','));
    }
  } else return context.expected('a mapping or a list', value);
  const list: string[] = [];
  for (const [host, addresses] of byHost) {
    if (host === '' || /[:=]/.test(host)) return context.problem(`"${host}" is not a host name`);
    for (const address of addresses) list.push(`${host}=${address.replace(/^\[(.+)\]$/, '$1')}`);
  }
  return list.length === 0 ? undefined : list.sort();
};

/** A file mode as octal digits. */
export const fileMode: Decoder<string> = (value, context) => {
  if (typeof value === 'number' && Number.isInteger(value)) return `0${value.toString(8)}`;
  if (typeof value !== 'string') return context.expected('an octal number', value);
  return /^[+-]?[0-7]+$/.test(value)
    ? `0${Number.parseInt(value, 8).toString(8)}`
    : context.problem(`"${value}" is not an octal number`, 'write a mode such as "0440"');
};

/** Processors: a number, or a text that is one. */
export const processors: Decoder<number> = (value, context) => float32(value, context);

/** A number of devices; all of them is -1. */
export const deviceCount: Decoder<number> = (value, context) => {
  if (typeof value !== 'string') return explicitInteger(value, context) || undefined;
  if (value.toLowerCase() === 'all') return -1;
  return /^[-+]?\d+$/.test(value) ? Number(value) || undefined : context.problem(`"${value}" is not a number or "all"`);
};

/** `id` or `id=path` for each SSH key, sorted. */
export const sshKeys: Decoder<string[]> = (value, context) => {
  if (!isMapping(value)) return context.expected('a mapping', value);
  const keys = Object.keys(value).sort();
  const list = keys.map((id) => (value[id] === null || value[id] === '' ? id : `${id}=${goText(value[id])}`));
  return list.length === 0 ? undefined : list;
};

type Ulimit = number | { soft?: number; hard?: number };

/** One limit for both, or a soft and a hard one; 0 counts as not said. */
export const ulimit: Decoder<Ulimit> = (value, context) => {
  if (typeof value === 'number') return value === 0 ? {} : value;
  if (!isMapping(value)) return context.expected('a number or a mapping', value);
  const limit: Ulimit = {};
  for (const side of ['soft', 'hard'] as const) {
    const entry = value[side];
    if (entry === undefined) continue;
    if (typeof entry !== 'number') return context.expected(`a whole number for "${side}"`, entry);
    if (entry !== 0) limit[side] = entry;
  }
  return limit;
};

/** Text for attributes that are either a text or, after the long form, still something else. */
export const anyText: Decoder<string> = (value, context) =>
  typeof value === 'boolean' ? String(value) : text(value, context);
