// Files of containers, and what goes on in them.
import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../src/engine/engine.ts';
import { LABEL } from '../../src/names.ts';
import { eventually } from '../support/eventually.ts';
import type { At } from './bench.ts';

export function insides(at: At): void {
  describe('files', () => {
    it('go in and come out as archives', async () => {
      const [from, to] = [await at().run(), await at().create()];
      await at().exec(from, 'mkdir -p /box/deep && echo inside > /box/deep/file');
      await at().engine.putArchive(to, '/', await at().engine.getArchive(from, '/box'));
      const pieces = await (await at().engine.getArchive(to, '/box/deep/file')).toArray();
      expect(Buffer.concat(pieces).includes('inside\n')).toBe(true);
    });

    it('are told apart by what they are', async () => {
      const id = await at().run();
      await at().exec(id, 'mkdir /d; echo 12345 > /f; ln -s /f /l; mkfifo /p');
      expect(await at().engine.statPath(id, '/d')).toMatchObject({ name: 'd', kind: 'directory', linkTarget: '' });
      expect(await at().engine.statPath(id, '/f')).toMatchObject({ name: 'f', kind: 'file', size: 6 });
      expect(await at().engine.statPath(id, '/l')).toMatchObject({ kind: 'symlink', linkTarget: '/f' });
      expect(await at().engine.statPath(id, '/p')).toMatchObject({ kind: 'other' });
      expect(await at().engine.statPath(id, '/none')).toBeUndefined();
    });

    it('of a path that is not there are not found', async () => {
      const id = await at().create();
      await expect(at().engine.getArchive(id, '/none')).rejects.toMatchObject({ kind: 'not-found' });
      await expect(at().engine.putArchive(id, '/none', Buffer.alloc(1024))).rejects.toMatchObject({
        kind: 'not-found',
      });
    });

    it('all together are exported', async () => {
      const id = await at().create();
      let size = 0;
      for await (const chunk of await at().engine.exportContainer(id)) size += (chunk as Buffer).length;
      expect(size).toBeGreaterThan(100_000);
    });
  });

  describe('tells what goes on', () => {
    it('processes of a container', async () => {
      const table = await at().engine.top(await at().run());
      expect(table.titles).toContain('PID');
      expect(table.processes.length).toBeGreaterThan(0);
    });

    it('statistics, once and as a stream', async () => {
      const id = await at().run();
      const samples: unknown[] = [];
      for await (const sample of at().engine.stats(id, { stream: false })) samples.push(sample);
      expect(samples).toHaveLength(1);
      const controller = new AbortController();
      for await (const sample of at().engine.stats(id, { stream: true }, controller.signal)) {
        expect(sample).toHaveProperty('cpu_stats');
        controller.abort();
      }
    });

    it("events of the project's containers, as they happen", async () => {
      const controller = new AbortController();
      const seen: EngineEvent[] = [];
      const since = String(Math.floor(Date.now() / 1000) - 1);
      const own = at().another();
      const watching = (async () => {
        for await (const event of at().engine.events({ project: own.project, since }, controller.signal))
          seen.push(event);
      })();
      const id = await own.run();
      await eventually('the start is told', () => seen.some(({ action }) => action === 'start'));
      controller.abort();
      await watching;
      await own.clear();
      expect(seen.find(({ action }) => action === 'start')).toMatchObject({
        type: 'container',
        id,
        attributes: { [LABEL.project]: own.project },
      });
      expect(Number(seen[0]?.timeNano ?? 0n)).toBeGreaterThan(Number(since) * 1e9);
    });
  });
}
