// The `filters` parameter, read as Docker reads it.
import { expect, test } from 'vitest';
import { parseFilters } from '../../src/engine/native/server/filters.ts';

const filters = (value: object) => parseFilters(JSON.stringify(value));

test.each([
  ['1h30m', 1_000_000 - 90 * 60_000],
  ['10s', 1_000_000 - 10_000],
  ['1.5s', 1_000_000 - 1500],
  ['2d', 1_000_000 - 172_800_000],
  ['1700000000', 1_700_000_000_000],
  ['2026-01-02T03:04:05Z', Date.parse('2026-01-02T03:04:05Z')],
])('until %s', (text, milliseconds) => {
  expect(filters({ until: [text] }).until(1_000_000)).toBe(milliseconds);
  expect(filters({ 'unused-for': [text] }).until(1_000_000, 'unused-for')).toBe(milliseconds);
});

test('what is no time is refused, and so are two', () => {
  expect(() => filters({ until: ['soon'] }).until(0)).toThrow("invalid filter 'until=soon'");
  expect(() => filters({ until: ['1s', '2s'] }).until(0)).toThrow('more than one until filter');
  expect(filters({}).until(0)).toBeUndefined();
});

test('labels: those that a container has, not those of every object', () => {
  const labels = { a: '1', b: '' };
  expect(filters({ label: ['a', 'b=', 'a=1'] }).labels('label', labels)).toBe(true);
  for (const text of ['constructor', 'a=2', 'c', 'toString='])
    expect(filters({ label: [text] }).labels('label', labels)).toBe(false);
  expect(filters({ 'label!': ['constructor'] }).withoutLabels(labels)).toBe(true);
});
