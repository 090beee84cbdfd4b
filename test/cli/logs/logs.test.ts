import { describe, expect, it } from 'vitest';
import { levelOf, lineFilter } from '../../../src/cli/logs/filter.ts';
import { mergeByTime } from '../../../src/cli/logs/merge.ts';
import { type LogRecord, RecordCutter, timeKey } from '../../../src/cli/logs/record.ts';

const T = (n: number): string => `2026-11-21T13:00:${String(n).padStart(2, '0')}.000000000Z`;
const cut = (chunks: readonly string[]): LogRecord[] => {
  const cutter = new RecordCutter();
  return [...chunks.flatMap((chunk) => cutter.write(Buffer.from(chunk))), ...cutter.end()];
};

describe('a log is cut into records', () => {
  it('wherever the chunks end', () => {
    const whole = `${T(1)} one\n${T(2)} two é\n${T(3)} three`;
    const expected = [
      { time: T(1), key: '2026-11-21T13:00:01.000000000', text: 'one' },
      { time: T(2), key: '2026-11-21T13:00:02.000000000', text: 'two é' },
      { time: T(3), key: '2026-11-21T13:00:03.000000000', text: 'three' },
    ];
    const bytes = Buffer.from(whole);
    for (let size = 1; size <= bytes.length; size++) {
      const cutter = new RecordCutter();
      const records: LogRecord[] = [];
      for (let at = 0; at < bytes.length; at += size) records.push(...cutter.write(bytes.subarray(at, at + size)));
      expect([...records, ...cutter.end()]).toEqual(expected);
    }
  });

  it('joining the messages of a long line, which has the time of its first', () => {
    const part = 'x'.repeat(16 * 1024);
    expect(cut([`${T(1)} ${part}${T(2)} ${part}${T(3)} end\n${T(4)} next\n`])).toEqual([
      { time: T(1), key: '2026-11-21T13:00:01.000000000', text: `${part}${part}end` },
      { time: T(4), key: '2026-11-21T13:00:04.000000000', text: 'next' },
    ]);
  });

  it('keeping empty lines, carriage returns and text that has no time', () => {
    expect(cut([`${T(1)} \n${T(2)} a\r\nno time\n`]).map(({ text }) => text)).toEqual(['', 'a\r', 'no time']);
  });

  it.each([
    ['2026-11-21T13:00:01Z', '2026-11-21T13:00:01.000000000'],
    ['2026-11-21T13:00:01.5Z', '2026-11-21T13:00:01.500000000'],
    ['2026-11-21T14:00:01.123456789+01:00', '2026-11-21T13:00:01.123456789'],
    ['today', undefined],
  ])('%s sorts as %s', (stamp, key) => {
    expect(timeKey(stamp)).toBe(key);
  });
});

async function* batches(...groups: LogRecord[][]): AsyncGenerator<readonly LogRecord[]> {
  for (const group of groups) yield group;
}
const record = (n: number, text: string): LogRecord => ({ time: T(n), key: timeKey(T(n)) ?? '', text });

describe('logs are merged by time', () => {
  it('across batches, in the order of the sources where times are equal', async () => {
    const merged: string[] = [];
    for await (const { source, record: line } of mergeByTime([
      { source: 'a', batches: batches([record(1, 'a1'), record(4, 'a4')], [], [record(6, 'a6')]) },
      { source: 'b', batches: batches([record(2, 'b2')], [record(4, 'b4'), record(5, 'b5')]) },
      { source: 'c', batches: batches() },
    ]))
      merged.push(`${source}:${line.text}`);
    expect(merged).toEqual(['a:a1', 'b:b2', 'a:a4', 'b:b4', 'b:b5', 'a:a6']);
  });

  it('closing every log when the reader stops early', async () => {
    let closed = 0;
    async function* endless(): AsyncGenerator<readonly LogRecord[]> {
      try {
        for (let n = 1; ; n++) yield [record(n % 60, 'x')];
      } finally {
        closed++;
      }
    }
    for await (const _ of mergeByTime([
      { source: 1, batches: endless() },
      { source: 2, batches: endless() },
    ]))
      break;
    expect(closed).toBe(2);
  });
});

describe('the level of a line', () => {
  it.each([
    ['{"level":"info","msg":"x"}', 'info'],
    ['{"msg":"x","level":50}', 'error'],
    ['{"severity":"WARNING"}', 'warn'],
    ['ts=1 level=debug msg=x', 'debug'],
    ['ts=1 lvl=eror msg=x', 'error'],
    ['[ERROR] broken', 'error'],
    ['2026-01-01 12:00:00 WARN slow', 'warn'],
    ['E1121 13:00:00.000 file.go:1] broken', 'error'],
    ['fatal: not a repository', 'fatal'],
    ['2026/01/01 12:00:00 [notice] 1#1: start worker', 'info'],
    ['npm warn deprecated', undefined],
    ['all errors were ignored', undefined],
    ['listening on port 80', undefined],
  ])('%s is %s', (line, level) => {
    expect(levelOf(line)).toBe(level);
  });
});

describe('filters', () => {
  const kept = (flags: { grep?: string[]; level?: string }, lines: readonly string[]): string[] => {
    const accept = lineFilter({ grep: flags.grep ?? [], level: flags.level });
    return lines.filter((line) => accept('web-1', line));
  };
  it('by pattern, all of which must hold', () => {
    expect(kept({ grep: ['a', '!b'] }, ['a', 'ab', 'c'])).toEqual(['a']);
  });
  it('by level, where lines without one belong to the line before', () => {
    expect(kept({ level: 'error' }, ['ok', 'ERROR x', '  at y', 'INFO z', '  more'])).toEqual(['ERROR x', '  at y']);
  });
  it('by level per container', () => {
    const accept = lineFilter({ grep: [], level: 'error' });
    expect([accept('a', 'ERROR x'), accept('b', '  at y'), accept('a', '  at z')]).toEqual([true, false, true]);
  });
  it('say what they cannot read', () => {
    expect(() => lineFilter({ grep: ['['], level: undefined })).toThrow('"[" is not a regular expression');
    expect(() => lineFilter({ grep: [], level: 'loud' })).toThrow('invalid value for "--level": "loud"');
  });
});
