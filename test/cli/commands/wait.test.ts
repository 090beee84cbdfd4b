import { describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/commands/wait.ts';
import type { Engine, ObservedContainer } from '../../../src/engine/engine.ts';
import { EngineError, InterruptedError } from '../../../src/errors.ts';
import { LABEL } from '../../../src/names.ts';
import { fakeContext } from '../support/fake-output.ts';

const container = (service: string, state = 'running'): ObservedContainer =>
  ({
    id: `id-${service}`,
    name: `shop-${service}-1`,
    state,
    labels: { [LABEL.project]: 'shop', [LABEL.service]: service, [LABEL.configHash]: 'x' },
  }) as unknown as ObservedContainer;

/** `codes`: what each container's wait comes to, by service; an error fails it. */
const context = (codes: Readonly<Record<string, number | Error>>, state?: string) =>
  fakeContext({
    globals: { projectName: 'shop' },
    engine: {
      listContainers: async () => Object.keys(codes).map((service) => container(service, state)),
      waitContainer: async (id: string) => {
        const code = codes[id.slice('id-'.length)];
        if (typeof code === 'number') return code;
        throw code;
      },
    } as unknown as Engine,
  });
const flags = { 'down-project': false };

describe('wait', () => {
  it('prints how each container ended and passes a code on', async () => {
    const given = context({ web: 3 });
    expect(await run(given, flags, ['web'])).toBe(3);
    expect(given.io.stdout.text()).toBe('container "id-web" exited with status code 3\n');
  });
  it('says how a container ended that nobody was quick enough to wait for', async () => {
    expect(await run(context({ web: 3 }, 'exited'), flags, [])).toBe(3);
    await expect(run(context({ web: 0 }, 'created'), flags, [])).rejects.toThrow('no containers');
  });
  it('fails with 42 when the engine does', async () => {
    const broken = new EngineError('the engine went away', { kind: 'unavailable', verb: 'waitContainer' });
    await expect(run(context({ web: broken }), flags, ['web'])).rejects.toMatchObject({
      message: 'the engine went away',
      exitCode: 42,
    });
  });
  it('is interrupted as everything else', async () => {
    await expect(run(context({ web: new InterruptedError() }), flags, ['web'])).rejects.toMatchObject({
      exitCode: 130,
    });
  });
  it('has nothing to wait for', async () => {
    await expect(run(context({ web: 0 }), flags, ['db'])).rejects.toThrow('no containers for project "shop"');
  });
});
