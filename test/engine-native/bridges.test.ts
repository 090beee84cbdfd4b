// What networks put on the host, where the host refuses it.
import { expect, test } from 'vitest';
import { type BridgeParts, Bridges } from '../../src/engine/native/networks/bridges.ts';
import { networkRecord } from '../../src/engine/native/networks/record.ts';
import type { RunOptions } from '../../src/host.ts';

const record = networkRecord(
  { Name: 'shop', Internal: true },
  { id: 'ab'.repeat(32), created: '', engineId: 'e', networks: [], networks6: [], routes: [], routes6: [] },
);

test('a network whose rules cannot be loaded is not up: the next container tries again', async () => {
  let broken = true;
  const loaded: string[] = [];
  const host = {
    files: { stat: () => Promise.resolve({}), writeFile: () => Promise.resolve() },
    run: (program: string, args: readonly string[], { input = '' }: RunOptions = {}) => {
      if (program !== 'nft' || args[0] !== '-f') return Promise.resolve({ exitCode: 1, stdout: '', stderr: '' });
      if (!broken) loaded.push(input);
      return Promise.resolve({ exitCode: broken ? 1 : 0, stdout: '', stderr: 'cannot allocate memory' });
    },
  };
  const bridges = new Bridges({
    ...{ host, batch: {}, dns: { listen: () => Promise.resolve(10053) }, dnsSockets: undefined, table: 'windlass' },
    ...{ networks: () => [record], published: () => [] },
  } as unknown as BridgeParts);
  await expect(bridges.bringUp(record)).rejects.toThrow('cannot allocate memory');
  expect(bridges.isUp(record.id)).toBe(false);
  broken = false;
  await bridges.bringUp(record);
  expect(bridges.isUp(record.id)).toBe(true);
  expect(loaded).toHaveLength(1);
  expect(loaded[0]).toContain('wl-abababababab');
});
