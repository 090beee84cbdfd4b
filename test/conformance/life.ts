// Containers from start to removal.
import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/errors.ts';
import { eventually } from '../support/eventually.ts';
import type { At } from './bench.ts';

export function life(at: At): void {
  describe('leads a container through its life', () => {
    it('started twice, it runs once', async () => {
      const id = await at().run();
      await at().engine.startContainer(id);
      expect((await at().engine.inspectContainer(id)).state).toBe('running');
    });

    it('stopped, it may end by itself; stopped again, it stays stopped', async () => {
      const id = await at().run();
      await eventually('its trap is set', async () =>
        (await at().exec(id, 'grep SigCgt /proc/1/status')).stdout.includes('4'),
      );
      await at().engine.stopContainer(id, 20);
      await at().engine.stopContainer(id, 20);
      expect(await at().engine.inspectContainer(id)).toMatchObject({ state: 'exited', exitCode: 0 });
    });

    it('killed when it does not stop within its own grace period', async () => {
      const id = await at().run({
        command: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'],
        stop_grace_period: '1s',
      });
      await at().engine.stopContainer(id, undefined);
      expect((await at().engine.inspectContainer(id)).exitCode).toBe(137);
    });

    it('killed by a signal of its own; not when it does not run', async () => {
      const id = await at().run({
        command: ['sh', '-c', 'trap "exit 9" USR1; echo ready; while :; do sleep 0.1; done'],
      });
      await eventually('its trap is set', async () => (await at().logs(id)).stdout.includes('ready'));
      await at().engine.killContainer(id, 'SIGUSR1');
      expect(await at().engine.waitContainer(id)).toBe(9);
      await expect(at().engine.killContainer(id, 'SIGKILL')).rejects.toMatchObject({ kind: 'conflict' });
    });

    it('restarted, it started later', async () => {
      const id = await at().run();
      const before = (await at().engine.inspectContainer(id)).startedAt;
      await at().engine.restartContainer(id, 0);
      const after = await at().engine.inspectContainer(id);
      expect(after.state).toBe('running');
      expect(after.startedAt > before).toBe(true);
    });

    it('paused and let go again', async () => {
      const id = await at().run();
      await at().engine.pauseContainer(id);
      expect((await at().engine.inspectContainer(id)).state).toBe('paused');
      await at().engine.unpauseContainer(id);
      expect((await at().engine.inspectContainer(id)).state).toBe('running');
    });

    it('renamed, but not to a name that is taken', async () => {
      const [id, taken, free] = [await at().create(), at().name(), at().name()];
      await at().create({}, { name: taken });
      await at().engine.renameContainer(id, free);
      expect((await at().engine.inspectContainer(id)).name).toBe(free);
      await expect(at().engine.renameContainer(id, taken)).rejects.toMatchObject({ kind: 'conflict' });
    });

    it('removed when stopped, or by force; removing it again succeeds', async () => {
      const id = await at().run();
      await expect(at().engine.removeContainer(id, { force: false, volumes: false })).rejects.toMatchObject({
        kind: 'conflict',
      });
      await at().engine.removeContainer(id, { force: true, volumes: false });
      await at().engine.removeContainer(id, { force: true, volumes: false });
      expect(await at().engine.findContainer(id)).toBeUndefined();
    });

    it('removed with its anonymous volumes, and not with named ones', async () => {
      const named = await at().volume();
      const id = await at().create(
        {
          volumes: [
            { type: 'volume', target: '/a' },
            { type: 'volume', source: 'n', target: '/n' },
          ],
        },
        { volumeNames: { n: named } },
      );
      const anonymous =
        (await at().engine.inspectContainer(id)).mounts.find(({ target }) => target === '/a')?.name ?? '';
      await at().engine.removeContainer(id, { force: false, volumes: true });
      expect(await at().engine.findVolume(anonymous)).toBeUndefined();
      expect(await at().engine.findVolume(named)).toBeDefined();
    });

    it('waited for, its exit code comes; the wait can be called off', async () => {
      const id = await at().run({ command: ['sh', '-c', 'sleep 0.2; exit 42'] });
      expect(await at().engine.waitContainer(id)).toBe(42);
      expect(await at().engine.waitContainer(id)).toBe(42);
      const controller = new AbortController();
      const waiting = at().engine.waitContainer(await at().run(), controller.signal);
      controller.abort();
      await expect(waiting).rejects.toBeInstanceOf(InterruptedError);
      await expect(at().engine.waitContainer(at().name())).rejects.toMatchObject({ kind: 'not-found' });
    });

    it('restarted by its policy when it fails', async () => {
      const id = await at().run({ command: ['false'], restart: 'on-failure:2' });
      await eventually('it was restarted twice', async () => {
        const details = await at().engine.inspectContainer(id);
        return details.restartCount === 2 && details.state === 'exited';
      });
    });

    it('gone by itself with autoRemove', async () => {
      const id = await at().create({ command: ['true'] }, { oneOff: true, autoRemove: true });
      const gone = at().engine.waitContainer(id, undefined, 'removed');
      await at().engine.startContainer(id);
      expect(await gone).toBe(0);
      expect(await at().engine.findContainer(id)).toBeUndefined();
    });

    it('whose command does not exist, it says so', async () => {
      const id = await at().create({ command: ['/no/such/program'] });
      await expect(at().engine.startContainer(id)).rejects.toThrow(/no such file or directory/);
    });

    it('whose port is taken, it says so', async () => {
      const network = await at().network();
      const first = await at().run(
        { ports: [{ target: 80, protocol: 'tcp', host_ip: '127.0.0.1' }] },
        { attachments: [at().attachment(network)] },
      );
      const port = (await at().engine.inspectContainer(first)).ports.find(({ hostPort }) => hostPort > 0)?.hostPort;
      const second = await at().create(
        { ports: [{ target: 80, published: String(port), protocol: 'tcp', host_ip: '127.0.0.1' }] },
        { attachments: [at().attachment(network)] },
      );
      await expect(at().engine.startContainer(second)).rejects.toMatchObject({
        kind: 'conflict',
        hint: expect.stringMatching(/holds that host port/),
      });
    });
  });
}
