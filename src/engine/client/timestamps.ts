// Times as people give them (`10m`, `2024-05-01`, Unix seconds) → what the engine takes: Unix seconds with a fraction.
import { parseDuration } from '../../units.ts';

/** A date, perhaps with a time, perhaps with a zone. */
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * A duration counts back from `now` (milliseconds); a date without zone is local time; anything else goes to the
 * engine as it is, which says what is wrong with it.
 */
export function engineTime(text: string, now: number = Date.now()): string {
  const duration = /^\d+$/.test(text) ? undefined : parseDuration(text);
  if (duration !== undefined) return seconds(now - duration / 1e6);
  const zone = DATE.exec(text);
  if (zone === null) return text;
  const parsed = Date.parse(completed(text, zone[1] ?? ''));
  return Number.isNaN(parsed) ? text : seconds(parsed, fraction(text));
}

/** JavaScript takes a date alone for UTC, and wants minutes with every hour. */
function completed(text: string, zone: string): string {
  const local = text.slice(0, text.length - zone.length);
  const [date = '', time = '00:00'] = local.split('T');
  return `${date}T${time.includes(':') ? time : `${time}:00`}${zone}`;
}

/** Digits of the second's fraction as given: milliseconds would lose the engine's nanoseconds. */
const fraction = (text: string): string | undefined => /\.(\d{1,9})/.exec(text)?.[1]?.padEnd(9, '0');

const seconds = (milliseconds: number, nanoseconds?: string): string =>
  `${Math.floor(milliseconds / 1000)}.${nanoseconds ?? `${String(Math.floor(milliseconds % 1000)).padStart(3, '0')}000000`}`;
