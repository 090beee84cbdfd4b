// A container whose monitor cannot tell of its end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { EndWatch } from '../../src/engine/native/containers/end-watch.ts';
import { processStart } from '../../src/engine/native/containers/process.ts';
import { type ContainerRecord, NEVER, NOT_STARTED } from '../../src/engine/native/containers/types.ts';
import { realNativeHost } from '../../src/engine/native/host.ts';

test('is found ended at the second look, once, and not while it runs or another run of it does', async () => {
  const host = realNativeHost();
  const child = spawn('sleep', ['100'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const running = (id: string, pidStart: string): ContainerRecord => ({
    ...{ id, name: id, created: NEVER, imageId: '', layers: [], config: {}, hostConfig: {} },
    ...{ mounts: [], endpoints: {}, ports: [] },
    state: { ...NOT_STARTED, status: 'running', pid, pidStart },
  });
  const start = (await processStart(host, pid)) ?? '';
  const records = [running('lives', start), running('lost', '1')];
  const told: string[] = [];
  let looks = 0;
  const watch = new EndWatch({
    host,
    lookMs: 1,
    containers: () => {
      looks += 1;
      // Whenever it is looked at, this one has been started again.
      return [...records, running('restarts', String(looks))];
    },
    onLost: ({ id }) => {
      told.push(id);
      records.splice(
        records.findIndex((record) => record.id === id),
        1,
      );
    },
  });
  try {
    watch.start();
    await expect.poll(() => told).toEqual(['lost']);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(() => told).toEqual(['lost', 'lives']);
  } finally {
    watch.close();
    child.kill('SIGKILL');
    host.kernel.close();
  }
});
