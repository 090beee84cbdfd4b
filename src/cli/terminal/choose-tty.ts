// Whether `run` and `exec` give the process a terminal.
import { UsageError } from '../../errors.ts';
import type { Io } from '../io.ts';

export interface TtyFlags {
  /** -T; undefined when it was not given. */
  readonly noTty: boolean | undefined;
  /** -t; undefined when it was not given. */
  readonly tty: boolean | undefined;
  readonly interactive: boolean;
  readonly detach: boolean;
}

/**
 * A terminal where there is one at both ends, unless a flag decides. docker compose looks at standard output alone, and then
 * refuses `echo x | exec …` on a terminal; nobody relies on that. Throws UsageError when a terminal is asked for and input is none.
 */
export function chooseTty(flags: TtyFlags, io: Io): boolean {
  if (flags.tty === true && flags.noTty === true) throw new UsageError("--tty and --no-TTY can't be used together");
  const asked = flags.tty ?? (flags.noTty === undefined ? undefined : !flags.noTty);
  if (asked === undefined) return io.stdout.isTTY && (io.stdin.isTTY || !flags.interactive);
  if (asked && flags.interactive && !flags.detach && !io.stdin.isTTY)
    throw new UsageError('the input device is not a TTY', { hint: 'leave out -t, or give -T' });
  return asked;
}
