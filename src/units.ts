// Durations in Go's notation and sizes in bytes, as the Compose Specification writes them.

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
  w: 604_800e9,
};

/** Nanoseconds of a duration such as `1m30s` or `1.5h`; undefined when the text is not one. */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h|d|w))+$/.exec(text);
  if (text === '0') return 0;
  if (!match) return undefined;
  let total = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h|d|w)/g))
    total += Number(digits) * (NANOSECONDS[unit ?? ''] ?? 0);
  return match[1] === '-' ? -total : total;
}

/** Milliseconds of a duration in canonical form; `fallback` where there is none. */
export function durationMs(text: string | undefined, fallback: number): number {
  const nanoseconds = text === undefined ? undefined : parseDuration(text);
  return nanoseconds === undefined ? fallback : nanoseconds / 1e6;
}
