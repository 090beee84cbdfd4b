import { describe, expect, it } from 'vitest';
import { jsonRenderer } from '../../src/cli/output/json.ts';
import { LiveView } from '../../src/cli/output/live-view.ts';
import { plainRenderer } from '../../src/cli/output/plain.ts';
import { withProgress } from '../../src/cli/output/progress.ts';
import { Screen, ttyRenderer } from '../../src/cli/output/tty.ts';
import type { ProgressEvent } from '../../src/events.ts';
import { type FakeContextOptions, fakeContext, fakeOutput } from './support/fake-output.ts';

/** What an `up` and a pull report. */
const EVENTS: readonly ProgressEvent[] = [
  { id: 'Network shop_default', status: 'Creating', kind: 'working' },
  { id: 'Network shop_default', status: 'Created', kind: 'done' },
  { id: 'web', status: 'Pulling', kind: 'working' },
  { id: 'a1b2c3', parentId: 'web', status: 'Downloading', kind: 'working', current: 5_000_000, total: 20_000_000 },
  { id: 'Container shop-web-1', status: 'Error', kind: 'error', text: 'port is taken' },
];

describe('plain progress', () => {
  it("is a line per change, with docker compose's spaces", () => {
    const out = fakeOutput();
    const renderer = plainRenderer(out, { dryRun: false });
    for (const event of EVENTS) renderer.event(event);
    expect(out.text()).toBe(
      [
        ' Network shop_default  Creating',
        ' Network shop_default  Created',
        ' web  Pulling',
        ' a1b2c3  Downloading',
        ' Container shop-web-1 port is taken Error',
        '',
      ].join('\n'),
    );
  });

  it('says that it is a dry run', () => {
    const out = fakeOutput();
    plainRenderer(out, { dryRun: true }).event({ id: 'Container a', status: 'Creating', kind: 'working' });
    expect(out.text()).toBe(' DRY-RUN MODE -  Container a  Creating\n');
  });
});

describe('JSON progress', () => {
  it("has docker compose's keys and leaves out what is empty", () => {
    const out = fakeOutput();
    const renderer = jsonRenderer(out, { dryRun: false });
    for (const event of EVENTS) renderer.event(event);
    renderer.note('built');
    expect(out.text().split('\n')).toEqual([
      '{"id":"Network shop_default","status":"Creating"}',
      '{"id":"Network shop_default","status":"Created"}',
      '{"id":"web","status":"Pulling"}',
      '{"id":"a1b2c3","parent_id":"web","status":"Downloading","current":5000000,"total":20000000,"percent":25}',
      '{"id":"Container shop-web-1","text":"port is taken","status":"Error"}',
      '{"text":"built"}',
      '',
    ]);
  });

  it('marks a dry run', () => {
    const out = fakeOutput();
    jsonRenderer(out, { dryRun: true }).event({ id: 'Container a', status: 'Created', kind: 'done' });
    expect(out.text()).toBe('{"dry-run":true,"id":"Container a","status":"Created"}\n');
  });
});

describe('choosing how to show progress', () => {
  const shown = async (options: FakeContextOptions, quiet = false) => {
    const context = fakeContext(options);
    await withProgress(context, { quiet }, async ({ onEvent }) => {
      onEvent({ id: 'Container a', status: 'Started', kind: 'done' });
    });
    return { out: context.io.stdout.text(), err: context.io.stderr.text() };
  };

  it.each<[string, FakeContextOptions, { out: string; err: string }]>([
    ['plain lines where there is no terminal', {}, { out: '', err: ' Container a  Started\n' }],
    ['JSON', { globals: { progress: 'json' } }, { out: '', err: '{"id":"Container a","status":"Started"}\n' }],
    ['nothing', { globals: { progress: 'quiet' } }, { out: '', err: '' }],
    ['on standard output', { env: { COMPOSE_STATUS_STDOUT: '1' } }, { out: ' Container a  Started\n', err: '' }],
  ])('%s', async (_, options, expected) => {
    expect(await shown(options)).toEqual(expected);
  });

  it('shows nothing for a quiet command', async () => {
    expect(await shown({}, true)).toEqual({ out: '', err: '' });
  });
});

describe('the live view', () => {
  const view = (options: { color?: boolean; dryRun?: boolean } = {}) =>
    new LiveView({ color: options.color ?? false, dryRun: options.dryRun ?? false });
  const size = { columns: 60, rows: 20 };

  it('shows each resource with state and time, layers below their image', () => {
    const shown = view();
    for (const event of EVENTS) shown.apply(event, 0);
    shown.apply({ id: 'Container shop-web-1', status: 'Error', kind: 'error', text: 'port\n is taken' }, 1500);
    expect([shown.head('Running'), ...shown.lines(size, 2000)]).toEqual([
      '[+] Running 2/3',
      ' ✔ Network shop_default  Created                        0.0s',
      ' ⠋ web                   Pulling [⣀] 5MB / 20MB         2.0s',
      '   ⠋ a1b2c3              Downloading 5MB / 20MB         2.0s',
      ' ✘ Container shop-web-1  Error port is taken            0.0s',
    ]);
  });

  it('hides the layers of an image that is there', () => {
    const shown = view();
    for (const event of EVENTS.slice(2, 4)) shown.apply(event, 0);
    shown.apply({ id: 'web', status: 'Pulled', kind: 'done' }, 4200);
    expect([shown.head('Pulling'), ...shown.lines(size, 5000)]).toEqual([
      '[+] Pulling 1/1',
      ' ✔ web  Pulled                                          4.2s',
    ]);
  });

  it('never lets a bar run backwards', () => {
    const shown = view();
    shown.apply({ id: 'l', status: 'Downloading', kind: 'working', current: 10, total: 10 }, 0);
    shown.apply({ id: 'l', status: 'Extracting', kind: 'working', current: 1, total: 10 }, 0);
    expect(shown.lines(size, 0)[0]).toContain('Extracting [====================] 10B / 10B');
  });

  it('keeps what is under way on a small screen, and counts the rest', () => {
    const shown = view();
    for (let n = 1; n <= 9; n++) shown.apply({ id: `c${n}`, status: 'Started', kind: n === 2 ? 'working' : 'done' }, n);
    expect(
      shown.lines({ columns: 40, rows: 5 }, 10).map((line) => line.trim().split(/\s+/).slice(1, 3).join(' ')),
    ).toEqual(['c2 Started', 'c8 Started', 'c9 Started', 'and 6']);
  });

  it('fits every line into the terminal', () => {
    const shown = view();
    for (const event of EVENTS) shown.apply(event, 0);
    shown.apply({ id: 'Container shop-web-1', status: 'Error', kind: 'error', text: 'x'.repeat(300) }, 0);
    for (const columns of [45, 60, 200])
      for (const line of shown.lines({ columns, rows: 20 }, 1000)) expect(line.length, line).toBe(columns);
  });

  it('is green when all is done, red where something failed, and plain without colours', () => {
    const shown = view({ color: true });
    shown.apply({ id: 'a', status: 'Started', kind: 'done' }, 0);
    expect(shown.head('Running')).toBe('\u001b[32m[+] Running 1/1\u001b[0m');
    expect(shown.lines(size, 0)[0]).toContain('\u001b[32m✔\u001b[0m a  \u001b[32mStarted\u001b[0m');
    shown.apply({ id: 'b', status: 'Error', kind: 'error' }, 0);
    expect(shown.head('Running')).toBe('[+] Running 2/2');
    expect(shown.lines(size, 0)[1]).toContain('\u001b[31;1m✘\u001b[0m b');
  });

  it('says what was interrupted', () => {
    const shown = view();
    shown.apply({ id: 'a', status: 'Created', kind: 'done' }, 0);
    shown.apply({ id: 'b', status: 'Waiting', kind: 'working' }, 0);
    shown.interrupt(700);
    expect(shown.lines({ columns: 40, rows: 20 }, 5000)).toEqual([
      ' ✔ a  Created                       0.0s',
      ' ! b  Waiting, interrupted          0.7s',
    ]);
  });

  it('says on every line that it is a dry run', () => {
    const shown = view({ dryRun: true });
    shown.apply({ id: 'a', status: 'Started', kind: 'done' }, 0);
    expect(shown.lines(size, 0)[0]).toContain(' ✔ DRY-RUN MODE - a  Started');
  });
});

describe('drawing on a terminal', () => {
  it('draws over what it drew, also after the terminal was made narrower', () => {
    const out = fakeOutput({ columns: 10, isTTY: true });
    const screen = new Screen(out);
    screen.draw(['0123456789', 'abc']);
    out.resize(5, 24);
    screen.draw(['x']);
    // The first line had become two rows, so three rows are taken back.
    expect(out.text().split('\u001b[?2026h').at(-1)).toBe('\r\u001b[3Ax\u001b[K\n\u001b[J\u001b[?2026l');
  });

  it('leaves the last picture and the cursor, and writes nothing after the end', async () => {
    const out = fakeOutput({ columns: 60, isTTY: true });
    const renderer = ttyRenderer(out, { title: 'Running', dryRun: false, color: false });
    renderer.event({ id: 'Container a', status: 'Creating', kind: 'working' });
    renderer.event({ id: 'Container a', status: 'Started', kind: 'done' });
    await renderer.finish('done');
    const written = out.text();
    expect(written).toContain('[+] Running 1/1');
    expect(written).toMatch(/✔ Container a {2}Started .*\n/);
    expect(written.endsWith('\u001b[?25h')).toBe(true);
    renderer.event({ id: 'Container b', status: 'Started', kind: 'done' });
    out.resize(30, 10);
    expect(out.text()).toBe(written);
  });

  it('shows what the builder said when the work failed', async () => {
    const out = fakeOutput({ columns: 60, isTTY: true });
    const renderer = ttyRenderer(out, { title: 'Building', dryRun: false, color: false });
    for (let n = 1; n <= 8; n++) renderer.note(`step ${n}`);
    await renderer.finish('failed');
    expect(out.text()).toContain('step 1\nstep 2\n');
  });
});
