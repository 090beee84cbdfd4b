import { expect, it } from 'vitest';
import { unixTime } from '../src/times.ts';

const NOW = Date.parse('2024-05-01T12:00:00Z');
const local = (text: string): string => `${Date.parse(text) / 1000}.000000000`;

it.each([
  ['10m', '1714564200.000000000'],
  ['1.5s', '1714564798.500000000'],
  ['2024-05-01T10:00:00Z', '1714557600.000000000'],
  ['2024-05-01T10:00:00.123456789Z', '1714557600.123456789'],
  ['2024-05-01T10:00:00+02:00', '1714550400.000000000'],
  ['2024-05-01T10:00', local('2024-05-01T10:00:00')],
  ['2024-05-01T10', local('2024-05-01T10:00:00')],
  ['2024-05-01', local('2024-05-01T00:00:00')],
  ['1714557600', '1714557600'],
  ['1714557600.5', '1714557600.5'],
  ['yesterday', undefined],
])('%s is %s', (given, expected) => {
  // The engine reads a bare duration from now backwards.
  expect(unixTime(given, given === '10m' || given === '1.5s' ? NOW : 0)).toBe(expected);
});
