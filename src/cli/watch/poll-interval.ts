// How often the files are looked at, where the system cannot tell of changes.
import { UsageError } from '../../errors.ts';

const POLL_MS = 1000;

/** Milliseconds between two looks, from the flag or WINDLASS_WATCH_POLL; undefined where the system tells of changes. */
export function pollInterval(
  { env }: { readonly env: Readonly<Record<string, string>> },
  flag: boolean,
): number | undefined {
  const given = env.WINDLASS_WATCH_POLL;
  if (given === undefined || given === '') return flag ? POLL_MS : undefined;
  const milliseconds = Number(given);
  if (Number.isInteger(milliseconds) && milliseconds > 0) return milliseconds;
  throw new UsageError(`WINDLASS_WATCH_POLL is "${given}", not a number of milliseconds`, { hint: 'such as 500' });
}
