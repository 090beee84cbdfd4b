// Images, and their way to a registry and back.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, PullProgress } from '../../src/engine/engine.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { type At, IMAGE } from './bench.ts';

export function images(at: At): void {
  describe('images', () => {
    it('are tagged and untagged; untagging again succeeds', async () => {
      const name = `${at().imageName()}:v1`;
      await at().engine.tagImage(IMAGE, name);
      expect((await at().engine.findImage(name))?.id).toBe((await at().engine.findImage(IMAGE))?.id);
      await at().engine.removeImage(name, { force: false });
      await at().engine.removeImage(name, { force: false });
      expect(await at().engine.findImage(name)).toBeUndefined();
      await expect(at().engine.tagImage(name, name)).rejects.toMatchObject({ kind: 'not-found' });
    });

    it('are made of containers', async () => {
      const id = await at().run({ command: ['sh', '-c', 'echo committed > /x'] });
      await at().engine.waitContainer(id);
      const reference = at().imageName();
      const image = await at().engine.commitContainer(id, {
        reference,
        comment: 'c',
        author: 'a',
        changes: ['CMD ["cat","/x"]'],
        pause: true,
      });
      expect((await at().engine.findImage(reference))?.id).toBe(image);
      const made = await at().run({ command: null }, { image: reference });
      await at().engine.waitContainer(made);
      expect((await at().logs(made)).stdout).toBe('committed\n');
    });

    describe('and a registry', () => {
      let registry: Registry;
      let closed: Registry;
      let config: string;
      let member: Engine;

      beforeAll(async () => {
        registry = await startRegistry();
        closed = await startRegistry({ user: 'me', password: 'hush:hush' });
        config = await mkdtemp(join(tmpdir(), 'windlass-engine-'));
        const auth = Buffer.from('me:hush:hush').toString('base64');
        await writeFile(join(config, 'config.json'), JSON.stringify({ auths: { [closed.host]: { auth } } }));
        member = await at().connect({ configDirectory: config });
      });
      afterAll(async () => {
        await member.close();
        await Promise.all([registry.close(), closed.close(), rm(config, { recursive: true, force: true })]);
      });

      it('travel there and back, layer by layer', async () => {
        const reference = `${at().imageName(registry.host)}:v1`;
        await at().engine.tagImage(IMAGE, reference);
        const pushed: PullProgress[] = [];
        await at().engine.pushImage(reference, { onProgress: (progress) => pushed.push(progress) });
        expect(pushed.some(({ status }) => /pushed/i.test(status))).toBe(true);
        const digest = await at().engine.resolveDigest(reference);
        expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
        await at().engine.removeImage(reference, { force: true });
        const pulled: PullProgress[] = [];
        await at().engine.pullImage(reference, { onProgress: (progress) => pulled.push(progress) });
        expect(pulled.some(({ layer }) => layer !== '')).toBe(true);
        expect(await at().engine.findImage(reference)).toBeDefined();
        const repository = reference.replace(/:v1$/, '');
        await at().engine.pullImage(`${repository}@${digest}`, {});
        expect((await at().engine.findImage(reference))?.digests).toContain(`${repository}@${digest}`);
      });

      it("travel with the credentials of docker's configuration, and not without", async () => {
        const reference = at().imageName(closed.host);
        await at().engine.tagImage(IMAGE, reference);
        await expect(at().engine.pushImage(reference, {})).rejects.toMatchObject({
          hint: expect.stringMatching(/docker login/),
        });
        await member.pushImage(reference, {});
        await at().engine.removeImage(reference, { force: true });
        const error: unknown = await at()
          .engine.pullImage(reference, {})
          .catch((reason: unknown) => reason);
        expect(error).toMatchObject({ hint: expect.stringMatching(/docker login/) });
        await member.pullImage(reference, {});
        expect(await at().engine.findImage(reference)).toBeDefined();
        expect(await member.resolveDigest(reference)).toMatch(/^sha256:/);
      });

      it('that it does not have are not found', async () => {
        await expect(at().engine.pullImage(`${registry.host}/none:1`, {})).rejects.toMatchObject({ kind: 'not-found' });
        await expect(at().engine.resolveDigest(`${registry.host}/none:1`)).rejects.toMatchObject({ kind: 'not-found' });
      });

      it('of one that limits pulls say so', async () => {
        registry.fail({
          status: 429,
          code: 'TOOMANYREQUESTS',
          message: 'toomanyrequests: You have reached your pull rate limit',
        });
        await expect(at().engine.pullImage(`${registry.host}/limited:1`, {})).rejects.toMatchObject({
          hint: expect.stringMatching(/limits pulls/),
        });
        registry.fail(undefined);
      });

      it('of one that does not answer say so', async () => {
        await expect(at().engine.pullImage('127.0.0.1:9/none:1', {})).rejects.toMatchObject({
          hint: expect.stringMatching(/cannot be reached/),
        });
      });
    });
  });
}
