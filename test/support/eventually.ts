// Waiting for a condition, with a deadline. Tests never sleep.
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks until the answer is neither undefined nor false, and returns it. A question that throws is asked again; after the deadline its
 * last error is the cause of the failure.
 */
export async function eventually<T>(
  what: string,
  question: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  let last: unknown;
  for (let pause = 10; ; pause = Math.min(pause * 1.5, 500)) {
    try {
      const answer = await question();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs / 1000} s: ${what}`, { cause: last });
    await delay(pause);
  }
}
