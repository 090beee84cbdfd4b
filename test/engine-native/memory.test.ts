import { expect, test } from 'vitest';
import { MemoryKeeper } from '../../src/engine/native/memory.ts';
import { eventually } from '../support/eventually.ts';

test('garbage is collected once it has been quiet for a while', async () => {
  const memory = new MemoryKeeper();
  try {
    const garbage = (() => {
      const made = { filler: new Array(4 * 1024 ** 2).fill(0.5) };
      return new WeakRef(made);
    })();
    memory.stir();
    expect(garbage.deref()).toBeDefined();
    await eventually('the garbage is gone', () => garbage.deref() === undefined);
  } finally {
    memory.close();
  }
});
