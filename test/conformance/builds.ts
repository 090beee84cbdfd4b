// Images from Dockerfiles.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/errors.ts';
import { type At, IMAGE } from './bench.ts';

export function builds(at: At): void {
  describe('builds', () => {
    let context: string;
    beforeAll(async () => {
      context = await mkdtemp(join(tmpdir(), 'windlass-build-'));
      await writeFile(
        join(context, 'Dockerfile'),
        `FROM ${IMAGE} AS base\nARG WORD\nCOPY greeting /greeting\nRUN echo "$WORD" >> /greeting\nFROM base AS extra\nRUN echo extra >> /greeting\n`,
      );
      await writeFile(join(context, 'greeting'), 'hello\n');
      await writeFile(join(context, '.dockerignore'), 'ignored\n');
      await writeFile(join(context, 'ignored'), '');
    });
    afterAll(() => rm(context, { recursive: true, force: true }));
    const request = (tag: string, more: object = {}) => ({
      ...{ service: 'web', build: { context }, tags: [tag], labels: { 'wlt.built': 'yes' }, args: {}, platforms: [] },
      ...{ noCache: false, pull: false, push: false, quiet: false, secrets: [] },
      ...more,
    });
    const greeting = async (image: string): Promise<string> =>
      (await at().outputOf('cat /greeting', {}, { image })).stdout;

    it('an image with arguments, labels and several tags', async () => {
      const [tag, second] = [at().imageName(), at().imageName()];
      let output = '';
      const id = await at().engine.buildImage(
        request(tag, { args: { WORD: 'world' }, tags: [tag, second] }),
        (text) => {
          output += text;
        },
      );
      const image = await at().engine.findImage(tag);
      expect(image?.id).toBe(id);
      expect(image?.labels).toMatchObject({ 'wlt.built': 'yes' });
      expect((await at().engine.findImage(second))?.id).toBe(id);
      expect(output).toMatch(/COPY greeting/);
      expect(await greeting(tag)).toBe('hello\nworld\nextra\n');
    });

    it('up to a target', async () => {
      const tag = at().imageName();
      await at().engine.buildImage(
        request(tag, { build: { context, target: 'base' }, args: { WORD: 'w' } }),
        () => undefined,
      );
      expect(await greeting(tag)).toBe('hello\nw\n');
    });

    it('from a Dockerfile inside the Compose file', async () => {
      const tag = at().imageName();
      const dockerfile_inline = `FROM ${IMAGE}\nCOPY . /all\nRUN ls -A /all > /greeting\n`;
      await at().engine.buildImage(request(tag, { build: { context, dockerfile_inline } }), () => undefined);
      const files = (await greeting(tag)).trim().split('\n');
      expect(files).toContain('greeting');
      expect(files).not.toContain('ignored');
    });

    it('that fail leave no tag, and say which command failed', async () => {
      const tag = at().imageName();
      const build = { context, dockerfile_inline: `FROM ${IMAGE}\nRUN exit 17\n` };
      await expect(at().engine.buildImage(request(tag, { build }), () => undefined)).rejects.toThrow(
        /service "web".*(17|exit 17)/s,
      );
      expect(await at().engine.findImage(tag)).toBeUndefined();
    });

    it('that are called off end', async () => {
      const controller = new AbortController();
      const build = { context, dockerfile_inline: `FROM ${IMAGE}\nRUN echo begun; sleep 60\n` };
      const building = at().engine.buildImage(
        request(at().imageName(), { build, noCache: true }),
        (text) => {
          if (text.includes('begun')) controller.abort();
        },
        controller.signal,
      );
      await expect(building).rejects.toBeInstanceOf(InterruptedError);
    });

    it('with secrets, or a refusal that names them', async () => {
      const { builder } = await at().engine.capabilities();
      const tag = at().imageName();
      const build = {
        context,
        secrets: [{ source: 's' }],
        dockerfile_inline: `FROM ${IMAGE}\nRUN --mount=type=secret,id=s tr a-z A-Z < /run/secrets/s > /greeting\n`,
      };
      const building = at().engine.buildImage(
        request(tag, { build, secrets: [{ id: 's', content: 'hush' }] }),
        () => undefined,
      );
      if (builder === 'classic')
        await expect(building).rejects.toMatchObject({
          kind: 'unsupported',
          message: expect.stringMatching(/build.secrets needs BuildKit/),
        });
      else {
        await building;
        expect(await greeting(tag)).toBe('HUSH');
      }
    });
  });
}
