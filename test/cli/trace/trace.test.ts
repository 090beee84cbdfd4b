// Where the time went: the critical path, the sums, and both files.
import { describe, expect, it } from 'vitest';
import { chromeTrace } from '../../../src/cli/trace/chrome.ts';
import { TraceRecorder } from '../../../src/cli/trace/recorder.ts';
import { type Category, criticalPath, rowsOf, type Span, timeByCategory } from '../../../src/cli/trace/spans.ts';
import { timelinePage } from '../../../src/cli/trace/timeline.ts';
import { traceFiles } from '../../../src/cli/trace/write.ts';
import { PlannedWorld } from '../../support/planned-world.ts';
import { aProject, dependsOnStarted } from '../../support/project-builder.ts';

const span = (id: string, category: Category, start: number, end: number, ...after: string[]): Span => ({
  ...{ id, category, start, end, after },
  cause: 'missing',
  outcome: 'done',
});

const SPANS = [
  span('pull a', 'pull', 0, 50),
  span('pull b', 'pull', 10, 90),
  span('create a', 'create', 50, 60, 'pull a'),
  span('create b', 'create', 90, 95, 'pull b'),
  span('start a', 'start', 95, 120, 'create a', 'create b'),
];

describe('the critical path', () => {
  it('goes back through what ended last', () => {
    expect(criticalPath(SPANS).map(({ id }) => id)).toEqual(['pull b', 'create b', 'start a']);
  });
  it('is empty where nothing was done', () => {
    expect(criticalPath([])).toEqual([]);
  });
});

it('overlapping time counts once', () => {
  expect(timeByCategory(SPANS)).toEqual([
    ['pull', 90],
    ['start', 25],
    ['create', 15],
  ]);
});

it('spans of one row do not overlap', () => {
  const rows = rowsOf(SPANS);
  for (const a of SPANS)
    for (const b of SPANS)
      if (a !== b && rows.get(a.id) === rows.get(b.id)) expect(a.end <= b.start || b.end <= a.start).toBe(true);
  expect(new Set(rows.values()).size).toBe(2);
});

it('a Chrome trace has microseconds and says what is critical', () => {
  const { traceEvents } = JSON.parse(chromeTrace('up', SPANS));
  expect(traceEvents).toHaveLength(SPANS.length + 1);
  expect(traceEvents.at(-1)).toMatchObject({
    name: 'start a',
    ph: 'X',
    ts: 95_000,
    dur: 25_000,
    args: { critical: true },
  });
  expect(traceEvents[1].args.critical).toBe(false);
});

it('a page shows every span, and runs nothing', () => {
  const html = timelinePage('up of <shop>', SPANS);
  for (const { id } of SPANS) expect(html).toContain(`>${id}</text>`);
  expect(html).toContain('up of &lt;shop&gt;: 120 ms');
  expect(html).not.toMatch(/<script|src=|href=/);
  expect(html.match(/<li>/g)).toHaveLength(3);
});

it('two files are written, whichever ending is given', () => {
  for (const given of ['a/up', 'a/up.json', 'a/up.html'])
    expect(traceFiles(given)).toEqual({ json: 'a/up.json', html: 'a/up.html' });
  expect(traceFiles('up.1')).toEqual({ json: 'up.1.json', html: 'up.1.html' });
});

it('what is carried out is recorded step by step, each behind what it waited for', async () => {
  const project = aProject({ services: { web: { depends_on: { db: dependsOnStarted } }, db: {} } });
  const world = new PlannedWorld();
  const recorder = new TraceRecorder(performance.now());
  const plan = await recorder.look('observe', () => world.planUp(project));
  await world.execute(project, plan, { onTiming: recorder.step });
  expect(recorder.spans.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['read the files', ...plan.steps.map(({ id }) => id)]),
  );
  for (const one of recorder.spans) {
    expect(one.end).toBeGreaterThanOrEqual(one.start);
    for (const id of one.after) {
      const before = recorder.spans.find((other) => other.id === id);
      expect(before?.end).toBeLessThanOrEqual(one.start);
    }
  }
  expect(criticalPath(recorder.spans).at(-1)?.id).toBe('start container shop-web-1');
  expect(criticalPath(recorder.spans)[0]?.id).toBe('read the files');
});
