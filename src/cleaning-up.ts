// Work that leaves something to be cleared away. A `finally` alone would let a failed clean-up hide why the work failed.
import { messageOf } from './errors.ts';
import { debug } from './log.ts';

/** Does the work, then the cleaning up, whatever came of the work. What goes wrong first is what is thrown. */
export async function cleaningUp<T>(work: () => Promise<T>, cleanUp: () => Promise<unknown>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await cleanUp().catch((second: unknown) => debug('clean-up', () => messageOf(second)));
    throw error;
  }
  await cleanUp();
  return result;
}
