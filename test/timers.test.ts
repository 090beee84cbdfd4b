import { expect, test } from 'vitest';
import { timerDelay } from '../src/timers.ts';

test('a timer beyond what Node.js counts to is not one that fires at once', () => {
  expect(timerDelay(30 * 86_400_000)).toBe(2 ** 31 - 1);
  expect(timerDelay(5)).toBe(5);
});
