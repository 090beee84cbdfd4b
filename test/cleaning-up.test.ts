import { expect, test } from 'vitest';
import { cleaningUp } from '../src/cleaning-up.ts';

const fails = (message: string) => (): Promise<never> => Promise.reject(new Error(message));

test.each<[string, () => Promise<string>, () => Promise<unknown>, string]>([
  ['the work alone fails', fails('work'), async () => undefined, 'work'],
  ['the clean-up alone fails', async () => 'done', fails('clean-up'), 'clean-up'],
  ['both fail', fails('work'), fails('clean-up'), 'work'],
])('where %s, that is what is told', async (_, work, cleanUp, told) => {
  await expect(cleaningUp(work, cleanUp)).rejects.toThrow(told);
});

test('what the work comes to is there once all is cleared away', async () => {
  const order: string[] = [];
  const result = await cleaningUp(
    async () => order.push('work'),
    async () => order.push('clean-up'),
  );
  expect([result, order]).toEqual([1, ['work', 'clean-up']]);
});
