// Archives of volumes: one form whatever they were read with, holes written out where they must be, strangers' tricks refused.
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type ReadEntry, readTar } from '../../src/archive/tar-reader.ts';
import { plainHeader, type TarSource, writeTar } from '../../src/archive/tar-writer.ts';
import { checkVolume } from '../../src/shipping/volumes/check-volume.ts';
import { expanded, volumeEntries } from '../../src/shipping/volumes/volume-entries.ts';
import { type TestEntry, tarOf } from './support/handmade-bundle.ts';

const stream = (bytes: Uint8Array): Readable => Readable.from([bytes]);
const collect = async (source: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
};
const normalised = async (bytes: Uint8Array, prefix: string): Promise<Buffer> =>
  collect(writeTar(volumeEntries(stream(bytes), prefix)));

/** As GNU tar writes a file of ten bytes with "ab" at 0 and "z" at 9: the map, padded to a block, then the pieces. */
const map = '2\n0\n2\n9\n1\n';
const sparse: TestEntry = {
  path: './GNUSparseFile.4711/hole',
  text: `${map.padEnd(512, '\0')}abz`,
  records: new Map(
    Object.entries({
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': './hole',
      'GNU.sparse.realsize': '10',
    }).map(([key, value]) => [key, Buffer.from(value)] as const),
  ),
};
const tree = (root: string): TestEntry[] => [
  { path: root, type: 'directory', mode: 0o1770, uid: 999, gid: 5 },
  { path: `${root}d/`, type: 'directory' },
  {
    path: `${root}d/f`,
    text: 'x',
    mode: 0o4751,
    mtime: 1_700_000_000,
    xattrs: new Map([['user.note', Buffer.from('n')]]),
  },
  { path: `${root}hard`, type: 'link', linkPath: `${root}d/f` },
  { path: `${root}sym`, type: 'symlink', linkPath: '/anywhere/else' },
];

it("GNU tar's archive of a folder and Docker's of a mount are the same one", async () => {
  const ours = await normalised(await tarOf(tree('./')), './');
  expect(await normalised(await tarOf(tree('windlass-volume/')), 'windlass-volume/')).toEqual(ours);
  expect(await checkVolume(stream(ours))).toEqual({ entries: 5, unpackedSize: 1 });
});

it('refuses what stands beside the volume', async () => {
  await expect(normalised(await tarOf([{ path: 'other/', type: 'directory' }]), 'windlass-volume/')).rejects.toThrow(
    'beside it',
  );
});

it('a sparse file keeps its map, without the number of the process; written out it has its zeros', async () => {
  const bytes = await normalised(await tarOf([...tree('./'), sparse]), './');
  expect(bytes.includes('GNUSparseFile')).toBe(false);
  expect(await checkVolume(stream(bytes))).toEqual({ entries: 6, unpackedSize: 11 });
  const plain = async function* (): AsyncGenerator<TarSource> {
    for await (const entry of readTar(stream(bytes))) yield expanded(entry, 'at/');
  };
  const found = new Map<string, string>();
  for await (const entry of readTar(writeTar(plain()))) found.set(entry.path, (await collect(entry.body())).toString());
  expect(found.get('at/hole')).toBe('ab\0\0\0\0\0\0\0z');
  expect([...found.keys()]).toEqual(['at/', 'at/d/', 'at/d/f', 'at/hard', 'at/sym', 'at/hole']);
});

it.each(['', '2\n', '1\n0\n99999999999999999999\n', 'x\n', '2\n5\n1\n0\n1\n', '1\n0\n600\n'])(
  'a damaged map %j is refused',
  async (text) => {
    const entry: TestEntry = { ...sparse, text: text.padEnd(512, '\0') };
    const bytes = await tarOf([entry]);
    const read = async (): Promise<void> => {
      for await (const one of readTar(stream(bytes)) as AsyncGenerator<ReadEntry>)
        await collect((expanded(one, '').content?.() ?? []) as AsyncIterable<Uint8Array>);
    };
    await expect(read()).rejects.toThrow(/sparse file/);
  },
);

describe('hostile', () => {
  const root: TestEntry = { path: './', type: 'directory' };
  it.each<[string, TestEntry[], RegExp]>([
    ['nothing', [], /is empty/],
    ['no folder of its own', [{ path: 'f', text: 'x' }], /not the folder of the volume/],
    ['a path upwards', [root, { path: '../f', text: 'x' }], /leads out of it/],
    ['an absolute path', [root, { path: '/etc/f', text: 'x' }], /leads out of it/],
    [
      'a real name of a sparse file that leads out',
      [root, { ...sparse, records: new Map([...(sparse.records ?? []), ['GNU.sparse.name', Buffer.from('../../f')]]) }],
      /leads out of it/,
    ],
    [
      'a file through a link',
      [root, { path: 'l', type: 'symlink', linkPath: '/etc' }, { path: 'l/f', text: 'x' }],
      /folder that is none/,
    ],
    [
      'a hard link to the host',
      [root, { path: 'h', type: 'link', linkPath: '/etc/shadow' }],
      /hard link to nothing in it/,
    ],
    [
      'a hard link to a symbolic one',
      [root, { path: 'l', type: 'symlink', linkPath: '/etc/shadow' }, { path: 'h', type: 'link', linkPath: 'l' }],
      /hard link to nothing in it/,
    ],
    ['a device', [root, { path: 'sda', type: 'block', devMajor: 8, devMinor: 0 }], /is a device/],
    ['twice', [root, { path: 'f', text: 'x' }, { path: 'f', text: 'y' }], /is there twice/],
    ['the folder twice', [root, { path: 'a/', type: 'directory' }, root], /leads out of it|is there twice/],
  ])('%s', async (_, entries, expected) => {
    await expect(checkVolume(stream(await tarOf(entries)))).rejects.toThrow(expected);
  });

  it('cut short', async () => {
    const bytes = await tarOf([root, { path: 'f', text: 'x'.repeat(2000) }]);
    await expect(checkVolume(stream(bytes.subarray(0, 1700)))).rejects.toThrow(/is damaged/);
  });
});

it('a plain header is a file of root without times', () => {
  expect(plainHeader({ path: 'f' })).toMatchObject({ type: 'file', uid: 0, gid: 0, mtime: 0, mode: 0o644 });
});
