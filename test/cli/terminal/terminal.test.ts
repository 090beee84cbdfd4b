import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { outputOf } from '../../../src/cli/io.ts';
import { chooseTty } from '../../../src/cli/terminal/choose-tty.ts';
import { DetachScanner, parseDetachKeys } from '../../../src/cli/terminal/detach-keys.ts';
import { pumpInput } from '../../../src/cli/terminal/pump-input.ts';
import { engineTimestamp } from '../../../src/cli/timestamp.ts';

describe('detach keys', () => {
  it.each([
    ['ctrl-p,ctrl-q', [16, 17]],
    ['a', [97]],
    ['ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_', [0, 27, 28, 29, 30, 31]],
    ['ctrl-x,d', [24, 100]],
  ])('%s', (text, keys) => {
    expect(parseDetachKeys(text)).toEqual(keys);
  });
  it.each(['', 'ctrl-', 'ctrl-é', 'shift-a', 'a,,b'])('%j is none', (text) => {
    expect(() => parseDetachKeys(text)).toThrow('invalid detach keys');
  });

  const scan = (...typed: string[]) => {
    const scanner = new DetachScanner([16, 17]);
    const results = typed.map((text) => scanner.scan(Buffer.from(text)));
    return { passed: results.map(({ pass }) => pass.toString()).join('|'), detached: results.at(-1)?.detached };
  };
  it('are found across reads, and never reach the container', () => {
    expect(scan('ab\x10', '\x11')).toEqual({ passed: 'ab|', detached: true });
  });
  it('are held back until it is clear that they are not meant', () => {
    expect(scan('\x10', 'x')).toEqual({ passed: '|\x10x', detached: false });
    expect(scan('\x10\x10\x11')).toEqual({ passed: '\x10', detached: true });
    expect(scan('\x11\x10y')).toEqual({ passed: '\x11\x10y', detached: false });
  });
});

describe('standard input is passed on', () => {
  it('at the pace of the reader, whole, and ends when it ends', async () => {
    const [from, to] = [new PassThrough(), new PassThrough({ highWaterMark: 10 })];
    const pump = pumpInput(from, to, { scanner: undefined, close: true });
    const text = 'abc'.repeat(10_000);
    from.end(text);
    let received = '';
    for await (const chunk of to) received += chunk.toString();
    expect(received).toBe(text);
    pump.stop();
  });
  it('and left open when it ends, where the container outlives it', async () => {
    const [from, to] = [new PassThrough(), new PassThrough()];
    const pump = pumpInput(from, to, { scanner: undefined, close: false });
    const ended = new Promise((resolve) => from.once('end', resolve));
    from.end('last words');
    await ended;
    expect(to.writableEnded).toBe(false);
    pump.stop();
  });
  it('until the detach keys', async () => {
    const [from, to] = [new PassThrough(), new PassThrough()];
    const pump = pumpInput(from, to, { scanner: new DetachScanner([16, 17]), close: true });
    from.write('before\x10\x11');
    expect(await pump.detached).toBe('detached');
    expect(to.read().toString()).toBe('before');
    pump.stop();
  });
  it('and a container that closes its input is no failure', async () => {
    const [from, to] = [new PassThrough(), new PassThrough()];
    pumpInput(from, to, { scanner: undefined, close: true });
    const closed = new Promise((resolve) => to.once('close', resolve));
    to.destroy(new Error('EPIPE'));
    await closed;
    expect(from.readableFlowing).toBe(false);
  });
});

describe('a terminal is given', () => {
  const io = (stdin: boolean, stdout: boolean) => {
    const out = Object.assign(new PassThrough(), { isTTY: stdout }) as unknown as NodeJS.WriteStream;
    return { stdout: outputOf(out), stderr: outputOf(out), stdin: { isTTY: stdin, stream: new PassThrough() } };
  };
  const flags = { noTty: undefined, tty: undefined, interactive: true, detach: false };
  it.each([
    ['where both ends are terminals', flags, io(true, true), true],
    ['not with a pipe at either end', flags, io(false, true), false],
    ['not with a pipe at the other', flags, io(true, false), false],
    ['not with -T', { ...flags, noTty: true }, io(true, true), false],
    ['with --no-TTY=false', { ...flags, noTty: false }, io(true, false), true],
    ['with -t in the background', { ...flags, tty: true, detach: true }, io(false, false), true],
    ['without input', { ...flags, interactive: false }, io(false, true), true],
  ])('%s', (_, given, streams, expected) => {
    expect(chooseTty(given, streams)).toBe(expected);
  });
  it('or refused when it is asked for without one', () => {
    expect(() => chooseTty({ ...flags, tty: true }, io(false, true))).toThrow('the input device is not a TTY');
    expect(() => chooseTty({ ...flags, tty: true, noTty: true }, io(true, true))).toThrow("can't be used together");
  });
});

describe('points in time', () => {
  const now = Date.parse('2026-11-21T13:00:00Z');
  it.each([
    ['1700000000', '1700000000'],
    ['1700000000.5', '1700000000.5'],
    ['10m', '1795265400.000000000'],
    ['0s', '1795266000.000000000'],
    ['1h30m', '1795260600.000000000'],
    ['2026-11-21T13:00:00Z', '1795266000.000000000'],
    ['2026-11-21T14:00:00.123456789+01:00', '1795266000.123456789'],
    ['2026-11-21T13:00Z', '1795266000.000000000'],
    ['2026-11-21Z', '1795219200.000000000'],
  ])('%s is %s', (text, expected) => {
    expect(engineTimestamp('--since', text, now)).toBe(expected);
  });
  it('without a zone are in the local one', () => {
    const local = new Date(2026, 10, 21).getTime() / 1000;
    expect(engineTimestamp('--since', '2026-11-21', now)).toBe(`${local}.000000000`);
    expect(engineTimestamp('--since', '2026-11-21T05', now)).toBe(`${local + 5 * 3600}.000000000`);
  });
  it.each(['yesterday', '2026-13-45', '10 minutes'])('%s is none', (text) => {
    expect(() => engineTimestamp('--until', text, now)).toThrow(`invalid value for "--until": "${text}"`);
  });
});
