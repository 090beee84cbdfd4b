// What is written where the user said.
import { HostError, reasonOf } from '../../errors.ts';

/**
 * Has something written. A place that cannot be written to is the user's to change, and no bug.
 * @param what in the words of a message: `the plan`.
 * @throws HostError that says what could not be written, where and why, with the hint.
 */
export async function writing(what: string, hint: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    const { path, syscall } = cause as NodeJS.ErrnoException;
    // What was to be written may fail as well, and tells so itself.
    if (syscall === undefined) throw cause;
    const where = path === undefined ? '' : ` to "${path}"`;
    throw new HostError(`cannot write ${what}${where}: ${reasonOf(cause)}`, { cause, hint });
  }
}
