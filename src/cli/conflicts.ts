// Flags that exclude each other, as tables: the first row whose flags are all given is told.
import { UsageError } from '../errors.ts';

export interface Conflict {
  /** Names of the flags that must not be given together. */
  readonly flags: readonly string[];
  /** docker compose's words, where scripts may look for them. */
  readonly message: string;
}

/** True for a flag that says something: a boolean that is on, a text, a list that is not empty. */
const isGiven = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false && value !== '';

/** Throws UsageError for the first conflict of the table. */
export function checkConflicts(flags: Readonly<Record<string, unknown>>, table: readonly Conflict[]): void {
  const broken = table.find((conflict) => conflict.flags.every((name) => isGiven(flags[name])));
  if (broken !== undefined) throw new UsageError(broken.message);
}

/** One row per pair of `flag` with each of `others`, all with one message. */
export const against = (flag: string, others: readonly string[], message: string): Conflict[] =>
  others.map((other) => ({ flags: [flag, other], message }));
