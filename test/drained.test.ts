import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { drained, send } from '../src/drained.ts';

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

test('pieces are sent as they are taken; what has gone takes nothing, and that is no failure', async () => {
  const stream = new PassThrough({ highWaterMark: 4 });
  const read = stream.toArray();
  for (let round = 0; round < 20; round += 1) await send(stream, Buffer.from('piece'));
  stream.end();
  expect(Buffer.concat(await read).length).toBe(100);
  expect(stream.listenerCount('drain')).toBe(0);
  await send(stream.destroy(), Buffer.from('late'));
});
