import { expect, test } from 'vitest';
import { parseSize } from '../src/units.ts';

test.each<[string, number | undefined]>([
  ['512m', 536_870_912],
  ['1g', 1_073_741_824],
  ['2.5kb', 2560],
  ['1024', 1024],
  ['1KiB', 1024],
  ['0', 0],
  ['x', undefined],
  ['', undefined],
  ['-5', undefined],
  ['5 parsecs', undefined],
])('%s is %s bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes === undefined ? undefined : BigInt(bytes));
});
