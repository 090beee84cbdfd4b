// What is written where the user said.
import { HostError, messageOf } from '../../errors.ts';

/**
 * Has something written. A place that cannot be written to is the user's to change, and no bug.
 * @param what in the words of a message: `the plan`.
 * @throws HostError that says what could not be written and why, with the hint.
 */
export async function writing(what: string, hint: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new HostError(`cannot write ${what}: ${messageOf(cause)}`, { cause, hint });
  }
}
