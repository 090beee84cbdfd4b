// Times as people give them on the command line: a date, a Unix time, or how long ago; as the engine's API takes them.
import { parseDuration } from './units.ts';

/** A date, perhaps with a time, perhaps with a zone; it may end after the day, the hour or the minute. */
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * `seconds.nanoseconds` of an RFC 3339 date (in the local zone when it names none) or a duration before `now` (milliseconds); a Unix
 * time as it is. Undefined for anything else.
 */
export function unixTime(text: string, now: number = Date.now()): string | undefined {
  if (/^\d+(\.\d{1,9})?$/.test(text)) return text;
  const ago = parseDuration(text);
  if (ago !== undefined) return seconds(now - ago / 1e6);
  const zone = DATE.exec(text);
  if (zone === null) return undefined;
  const date = Date.parse(completed(text.replace(/\.\d+/, ''), zone[1] ?? ''));
  return Number.isNaN(date) ? undefined : seconds(date, /\.(\d{1,9})/.exec(text)?.[1]);
}

/** JavaScript takes a date alone for UTC, and wants minutes with every hour. */
function completed(text: string, zone: string): string {
  const [day = '', time = '00'] = text.slice(0, text.length - zone.length).split('T');
  return `${day}T${time.includes(':') ? time : `${time}:00`}${zone}`;
}

/** `fraction`: digits as they were given, since milliseconds would lose the engine's nanoseconds. */
function seconds(milliseconds: number, fraction?: string): string {
  const digits = fraction ?? String(Math.round((milliseconds % 1000) * 1000)).padStart(6, '0');
  return `${Math.floor(milliseconds / 1000)}.${digits.padEnd(9, '0')}`;
}
