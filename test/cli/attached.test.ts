import { describe, expect, it } from 'vitest';
import { type ContainerNews, Monitor } from '../../src/cli/attached/monitor.ts';
import { AttachedStreams } from '../../src/cli/attached/streams.ts';
import { LogLines } from '../../src/cli/output/log-lines.ts';
import type { Engine, EngineEvent } from '../../src/engine/engine.ts';
import { EngineError } from '../../src/errors.ts';
import { LABEL } from '../../src/names.ts';
import { fakeOutput } from './support/fake-output.ts';

const event = (action: string, service: string, more: Record<string, string> = {}): EngineEvent => ({
  type: 'container',
  action,
  id: `id-${service}`,
  attributes: {
    name: `shop-${service}-1`,
    [LABEL.project]: 'shop',
    [LABEL.service]: service,
    [LABEL.number]: '1',
    ...more,
  },
  timeNano: 7n,
});

/** An engine that tells the given events, and of which containers restart. */
const telling = (events: readonly EngineEvent[], restarting: readonly string[] = []): Engine =>
  ({
    async *events() {
      yield* events;
    },
    findContainer: async (id: string) => ({ state: restarting.includes(id) ? 'restarting' : 'exited' }),
  }) as unknown as Engine;

async function heard(
  engine: Engine,
  services: readonly string[],
  expected: readonly string[],
  restartMs = 60_000,
): Promise<string[]> {
  const news: ContainerNews[] = [];
  const monitor = new Monitor({
    engine,
    project: 'shop',
    services,
    signal: new AbortController().signal,
    tell: async (one) => void news.push(one),
    restartMs,
  });
  monitor.expect(expected);
  await monitor.follow();
  return news.map((one) =>
    one.kind === 'exited'
      ? `${one.source} exited ${one.exitCode}${one.restarting ? ' restarting' : ''}`
      : one.kind === 'recreated'
        ? `${one.replaced} recreated`
        : `${one.source} started`,
  );
}

describe('following containers by events', () => {
  it('ends when the last of them has ended', async () => {
    const events = [event('start', 'web'), event('die', 'web', { exitCode: '3' }), event('start', 'late')];
    expect(await heard(telling(events), [], ['id-web'])).toEqual(['web-1 started', 'web-1 exited 3']);
  });

  it('goes on while a container restarts', async () => {
    const events = [event('die', 'web', { exitCode: '1' }), event('start', 'web'), event('start', 'other')];
    expect(await heard(telling(events, ['id-web']), [], ['id-web'])).toEqual([
      'web-1 exited 1 restarting',
      'web-1 started',
      'other-1 started',
    ]);
  });

  it('goes on where another tool has stopped the last container and starts it a moment later', async () => {
    const [stop, start] = [[event('kill', 'web'), event('die', 'web', { exitCode: '143' })], event('start', 'web')];
    const own = event('die', 'web', { exitCode: '2' });
    expect(await heard(telling([...stop, start, own, start]), [], ['id-web'])).toEqual([
      'web-1 exited 143',
      'web-1 started',
      'web-1 exited 2',
    ]);
    const forGood = { ...telling([]), events: () => stopped() } as unknown as Engine;
    async function* stopped(): AsyncGenerator<EngineEvent> {
      yield* stop;
      await new Promise(() => {});
    }
    expect(await heard(forGood, [], ['id-web'], 1)).toEqual(['web-1 exited 143']);
  });

  it('looks after a container that replaces another, and not after one-offs and other services', async () => {
    const events = [
      event('create', 'web', { [LABEL.replace]: 'web-1' }),
      event('start', 'run', { [LABEL.oneOff]: 'True' }),
      event('die', 'db', { exitCode: '9' }),
      event('start', 'web'),
    ];
    expect(await heard(telling(events), ['web'], ['old'])).toEqual(['web-1 recreated', 'web-1 started']);
  });

  it('ends at once when there is nothing to follow', async () => {
    expect(await heard(telling([event('start', 'web')]), [], [])).toEqual([]);
  });

  it('ends when the last expectation is taken back', async () => {
    const never = { events: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }) };
    const monitor = new Monitor({
      engine: never as unknown as Engine,
      project: 'shop',
      services: [],
      signal: new AbortController().signal,
      tell: async () => {},
    });
    monitor.expect(['a', 'b']);
    const following = monitor.follow();
    monitor.forget('a');
    monitor.forget('b');
    await following;
  });

  it('ends when what was listed as running has ended before the list was there', async () => {
    async function* silentAfterwards(): AsyncGenerator<EngineEvent> {
      yield event('die', 'web', { exitCode: '9' });
      await new Promise(() => {});
    }
    const monitor = new Monitor({
      engine: { ...telling([]), events: silentAfterwards } as unknown as Engine,
      project: 'shop',
      services: [],
      signal: new AbortController().signal,
      tell: async () => release(['id-web']),
    });
    const release = monitor.hold();
    monitor.expect(['id-web']);
    await monitor.follow();
  });

  it('fails when the engine goes away', async () => {
    const gone = new EngineError('the engine has gone', { kind: 'unavailable', verb: 'events' });
    const engine = {
      // biome-ignore lint/correctness/useYield: it fails before it has anything to tell.
      async *events() {
        throw gone;
      },
    } as unknown as Engine;
    await expect(heard(engine, [], ['id-web'])).rejects.toBe(gone);
  });
});

describe('the output of attached containers', () => {
  it('goes line by line to the stream it came from', async () => {
    const [stdout, stderr] = [fakeOutput(), fakeOutput()];
    const bytes = (text: string) => new TextEncoder().encode(text);
    const engine = {
      async attach() {
        const stream = async function* (...chunks: string[]) {
          for (const chunk of chunks) yield bytes(chunk);
        };
        return { stdout: stream('on', 'e\r\ntwo'), stderr: stream('bad\n'), close() {} };
      },
      async *logs(_id: string, options: { since?: string }) {
        yield { stream: 'stdout', data: bytes(`since ${options.since}\n`) };
      },
    } as unknown as Engine;
    const io = { stdout, stderr, stdin: { isTTY: false, stream: process.stdin } };
    const lines = new LogLines({ color: false, prefix: true, timestamps: false });
    const streams = new AttachedStreams(engine, io, lines, new AbortController().signal);
    await streams.attach('id', 'web-1');
    expect(streams.has('id')).toBe(true);
    await streams.drained('id', 1000);
    expect(streams.has('id')).toBe(false);
    streams.followLogs('id', 'web-1', '12.5');
    await streams.drained('id', 1000);
    expect(stdout.text()).toBe('web-1  | one\nweb-1  | two\nweb-1  | since 12.5\n');
    expect(stderr.text()).toBe('web-1  | bad\n');
  });
});
