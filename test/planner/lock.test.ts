// The lock of a project: one holder, woken waiters, gone with its holder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { type LockHolder, lockProject } from '../../src/planner/lock.ts';

const request = (project: string) => ({
  endpoint: 'unix:///test',
  project: `${project}-${process.pid}`,
  command: 'up -d',
});

test('the second one waits until the first is done', async () => {
  const order: string[] = [];
  const first = await lockProject(request('two'));
  const second = lockProject(request('two')).then((lock) => {
    order.push('second');
    lock.release();
  });
  await lockProject(request('two-others')).then((lock) => lock.release());
  order.push('first done');
  first.release();
  await second;
  expect(order).toEqual(['first done', 'second']);
});

test('other projects and other engines do not wait', async () => {
  const first = await lockProject(request('mine'));
  const others = [request('yours'), { ...request('mine'), endpoint: 'unix:///other' }];
  for (const other of others) (await lockProject(other)).release();
  first.release();
});

test('waiting ends with the signal', async () => {
  const first = await lockProject(request('signal'));
  const controller = new AbortController();
  const waiting = lockProject({ ...request('signal'), signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toThrow('interrupted');
  first.release();
});

test('who waits hears who holds it, and gets it when the holder is killed', async () => {
  const wanted = request('killed');
  const script = `
    import { lockProject } from ${JSON.stringify(new URL('../../src/planner/lock.ts', import.meta.url).href)};
    await lockProject(${JSON.stringify({ ...wanted, command: 'down' })});
    console.log('held');
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const holders: LockHolder[] = [];
  const lock = await lockProject({
    ...wanted,
    onWait: (holder) => {
      holders.push(holder);
      child.kill('SIGKILL');
    },
  });
  lock.release();
  expect(holders).toEqual([{ pid: child.pid, command: 'down', since: expect.any(String) }]);
});

test('five at once come one after the other', async () => {
  let [inside, most] = [0, 0];
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      const lock = await lockProject(request('five'));
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      lock.release();
    }),
  );
  expect(most).toBe(1);
});
