import { expect, it } from 'vitest';
import { LogFollower } from '../../../src/cli/logs/follow.ts';
import { LogPrinter } from '../../../src/cli/logs/printer.ts';
import { timeKey } from '../../../src/cli/logs/record.ts';
import { LogLines } from '../../../src/cli/output/log-lines.ts';
import type { Engine, EngineEvent, LogChunk, LogOptions, ObservedContainer } from '../../../src/engine/engine.ts';
import { LABEL } from '../../../src/names.ts';
import { fakeOutput } from '../support/fake-output.ts';

const T = (n: number): string => `2026-11-21T13:00:${String(n).padStart(2, '0')}.000000000Z`;
const LABELS = { [LABEL.project]: 'shop', [LABEL.service]: 'web', [LABEL.number]: '1' };
const container = { id: 'c1', name: 'shop-web-1', state: 'running', labels: LABELS } as unknown as ObservedContainer;
const event = (action: string, id = 'c1', attributes = {}): EngineEvent => ({
  type: 'container',
  action,
  id,
  attributes: { name: 'shop-web-1', ...LABELS, ...attributes },
  timeNano: 0n,
});

/** An engine whose followed logs are written by the test: one entry per request. */
function scripted(state = () => 'exited') {
  const asked: LogOptions[] = [];
  const feeds: ((text: string | undefined) => void)[] = [];
  async function* logs(_id: string, options: LogOptions): AsyncGenerator<LogChunk> {
    asked.push(options);
    const queue: (string | undefined)[] = [];
    let wake = () => {};
    feeds.push((text) => {
      queue.push(text);
      wake();
    });
    for (;;) {
      if (queue.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const next = queue.shift();
      if (next === undefined) return;
      yield { stream: 'stdout', data: Buffer.from(next) };
    }
  }
  const engine = { logs, inspectContainer: async () => ({ state: state() }) } as unknown as Engine;
  const out = fakeOutput();
  const follower = new LogFollower({
    engine,
    printer: new LogPrinter({
      out,
      lines: new LogLines({ color: false, prefix: true, timestamps: false }),
      timestamps: false,
      accept: () => true,
    }),
    signal: new AbortController().signal,
    tail: '3',
    since: undefined,
    until: undefined,
    wants: (service) => service === 'web',
    onFailure: (error) => {
      throw error;
    },
  });
  return { follower, asked, feeds, text: out.text };
}

it('goes on after the last line of the history, and shows no line twice', async () => {
  const { follower, asked, feeds, text } = scripted();
  follower.add(container);
  for (const line of ['one', 'two']) follower.seen('c1', { time: T(5), key: timeKey(T(5)) ?? '', text: line });
  const done = follower.run();
  await expect.poll(() => feeds.length).toBe(1);
  expect(asked[0]).toMatchObject({ follow: true, tail: 'all', since: `${Date.parse(T(5)) / 1000}.000000000` });
  feeds[0]?.(`${T(5)} one\n${T(5)} two\n${T(5)} three\n${T(6)} four\n`);
  await expect.poll(text).toBe('web-1  | three\nweb-1  | four\n');
  feeds[0]?.(undefined);
  await follower.handle(event('die', 'c1', { exitCode: '7' }));
  await done;
  expect(text()).toBe('web-1  | three\nweb-1  | four\nweb-1 exited with code 7\n');
});

it('asks for the tail of a container of which nothing was shown', async () => {
  const { follower, asked, feeds } = scripted();
  follower.add(container);
  const done = follower.run();
  await expect.poll(() => asked.length).toBe(1);
  expect(asked[0]).toMatchObject({ tail: '3' });
  feeds[0]?.(undefined);
  await follower.handle(event('die'));
  await done;
});

it('follows again after a restart, even when the start is told before the old log ends', async () => {
  const { follower, asked, feeds, text } = scripted();
  follower.add(container);
  const done = follower.run();
  await expect.poll(() => feeds.length).toBe(1);
  feeds[0]?.(`${T(1)} first\n`);
  await expect.poll(text).toBe('web-1  | first\n');
  await follower.handle(event('kill'));
  await follower.handle(event('die', 'c1', { exitCode: '0' }));
  await follower.handle(event('start'));
  expect(asked).toHaveLength(1);
  feeds[0]?.(undefined);
  await expect.poll(() => feeds.length).toBe(2);
  feeds[1]?.(`${T(1)} first\n${T(2)} second\n`);
  await expect.poll(text).toContain('web-1  | second\n');
  expect(text().match(/first/g)).toHaveLength(1);
  feeds[1]?.(undefined);
  await follower.handle(event('die', 'c1', { exitCode: '0' }));
  await done;
});

it('says that the engine restarts a container, and waits for it', async () => {
  let state = 'restarting';
  const { follower, feeds, text } = scripted(() => state);
  follower.add(container);
  const done = follower.run();
  await expect.poll(() => feeds.length).toBe(1);
  feeds[0]?.(undefined);
  await follower.handle(event('die', 'c1', { exitCode: '1' }));
  await expect.poll(text).toBe('web-1 exited with code 1 (restarting)\n');
  await follower.handle(event('start'));
  await expect.poll(() => feeds.length).toBe(2);
  state = 'exited';
  feeds[1]?.(undefined);
  await follower.handle(event('die', 'c1', { exitCode: '1' }));
  await done;
});

it('takes new containers in, says that one was recreated, and leaves out what nobody asked for', async () => {
  const { follower, feeds, text } = scripted();
  follower.add(container);
  const done = follower.run();
  await expect.poll(() => feeds.length).toBe(1);
  await follower.handle(event('create', 'c2', { [LABEL.replace]: 'web-1' }));
  feeds[0]?.(undefined);
  await follower.handle(event('kill'));
  await follower.handle(event('die', 'c1', { exitCode: '0' }));
  await follower.handle(event('destroy'));
  await follower.handle(event('start', 'c2'));
  await follower.handle(event('start', 'c3', { [LABEL.service]: 'db' }));
  await follower.handle(event('start', 'c4', { [LABEL.oneOff]: 'True' }));
  await expect.poll(() => feeds.length).toBe(2);
  feeds[1]?.(`${T(9)} from the new one\n`);
  feeds[1]?.(undefined);
  await expect.poll(text).toContain('web-1  | from the new one\n');
  expect(text()).toContain('web-1 has been recreated\n');
  await follower.handle(event('die', 'c2', { exitCode: '0' }));
  await done;
  expect(feeds).toHaveLength(2);
});

it('ends at once when nothing runs', async () => {
  const { follower, asked } = scripted();
  follower.add({ ...container, state: 'exited' });
  await follower.run();
  expect(asked).toEqual([]);
});
