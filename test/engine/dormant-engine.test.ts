import { expect, test } from 'vitest';
import { dormantEngine } from '../../src/engine/dormant-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';

/** An engine that tells what it was asked. */
function asked(images = false) {
  const calls: string[] = [];
  let wakes = 0;
  const real = new Proxy({} as Engine, {
    get: (_, name) => {
      if (name === 'then') return undefined;
      if (name === 'logs')
        return async function* (id: string) {
          yield `log of ${id}`;
        };
      return async (...args: unknown[]) => {
        calls.push(`${String(name)} ${args.join(' ')}`.trim());
        return name === 'listContainers' ? ['one'] : undefined;
      };
    },
  });
  const wake = async (): Promise<Engine> => {
    wakes += 1;
    return real;
  };
  const engine = dormantEngine({ endpoint: 'unix:///x.sock', images, wake });
  return { engine, calls, wakes: () => wakes };
}

test('looking finds nothing, and starts nothing', async () => {
  const { engine: made, wakes } = asked();
  const engine = await Promise.resolve(made);
  expect([engine.kind, engine.endpoint]).toEqual(['native', 'unix:///x.sock']);
  expect(await engine.observe('shop')).toEqual({ project: 'shop', containers: [], networks: [], volumes: [] });
  expect(await engine.listContainers('shop')).toEqual([]);
  expect(await engine.listProjectContainers(true)).toEqual([]);
  expect(await engine.findNetwork('shop_default')).toBeUndefined();
  expect(await engine.findImage('busybox')).toBeUndefined();
  await engine.close();
  expect(wakes()).toBe(0);
});

test('everything else starts it once; from then on it is asked for all', async () => {
  const { engine, calls, wakes } = asked();
  await Promise.all([engine.removeVolume('v'), engine.removeNetwork('n')]);
  expect(await engine.listContainers('shop')).toEqual(['one']);
  await engine.close();
  expect([calls, wakes()]).toEqual([['removeVolume v', 'removeNetwork n', 'listContainers shop', 'close'], 1]);
});

test('networks that are always there are not denied, nor images where there are some', async () => {
  const { engine, calls } = asked(true);
  await engine.findImage('busybox');
  await engine.findNetwork('host');
  expect(calls).toEqual(['findImage busybox', 'findNetwork host']);
});

test('streams start it too', async () => {
  const { engine } = asked();
  const lines: unknown[] = [];
  for await (const line of engine.logs('c', { follow: false, tail: 'all', timestamps: false })) lines.push(line);
  expect(lines).toEqual(['log of c']);
});

test('an engine that cannot be started is told to whoever needed it', async () => {
  const engine = dormantEngine({
    endpoint: 'unix:///x.sock',
    images: false,
    wake: () => Promise.reject(new Error('no runc here')),
  });
  await expect(engine.removeVolume('v')).rejects.toThrow('no runc here');
  await engine.close();
});
