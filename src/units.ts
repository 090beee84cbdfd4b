// Durations in Go's notation as plain numbers, for arithmetic that needs no exactness. The exact reading is in go-duration.ts.
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
