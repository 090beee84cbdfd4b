// Sizes as people write them, and durations in Go's notation as plain numbers, for arithmetic that needs no exactness: the exact reading
// of durations is in go-duration.ts.
import { parseGoDuration } from './go-duration.ts';

/** Nanoseconds of a duration such as `1m30s` or `1.5h`; undefined when the text is not one. */
export function parseDuration(text: string): number | undefined {
  const nanoseconds = parseGoDuration(text);
  return nanoseconds === undefined ? undefined : Number(nanoseconds);
}

/** Milliseconds of a duration in canonical form; `fallback` where there is none. */
export function durationMs(text: string | undefined, fallback: number): number {
  const nanoseconds = text === undefined ? undefined : parseDuration(text);
  return nanoseconds === undefined ? fallback : nanoseconds / 1e6;
}

const SIZE_UNITS = 'bkmgtp';
const SIZE = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?) ?([bkmgtp])?(i?b)?$/i;
const MIN_INT64 = -(2n ** 63n);

/** Bytes of a text such as `64m`, `1.5GiB` or `100`; undefined when it is no size. Too large a size overflows as in Go. */
export function parseSize(text: string): bigint | undefined {
  const match = SIZE.exec(text);
  if (!match || text.startsWith(' ')) return undefined;
  const [, digits, unit = '', suffix = ''] = match;
  const exponent = SIZE_UNITS.indexOf(unit.toLowerCase() || 'b');
  if (suffix !== '' && (exponent === 0 || (unit === '' && suffix.length > 1))) return undefined;
  const size = Number(digits) * 1024 ** exponent;
  if (size < 0) return undefined;
  return size >= 2 ** 63 ? MIN_INT64 : BigInt(Math.trunc(size));
}
