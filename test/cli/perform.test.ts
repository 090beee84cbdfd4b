import { describe, expect, it } from 'vitest';
import { Interrupts } from '../../src/cli/interrupts.ts';
import { perform, throwFailures } from '../../src/cli/perform.ts';
import { readOnlyEngine } from '../../src/cli/read-only-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { InterruptedError, WindlassError } from '../../src/errors.ts';
import { upOptions } from '../../src/planner/options.ts';
import { planUp } from '../../src/planner/reconcile.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { aProject } from '../support/project-builder.ts';
import { type FakeContextOptions, fakeContext } from './support/fake-output.ts';

const project = aProject({
  services: { db: {}, web: { depends_on: { db: { condition: 'service_started', required: true } } } },
});

async function up(fake: FakeEngine, options: FakeContextOptions = {}) {
  const context = fakeContext({ ...options, engine: fake.engine });
  const result = perform(context, { project, plan: (seen, round) => planUp(project, seen, upOptions({ ...round })) });
  return { context, result };
}

describe('carrying out a plan', () => {
  it('shows every step, and nothing but what runs the second time', async () => {
    const fake = new FakeEngine();
    const first = await up(fake);
    await first.result;
    expect(first.context.io.stderr.text().split('\n')).toContain(' Container shop-web-1  Started');
    const second = await up(fake);
    await second.result;
    expect(second.context.io.stderr.text()).toBe(' Container shop-db-1  Running\n Container shop-web-1  Running\n');
  });

  it('changes nothing in a dry run, and shows the same steps', async () => {
    const fake = new FakeEngine();
    const { context, result } = await up(fake, { globals: { dryRun: true } });
    await result;
    expect(fake.calls).toEqual([]);
    expect(context.io.stderr.text()).toContain(' DRY-RUN MODE -  Container shop-web-1  Started\n');
  });

  it('pulls first and plans again with the image there', async () => {
    const fake = new FakeEngine({ images: [], registry: ['busybox'] });
    await (await up(fake)).result;
    expect(fake.calls[0]).toContain('pullImage busybox');
    expect(fake.containers.map(({ name }) => name).sort()).toEqual(['shop-db-1', 'shop-web-1']);
  });

  it('throws what failed', async () => {
    const { result } = await up(new FakeEngine({ images: [] }));
    await expect(result).rejects.toThrow('busybox');
  });

  it('ends with an interruption when the user stops it', async () => {
    const fake = new FakeEngine();
    const { context, result } = await up(fake);
    fake.beforeChange = () => context.interrupts.notify('SIGINT');
    await expect(result).rejects.toThrow(InterruptedError);
  });
});

describe('several failures', () => {
  it('are told together, each with its hint', () => {
    const errors = [new WindlassError('A', 'first', { hint: 'do this' }), new WindlassError('B', 'second')];
    expect(() => throwFailures(errors)).toThrow('first\n  hint: do this\nsecond');
    expect(() => throwFailures([])).not.toThrow();
  });
});

describe('an engine for dry runs', () => {
  it('looks, and refuses everything that changes something', async () => {
    const fake = new FakeEngine();
    const engine = readOnlyEngine(fake.engine);
    expect((await engine.observe('shop')).containers).toEqual([]);
    const verbs: readonly (keyof Engine)[] = [
      'createContainer',
      'startContainer',
      'stopContainer',
      'removeContainer',
      'removeVolume',
      'removeImage',
      'pullImage',
      'putArchive',
      'createExec',
    ];
    for (const verb of verbs) {
      const call = engine[verb] as (...args: unknown[]) => Promise<unknown>;
      await expect(call('x'), verb).rejects.toThrow(`dry run: the engine is not asked to ${verb}`);
    }
    expect(fake.calls).toEqual([]);
  });
});

describe('interrupts', () => {
  it('abort the signal first, and end the process when the user insists', () => {
    let ended = 0;
    const interrupts = new Interrupts(() => {
      ended += 1;
    });
    interrupts.notify('SIGINT');
    expect([interrupts.signal.aborted, interrupts.interrupted, ended]).toEqual([true, true, 0]);
    interrupts.notify('SIGINT');
    expect(ended).toBe(1);
  });

  it('go to the command that has taken them over, until it gives them back', () => {
    const interrupts = new Interrupts(() => {});
    const counts: number[] = [];
    const release = interrupts.takeOver((_, count) => counts.push(count));
    interrupts.notify('SIGINT');
    interrupts.notify('SIGTERM');
    expect([counts, interrupts.signal.aborted]).toEqual([[1, 2], false]);
    release();
    interrupts.notify('SIGINT');
    expect(interrupts.signal.aborted).toBe(true);
  });
});
