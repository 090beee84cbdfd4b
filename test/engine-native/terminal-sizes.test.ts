import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TerminalSizes } from '../../src/engine/native/containers/terminal-sizes.ts';
import type { Files } from '../../src/engine/native/host.ts';

let told: string[];
let sizes: TerminalSizes;
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  const open = async (path: string): Promise<unknown> => {
    if (path.startsWith('/gone/')) throw new Error('ENOENT');
    return { write: async (text: string) => told.push(`${path}: ${text.trim()}`), close: async () => undefined };
  };
  sizes = new TerminalSizes({ files: { open } as unknown as Files });
});
afterEach(() => {
  vi.useRealTimers();
});

test('the last of several sizes is told again, the others are not', async () => {
  await sizes.tell('/a', { height: 41, width: 91 });
  await sizes.tell('/a', { height: 40, width: 90 });
  await sizes.tell('/b', { height: 1, width: 2 });
  await vi.runAllTimersAsync();
  expect(told.filter((line) => line.startsWith('/a'))).toEqual([
    '/a/winsz: 41 91',
    ...Array(4).fill('/a/winsz: 40 90'),
  ]);
  expect(told.at(-1)).toBe('/b/winsz: 1 2');
});

test('of two sizes that come at once the second is the one that is told again', async () => {
  await Promise.all([sizes.tell('/a', { height: 41, width: 91 }), sizes.tell('/a', { height: 40, width: 90 })]);
  await vi.runAllTimersAsync();
  expect(told).toEqual(['/a/winsz: 41 91', ...Array(4).fill('/a/winsz: 40 90')]);
});

test('a monitor that is gone needs no size, and an engine that ends tells no more', async () => {
  await sizes.tell('/gone', { height: 1, width: 2 });
  await sizes.tell('/a', { height: 1, width: 2 });
  sizes.close();
  await vi.runAllTimersAsync();
  expect(told).toEqual(['/a/winsz: 1 2']);
});
