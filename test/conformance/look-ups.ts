// What is there: the engine itself, single things by name, a project as a whole.
import { describe, expect, it } from 'vitest';
import { LABEL } from '../../src/names.ts';
import { type At, IMAGE } from './bench.ts';

export function lookUps(at: At): void {
  describe('tells of itself', () => {
    it('its kind, versions and platform', async () => {
      const capabilities = await at().engine.capabilities();
      expect(capabilities.kind).toBe(at().engine.kind);
      expect(capabilities.apiVersion).toMatch(/^1\.\d+$/);
      expect(capabilities.engineVersion).toMatch(/^\d/);
      expect(capabilities.os).toBe('linux');
      expect(capabilities.architecture).toMatch(/^(amd64|arm64|386|arm|ppc64le|s390x|riscv64)$/);
    });

    it('its address without credentials', () => {
      expect(at().engine.endpoint).toMatch(/^(unix|tcp|ssh):\/\/[^@]*$/);
    });
  });

  describe('looks up', () => {
    it('nothing of a name that is not there', async () => {
      const nothing = at().name();
      expect(await at().engine.findContainer(nothing)).toBeUndefined();
      expect(await at().engine.findNetwork(nothing)).toBeUndefined();
      expect(await at().engine.findVolume(nothing)).toBeUndefined();
      expect(await at().engine.findImage(nothing)).toBeUndefined();
      await expect(at().engine.inspectContainer(nothing)).rejects.toMatchObject({ kind: 'not-found' });
    });

    it('containers by name and by id', async () => {
      const name = at().name();
      const id = await at().create({}, { name });
      expect((await at().engine.findContainer(name))?.id).toBe(id);
      expect((await at().engine.findContainer(id))?.name).toBe(name);
    });

    it('networks by exact name or id, not by the beginning of either', async () => {
      const network = await at().network();
      expect(await at().engine.findNetwork(network.name)).toMatchObject({ id: network.id, labels: at().labels });
      expect((await at().engine.findNetwork(network.id))?.name).toBe(network.name);
      expect(await at().engine.findNetwork(network.name.slice(0, -1))).toBeUndefined();
      expect(await at().engine.findNetwork(network.id.slice(0, 3))).toBeUndefined();
    });

    it('volumes with their labels and driver', async () => {
      const name = await at().volume();
      expect(await at().engine.findVolume(name)).toMatchObject({ name, driver: 'local', labels: at().labels });
    });

    it('images by tag and by id', async () => {
      const image = await at().engine.findImage(IMAGE);
      expect(image?.tags.some((tag) => tag.endsWith('busybox:latest'))).toBe(true);
      expect(image?.id).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(image?.platform).toMatch(/^linux\//);
      expect((await at().engine.findImage(image?.id ?? ''))?.id).toBe(image?.id);
    });
  });

  describe('observes a project', () => {
    it('that has nothing as empty', async () => {
      expect(await at().engine.observe(at().name('p'))).toMatchObject({ containers: [], networks: [], volumes: [] });
    });

    it("whole: running and stopped containers, networks and volumes, and no other project's", async () => {
      const own = at().another();
      try {
        const [network, volume] = [await own.network(), await own.volume()];
        const running = await own.run({}, { attachments: [own.attachment(network)] });
        const created = await own.create({}, { labels: { ...own.labels, [LABEL.service]: 'web' } });
        await at().create();
        const seen = await at().engine.observe(own.project);
        expect(new Set(seen.containers.map(({ id }) => id))).toEqual(new Set([running, created]));
        expect(seen.networks.map(({ name }) => name)).toEqual([network.name]);
        expect(seen.volumes.map(({ name }) => name)).toEqual([volume]);
        const container = seen.containers.find(({ id }) => id === running);
        expect(container?.state).toBe('running');
        expect(container?.networks[network.name]?.id).toBe(network.id);
        expect(container?.networks[network.name]?.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
        const image = await at().engine.findImage(IMAGE);
        expect(container).toMatchObject({ image: IMAGE, imageId: image?.id, exitCode: undefined, health: undefined });
        expect(seen.containers.find(({ id }) => id === created)).toMatchObject({
          state: 'created',
          labels: { [LABEL.service]: 'web' },
        });
      } finally {
        await own.clear();
      }
    });

    it('with exit codes, mounts and published ports', async () => {
      const volume = await at().volume();
      const failed = await at().run({ command: ['sh', '-c', 'exit 7'] });
      await at().engine.waitContainer(failed);
      const serving = await at().run(
        {
          ports: [{ target: 80, protocol: 'tcp', host_ip: '127.0.0.1' }],
          volumes: [{ type: 'volume', source: 'data', target: '/data', read_only: true }],
        },
        { volumeNames: { data: volume }, attachments: [at().attachment(await at().network())] },
      );
      const { containers } = await at().engine.observe(at().project);
      expect(containers.find(({ id }) => id === failed)).toMatchObject({ state: 'exited', exitCode: 7 });
      const seen = containers.find(({ id }) => id === serving);
      expect(seen?.mounts).toMatchObject([{ type: 'volume', name: volume, target: '/data', readWrite: false }]);
      const port = seen?.ports.find(({ hostPort }) => hostPort > 0);
      expect(port).toMatchObject({ hostIp: '127.0.0.1', containerPort: 80, protocol: 'tcp' });
      const publishing = await at().engine.listPublishedPorts();
      expect(publishing.map(({ id }) => id)).toContain(serving);
      expect(publishing.map(({ id }) => id)).not.toContain(failed);
    });

    it('among all projects, stopped ones when asked', async () => {
      const id = await at().create();
      expect((await at().engine.listProjectContainers(true)).map((one) => one.id)).toContain(id);
      expect((await at().engine.listProjectContainers(false)).map((one) => one.id)).not.toContain(id);
    });
  });
}
