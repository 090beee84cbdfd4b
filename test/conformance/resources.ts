// Networks and volumes.
import { describe, expect, it } from 'vitest';
import type { At } from './bench.ts';

export function resources(at: At): void {
  describe('networks', () => {
    it('are created once per name', async () => {
      const { name } = await at().network();
      await expect(at().engine.createNetwork({ name }, {})).rejects.toMatchObject({ kind: 'conflict' });
    });

    it('refuse a subnet that overlaps another, and say what to do', async () => {
      const ipam = { config: [{ subnet: '10.251.7.0/24' }] };
      await at().network({ ipam });
      await expect(at().network({ ipam })).rejects.toMatchObject({
        kind: 'conflict',
        hint: expect.stringMatching(/choose another subnet/),
      });
    });

    it('are joined and left while a container runs', async () => {
      const [first, second] = [await at().network(), await at().network()];
      const id = await at().run({}, { attachments: [at().attachment(first)] });
      await at().engine.connectNetwork(id, at().attachment(second, ['late']));
      expect(Object.keys((await at().engine.inspectContainer(id)).networks).sort()).toEqual(
        [first.name, second.name].sort(),
      );
      await at().engine.disconnectNetwork(id, second.name);
      await at().engine.disconnectNetwork(id, second.name);
      expect(Object.keys((await at().engine.inspectContainer(id)).networks)).toEqual([first.name]);
    });

    it('that are in use are not removed', async () => {
      const network = await at().network();
      await at().run({}, { attachments: [at().attachment(network)] });
      await expect(at().engine.removeNetwork(network.name)).rejects.toMatchObject({ kind: 'conflict' });
    });

    it('removed twice are gone', async () => {
      const { name } = await at().network();
      await at().engine.removeNetwork(name);
      await at().engine.removeNetwork(name);
      expect(await at().engine.findNetwork(name)).toBeUndefined();
    });
  });

  describe('volumes', () => {
    it('that are in use are not removed', async () => {
      const volume = await at().volume();
      await at().create({ volumes: [{ type: 'volume', source: 'v', target: '/v' }] }, { volumeNames: { v: volume } });
      await expect(at().engine.removeVolume(volume)).rejects.toMatchObject({ kind: 'conflict' });
    });

    it('removed twice are gone', async () => {
      const volume = await at().volume();
      await at().engine.removeVolume(volume);
      await at().engine.removeVolume(volume);
      expect(await at().engine.findVolume(volume)).toBeUndefined();
    });
  });
}
