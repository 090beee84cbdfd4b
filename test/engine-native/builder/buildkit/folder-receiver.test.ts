// Folders over DiffCopy, from clients that mean well and from those that do not.
import { mkdtempSync, rmSync } from 'node:fs';
import * as files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { receiveFolder } from '../../../../src/engine/native/builder/buildkit/folder-receiver.ts';
import { ContextTree } from '../../../../src/engine/native/builder/files/context-tree.ts';
import type { NativeHost } from '../../../../src/engine/native/host.ts';
import { decode, encode, mapEntries, numberOf } from '../../../../src/protobuf.ts';

const [STAT, REQ, DATA, FIN, ERR] = [0, 1, 2, 3, 4];
const [FOLDER, SYMLINK, SETUID] = [2 ** 31, 2 ** 27, 2 ** 23];
const host = { files } as unknown as NativeHost;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-receiver-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Stat {
  readonly path: string;
  readonly mode?: number;
  readonly size?: number;
  readonly link?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
}

const statPacket = ({ path, mode = 0o644, size, link, xattrs = {} }: Stat): Buffer =>
  encode({
    1: STAT,
    2: encode({
      ...{ 1: path, 2: mode, 3: 7, 4: 8, 5: size, 6: 1_700_000_000_000_000_000, 7: link },
      10: mapEntries(Object.entries(xattrs)),
    }),
  });

/** What a client sends: entries, then what it answers to each question for a file. */
function receive(
  stats: readonly Stat[],
  answer: (id: number) => readonly Buffer[],
  limits = { maxBytes: 1e9, maxEntries: 1000 },
): Promise<ContextTree> {
  const questions: Buffer[] = [];
  let wake = (): void => undefined;
  async function* messages(): AsyncGenerator<Buffer> {
    for (const stat of stats) yield statPacket(stat);
    yield encode({ 1: STAT });
    for (;;) {
      const question = questions.shift();
      if (!question) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const packet = decode(question);
      if (numberOf(packet, 1) === FIN) {
        yield encode({ 1: FIN });
        return;
      }
      expect(numberOf(packet, 1)).toBe(REQ);
      yield* answer(numberOf(packet, 3));
    }
  }
  const call = {
    messages: messages(),
    send: async (message: Uint8Array) => {
      questions.push(Buffer.from(message));
      wake();
    },
    end: () => undefined,
    cancel: () => undefined,
  };
  const fill = (sink: Parameters<typeof receiveFolder>[1]): Promise<void> => receiveFolder(call, sink, () => undefined);
  return ContextTree.filled(host, join(folder, crypto.randomUUID()), fill, limits);
}

const data = (id: number, content: string): Buffer => encode({ 1: DATA, 3: id, 4: content });
const end = (id: number): Buffer => encode({ 1: DATA, 3: id });

it('takes files, folders, links, modes and attributes', async () => {
  const tree = await receive(
    [
      { path: 'a', size: 5, mode: SETUID + 0o755, xattrs: { 'user.x': 'y' } },
      { path: 'b', mode: FOLDER + 0o700 },
      { path: 'b/empty', size: 0 },
      { path: 'b/hard', link: 'a', size: 5 },
      { path: 'b/soft', mode: SYMLINK + 0o777, link: '../a' },
    ],
    (id) => [data(id, 'hel'), data(id, 'lo'), end(id)],
  );
  const entries = [];
  for await (const { path, type, mode, uid, mtime, xattrs } of tree.entries('/'))
    entries.push([path, type, mode.toString(8), uid, mtime, xattrs.get('user.x')?.toString()]);
  expect(entries.slice(1)).toEqual([
    ['a', 'file', '4755', 7, 1_700_000_000, 'y'],
    ['b', 'directory', '700', 7, 1_700_000_000, undefined],
    ['b/empty', 'file', '644', 7, 1_700_000_000, undefined],
    ['b/hard', 'file', '4755', 7, 1_700_000_000, 'y'],
    ['b/soft', 'symlink', '777', 7, 1_700_000_000, undefined],
  ]);
  expect((await tree.read('b/soft', 10))?.toString()).toBe('hello');
  await tree.close();
});

it('takes many files whose pieces come mixed', async () => {
  const names = Array.from({ length: 300 }, (_, index) => `f${String(index).padStart(3, '0')}`);
  let held: number | undefined;
  const tree = await receive(
    names.map((path) => ({ path, size: 6 })),
    (id) => {
      // Two at a time, their halves in turn.
      if (held === undefined && id < names.length - 1) {
        held = id;
        return [data(id, 'abc')];
      }
      const other = held;
      held = undefined;
      const both = [data(id, 'xyz'), ...(other === undefined ? [] : [data(other, 'def'), end(other)])];
      return [...both, data(id, 'uvw'), end(id)];
    },
  );
  const contents = await Promise.all(names.map(async (name) => (await tree.read(name, 10))?.toString()));
  expect(new Set(contents)).toEqual(new Set(['abcdef', 'xyzuvw']));
  await tree.close();
});

it('a file that grew or shrank meanwhile is what came of what was told', async () => {
  const sizes = [
    { path: 'grew', size: 3 },
    { path: 'shrank', size: 9 },
  ];
  const tree = await receive(sizes, (id) => [data(id, id === 0 ? 'abcdef' : 'xy'), end(id)]);
  expect((await tree.read('grew', 10))?.toString()).toBe('abc');
  expect((await tree.read('shrank', 10))?.toString()).toBe('xy');
  await tree.close();
});

it.each(['../out', '/abs', 'a/../../b', 'a//b', './a', '..', '', 'nul\0'])('the path %j is refused', async (path) => {
  await expect(receive([{ path, size: 1 }], (id) => [data(id, 'x'), end(id)])).rejects.toThrow('is no path within');
});

it.each<[string, readonly Stat[], (id: number) => Buffer[], string]>([
  ['a file that nobody asked for', [{ path: 'a', size: 1 }], () => [data(5, 'x')], 'was not asked for (5)'],
  ['a link to nothing', [{ path: 'a', link: 'none' }], () => [], 'which is no file'],
  ['an error of its own', [{ path: 'a', size: 1 }], () => [encode({ 1: ERR, 4: 'disk on fire' })], 'disk on fire'],
  ['an end before the end', [{ path: 'a', size: 1 }], () => [encode({ 1: STAT })], 'tells a file after the last'],
  ['a message that is none', [{ path: 'a', size: 1 }], () => [Buffer.from([0xff])], 'cannot read the build context'],
])('%s is refused', async (_, stats, answer, message) => {
  // A second end comes as an entry after the last.
  const answers = message.includes('after the last') ? () => [statPacket({ path: 'b' })] : answer;
  await expect(receive(stats, answers)).rejects.toThrow(message);
});

it('more bytes or files than there is room for are refused before they come', async () => {
  const limits = { maxBytes: 10, maxEntries: 2 };
  await expect(receive([{ path: 'a', size: 1e15 }], () => [], limits)).rejects.toThrow('larger than 10 bytes');
  const many = ['a', 'b', 'c'].map((path) => ({ path, mode: FOLDER + 0o755 }));
  await expect(receive(many, () => [], limits)).rejects.toThrow('more than 2 files');
});
