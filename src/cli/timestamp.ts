// --since and --until: a date, a Unix time, or how long ago.
import { UsageError } from '../errors.ts';
import { unixTime } from '../times.ts';

/** What the engine takes for the text of a flag. Throws UsageError where it is no time. */
export function engineTimestamp(flag: string, text: string | undefined, now?: number): string | undefined {
  if (text === undefined || text === '') return undefined;
  const time = unixTime(text, now);
  if (time !== undefined) return time;
  throw new UsageError(`invalid value for "${flag}": "${text}" is neither a date nor a duration`, {
    hint: 'give a date such as 2013-01-02T13:23:37Z, a Unix time, or a duration such as 42m',
  });
}
