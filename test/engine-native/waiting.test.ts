// Waiting for moments in the life of containers.
import { expect, test } from 'vitest';
import { type ContainerRecord, NOT_STARTED } from '../../src/engine/native/containers/types.ts';
import { tell, type Waiters, wait } from '../../src/engine/native/containers/waiting.ts';

const record: ContainerRecord = {
  ...{ id: 'a', name: 'a', created: '', imageId: '', layers: [], config: {}, hostConfig: {} },
  ...{ mounts: [], endpoints: {}, ports: [], state: NOT_STARTED },
};

test('who waits is told; who has left is forgotten, and told nothing', async () => {
  const waiters: Waiters = new Map();
  const leaving = new AbortController();
  const told: string[] = [];
  void wait(waiters, 'a', leaving.signal).then(() => told.push('the one who left'));
  void wait(waiters, 'b', leaving.signal).then(() => told.push('the other'));
  const stays = wait(waiters, 'a', new AbortController().signal);
  leaving.abort();
  void wait(waiters, 'a', leaving.signal).then(() => told.push('the one who came too late'));
  expect([...waiters].map(([id, set]) => [id, set.size])).toEqual([['a', 1]]);
  tell(waiters, record);
  expect(await stays).toBe(record);
  expect(told).toEqual([]);
  expect(waiters.size).toBe(0);
});
