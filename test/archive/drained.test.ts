import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { drained } from '../../src/archive/drained.ts';

test('waits until there is room, or nobody to write to, and listens no longer', async () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  for (let round = 0; round < 20; round += 1) {
    expect(stream.write('much')).toBe(false);
    const waiting = drained(stream);
    stream.read();
    await waiting;
  }
  expect(stream.listenerCount('drain') + stream.listenerCount('close')).toBe(0);
  stream.write('more');
  const waiting = drained(stream);
  stream.destroy();
  await waiting;
  await drained(stream);
});
