// --since and --until: a date, a Unix time, or how long ago, as the engine's API takes them.
import { UsageError } from '../errors.ts';
import { parseDuration } from '../units.ts';

const DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?)?)?(Z|[+-]\d{2}:\d{2})?$/;

const seconds = (milliseconds: number): string => {
  const nanos = BigInt(Math.round(milliseconds * 1000)) * 1000n;
  return `${nanos / 1_000_000_000n}.${String(nanos % 1_000_000_000n).padStart(9, '0')}`;
};

/**
 * `sec.nnnnnnnnn` for a Unix time, an RFC 3339 date (in the local zone when it names none, and possibly cut short after
 * the day, hour or minute), or a duration before `now` (milliseconds). Throws UsageError otherwise.
 */
export function engineTimestamp(flag: string, text: string | undefined, now: number = Date.now()): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d{1,9})?$/.test(text)) return text;
  const ago = parseDuration(text);
  if (ago !== undefined) return seconds(now - ago / 1e6);
  const zone = DATE.exec(text);
  if (zone !== null) {
    const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
    const date = Date.parse(completeDate(text.replace(/\.\d+/, ''), zone[1]));
    if (!Number.isNaN(date)) return `${Math.floor(date / 1000)}.${fraction.slice(0, 9).padEnd(9, '0')}`;
  }
  throw new UsageError(`invalid value for "${flag}": "${text}" is neither a date nor a duration`, {
    hint: 'give a date such as 2013-01-02T13:23:37Z, a Unix time, or a duration such as 42m',
  });
}

/** JavaScript reads a date without a time as UTC, and no date cut after the hour. */
function completeDate(text: string, zone: string | undefined): string {
  const local = zone === undefined ? text : text.slice(0, -zone.length);
  const [day = '', clock = '00'] = local.split('T');
  const [hour = '00', minute = '00', second = '00'] = clock.split(':');
  return `${day}T${hour}:${minute}:${second}${zone ?? ''}`;
}
