import { appendFile, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { logPlan } from '../../src/engine/native/containers/log-config.ts';
import { type ReadLogOptions, readLog } from '../../src/engine/native/containers/log-reader.ts';
import { logTag } from '../../src/engine/native/containers/log-tag.ts';
import { type JournalName, monitorArguments } from '../../src/engine/native/containers/monitor.ts';
import { realNativeHost } from '../../src/engine/native/host.ts';
import { pathsUnder } from '../../src/engine/native/paths.ts';

describe('what a log configuration means', () => {
  test('as Docker has it', () => {
    expect(logPlan(undefined)).toEqual({ driver: 'json-file', maxBytes: undefined, maxFiles: 1 });
    expect(logPlan({ Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } })).toEqual({
      driver: 'json-file',
      maxBytes: 10 * 1024 ** 2,
      maxFiles: 3,
    });
    expect(logPlan({ Type: 'local' })).toEqual({ driver: 'local', maxBytes: 20 * 1024 ** 2, maxFiles: 5 });
    const accepted = {
      labels: 'a',
      env: 'B',
      tag: '{{.Name}}',
      compress: 'true',
      mode: 'non-blocking',
      'max-size': '-1',
    };
    expect(logPlan({ Type: 'json-file', Config: accepted }).maxBytes).toBeUndefined();
  });

  test.each([
    ['100', 100],
    ['1k', 1024],
    ['1.5kb', 1536],
    ['2G', 2 * 1024 ** 3],
    ['1 mib', 1024 ** 2],
  ])('%s is %d bytes', (text, bytes) => {
    expect(logPlan({ Config: { 'max-size': text } }).maxBytes).toBe(bytes);
  });

  test.each([
    [{ Type: 'splunk' }, 'error looking up logging plugin splunk'],
    [{ Config: { colour: 'red' } }, "unknown log opt 'colour' for json-file log driver"],
    [{ Type: 'local', Config: { tag: 'x' } }, "unknown log opt 'tag' for local log driver"],
    [{ Config: { 'max-file': '0' } }, 'max-file cannot be less than 1'],
    [{ Config: { 'max-file': 'many' } }, 'invalid value for max-file'],
    [{ Config: { 'max-size': 'big' } }, "invalid size: 'big'"],
  ])('%j is refused', (config, message) => {
    expect(() => logPlan(config)).toThrow(message);
  });

  test('the monitor is told how much it may write without the engine', () => {
    const paths = pathsUnder('/lib', '/run');
    const maker = { program: 'runc', args: [] };
    const request = { id: 'a', maker, paths, container: paths.container('a'), terminal: false, stdin: false };
    const args = (log: ReturnType<typeof logPlan>, journal?: JournalName) =>
      monitorArguments({ ...request, leaveStdinOpen: false, log, journal }).join(' ');
    expect(args(logPlan(undefined))).not.toContain('--log-size-max');
    expect(args(logPlan({ Config: { 'max-size': '1k' } }))).toContain('--log-size-max 1024');
    expect(args(logPlan({ Config: { 'max-size': '100m', 'max-file': '4' } }))).toContain('--log-size-max 419430400');
    // Small files are put aside by the engine, which may come late.
    expect(args(logPlan({ Config: { 'max-size': '1k', 'max-file': '4' } }))).toContain('--log-size-max 67108864');
  });

  test('in the journal, entries have the name and the tag', () => {
    const paths = pathsUnder('/lib', '/run');
    const args = monitorArguments({
      ...{ id: 'a', maker: { program: 'runc', args: [] }, paths, container: paths.container('a') },
      ...{ terminal: false, stdin: false, leaveStdinOpen: false },
      log: logPlan({ Type: 'journald' }),
      journal: { name: 'web', tag: 'shop/web' },
    }).join(' ');
    expect(args).toContain('-c a -u a -n web ');
    expect(args).toContain('-l k8s-file:/lib/containers/a/log --no-sync-log -l journald: --log-tag shop/web');
  });

  test.each([
    [undefined, '0123456789ab'],
    ['{{.Name}}/{{ .ID }}', 'web/0123456789ab'],
    ['{{.ImageName}} {{.ImageID}}', 'shop:1 fedcba987654'],
    ['plain', 'plain'],
  ])('the tag %s is %s', (template, expected) => {
    const facts = { id: '0123456789abcdef', name: 'web', image: 'shop:1', imageId: 'sha256:fedcba9876543210' };
    expect(logTag(template, facts)).toBe(expected);
    expect(() => logTag('{{upper .Name}}', facts)).toThrow('the tag has {{upper .Name}}, and knows ID, FullID, Name,');
  });
});

describe('a log of several files', () => {
  const host = realNativeHost();
  let folder: string;
  let log: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'windlass-log-'));
    log = join(folder, 'log');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const line = (n: number): string => `2026-11-21T13:07:${String(n).padStart(2, '0')}.0+00:00 stdout F ${n}\n`;
  const lines = (from: number, to: number): string =>
    Array.from({ length: to - from + 1 }, (_, i) => line(from + i)).join('');
  const texts = async (options: ReadLogOptions): Promise<number[]> => {
    const read: number[] = [];
    for await (const entry of readLog(host, log, options)) read.push(Number(entry.data.toString()));
    return read;
  };
  const rotate = async (): Promise<void> => {
    const count = (await readdir(folder)).length;
    for (let n = count - 1; n >= 1; n--) await rename(`${log}.${n}`, `${log}.${n + 1}`);
    await rename(log, `${log}.1`);
  };

  test('is read from the first to the last', async () => {
    await writeFile(`${log}.10`, lines(1, 2));
    await writeFile(`${log}.2`, lines(3, 4));
    await writeFile(`${log}.1`, lines(5, 6));
    await writeFile(log, lines(7, 8));
    await writeFile(`${log}.part`, lines(50, 51));
    expect(await texts({})).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test.each([
    [0, []],
    [1, [6]],
    [2, [5, 6]],
    [3, [4, 5, 6]],
    [5, [2, 3, 4, 5, 6]],
    [9, [1, 2, 3, 4, 5, 6]],
  ])('its last %d lines may be in several of them', async (tail, expected) => {
    await writeFile(`${log}.2`, lines(1, 2));
    await writeFile(`${log}.1`, lines(3, 4));
    await writeFile(log, lines(5, 6));
    expect(await texts({ tail })).toEqual(expected);
  });

  test('is read to where it ended when it was asked for, though its writer is faster than the reader', async () => {
    await writeFile(`${log}.1`, lines(1, 2));
    await writeFile(log, lines(3, 4));
    const read: number[] = [];
    for await (const entry of readLog(host, log, {})) {
      read.push(Number(entry.data.toString()));
      await appendFile(log, lines(50, 59));
      if (read.length > 9) break;
    }
    expect(read).toEqual([1, 2, 3, 4]);
  });

  test('since and until hold across them', async () => {
    await writeFile(`${log}.1`, lines(1, 4));
    await writeFile(log, lines(5, 8));
    const at = (n: number): bigint =>
      BigInt(Date.parse(`2026-11-21T13:07:${String(n).padStart(2, '0')}Z`)) * 1_000_000n;
    expect(await texts({ since: at(3), until: at(6) })).toEqual([3, 4, 5, 6]);
  });

  test('all of it is read when a file is put aside between the look and the opening', async () => {
    await writeFile(`${log}.1`, lines(1, 2));
    await writeFile(log, lines(3, 4));
    let listed = 0;
    const readdirThenRotate = async (path: string): Promise<string[]> => {
      const names = await readdir(path);
      listed += 1;
      if (listed === 1) {
        await rotate();
        await writeFile(log, lines(5, 6));
      }
      return names;
    };
    const files = { ...host.files, readdir: readdirThenRotate as typeof host.files.readdir };
    const read: number[] = [];
    for await (const entry of readLog({ ...host, files }, log, {})) read.push(Number(entry.data.toString()));
    expect(read).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('between two files it is read all the same', async () => {
    await writeFile(`${log}.1`, lines(1, 2));
    expect(await texts({})).toEqual([1, 2]);
  });

  /** Reads on; `until` resolves when so many entries have come. */
  function follow(options: ReadLogOptions = {}) {
    const read: number[] = [];
    let end: (() => void) | undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const waiting: { count: number; resolve: () => void }[] = [];
    const done = (async () => {
      for await (const entry of readLog(host, log, { ...options, ended })) {
        read.push(Number(entry.data.toString()));
        for (const { count, resolve } of waiting) if (read.length >= count) resolve();
      }
    })();
    const until = (count: number): Promise<void> =>
      read.length >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve }));
    const finish = (): Promise<void> => {
      end?.();
      return done;
    };
    return { read, until, finish };
  }

  test('a follower goes on when files are put aside, several at a time, and misses nothing', async () => {
    await writeFile(log, lines(1, 2));
    const follower = follow();
    await follower.until(2);
    await appendFile(log, lines(3, 3));
    await rotate();
    await appendFile(`${log}.1`, lines(4, 4)); // the monitor has not opened the new one yet
    await writeFile(log, lines(5, 6));
    await follower.until(6);
    await rotate();
    await writeFile(log, lines(7, 8));
    await rotate();
    await writeFile(log, lines(9, 9));
    await follower.until(9);
    await appendFile(log, lines(10, 10));
    await follower.finish();
    expect(follower.read).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('a follower goes on with what is written now when its file was not kept', async () => {
    await writeFile(log, lines(1, 2));
    const follower = follow();
    await follower.until(2);
    await rm(log);
    await writeFile(log, lines(7, 8));
    await follower.until(4);
    await follower.finish();
    expect(follower.read).toEqual([1, 2, 7, 8]);
  });

  test('a follower may come before the first start', async () => {
    const follower = follow();
    await appendFile(log, lines(1, 1));
    await follower.until(1);
    await follower.finish();
    expect(follower.read).toEqual([1]);
  });

  test('a place in a file that was put aside meanwhile is the start of the next one', async () => {
    await writeFile(`${log}.1`, lines(1, 6));
    await writeFile(log, lines(7, 7));
    expect(await texts({ offset: line(1).length * 6 })).toEqual([7]);
  });
});
