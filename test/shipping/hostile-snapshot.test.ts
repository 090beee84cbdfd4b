// Snapshots that are broken or mean harm: each is refused with words that say why, before anything could have been changed.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { byBytes, digestOfText } from '../../src/shipping/bundle/manifest.ts';
import { checkSnapshot, readVolumes } from '../../src/shipping/snapshots/read-snapshot.ts';
import { nameFrom, SnapshotStore, snapshotFolder } from '../../src/shipping/snapshots/snapshot-store.ts';
import { bytesOf, type TestEntry, tarOf, testFolder } from './support/handmade-bundle.ts';

const ROOT: TestEntry = { path: './', type: 'directory' };
const TREE: readonly TestEntry[] = [ROOT, { path: 'f', text: 'kept' }];

interface Made {
  /** Of `volumes/data.tar`. */
  archive: Buffer;
  /** Of bundle.json. */
  manifest: Record<string, unknown>;
  volume: Record<string, unknown>;
  /** What stands in the file, in order, without bundle.json. */
  entries: TestEntry[];
}

/** A snapshot of one volume with one file, but for what `change` does to it. */
async function snapshot(change: (made: Made) => unknown = () => undefined, tree = TREE): Promise<Buffer> {
  const archive = await tarOf(tree);
  const made: Made = {
    archive,
    manifest: {
      version: 1,
      takenAt: '2026-01-02T03:04:05.678Z',
      project: { name: 'shop', directory: '.', composeFiles: [], profiles: [] },
      images: [],
      needs: { variables: [], secretFiles: [], hostPaths: [], networks: [], volumes: [], images: [] },
      environment: {},
      contents: [{ path: 'volumes/data.tar', size: archive.length, digest: digestOfText(archive) }],
    },
    volume: {
      key: 'data',
      path: 'volumes/data.tar',
      entries: tree.length,
      unpackedSize: tree.reduce((sum, { text = '' }) => sum + text.length, 0),
    },
    entries: [{ path: 'volumes/data.tar', text: archive.toString('latin1') }],
  };
  await change(made);
  const text = JSON.stringify({ volumes: [made.volume], ...made.manifest });
  return bytesOf([{ path: 'bundle.json', text }, ...made.entries]);
}

async function write(bytes: Buffer, name = 'snapshot.tar'): Promise<string> {
  const file = join(await testFolder(), name);
  await writeFile(file, bytes);
  return file;
}

const refusal = async (bytes: Buffer): Promise<string> =>
  checkSnapshot(await write(bytes)).then(
    () => 'nothing: it was taken',
    (error: Error) => `${error.name}: ${error.message}`,
  );

it('a good one is taken, compressed or not, and gives its volumes', async () => {
  for (const bytes of [await snapshot(), gzipSync(await snapshot())]) {
    const file = await write(bytes);
    const { manifest } = await checkSnapshot(file);
    expect(manifest.takenAt).toBe('2026-01-02T03:04:05.678Z');
    const read: string[] = [];
    await readVolumes(file, manifest.volumes, async ({ key }, { archive, size, entries }) => {
      let bytesRead = 0;
      for await (const chunk of archive) bytesRead += chunk.length;
      expect(bytesRead).toBe(size);
      read.push(`${key} ${entries}`);
    });
    expect(read).toEqual(['data 2']);
  }
});

/** As GNU tar writes sparse files: the map, padded to a block, then the pieces. */
const sparse = (
  map: string,
  pieces: string,
  size: string,
  records: Readonly<Record<string, string>> = {},
): TestEntry => ({
  path: 'hole',
  text: `${map.padEnd(512, '\0')}${pieces}`,
  records: new Map(
    Object.entries({
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': 'hole',
      'GNU.sparse.realsize': size,
      ...records,
    }).map(([key, value]) => [key, Buffer.from(value)] as const),
  ),
});

describe('archives of volumes that mean harm', () => {
  it.each<[string, readonly TestEntry[], RegExp]>([
    ['a path upwards', [ROOT, { path: '../f', text: 'x' }], /"\.\.\/f" leads out of it/],
    ['an absolute path', [ROOT, { path: '/etc/cron.d/f', text: 'x' }], /leads out of it/],
    [
      'a file through a symbolic link',
      [ROOT, { path: 'l', type: 'symlink', linkPath: '/etc' }, { path: 'l/f', text: 'x' }],
      /folder that is none/,
    ],
    ['a hard link to the host', [ROOT, { path: 'h', type: 'link', linkPath: '/etc/shadow' }], /hard link to nothing/],
    ['a device', [ROOT, { path: 'sda', type: 'block', devMajor: 8, devMinor: 0 }], /is a device/],
    ['the same file twice', [ROOT, { path: 'f', text: 'x' }, { path: 'f', text: 'y' }], /is there twice/],
    ['no folder of its own', [{ path: 'f', text: 'x' }], /not the folder of the volume/],
    ['pieces beyond the end', [ROOT, sparse('1\n0\n3\n', 'abc', '2')], /pieces beyond its end/],
    ['pieces out of order', [ROOT, sparse('2\n5\n1\n0\n1\n', 'ab', '9')], /pieces out of order/],
    ['fewer pieces than mapped', [ROOT, sparse('1\n0\n3\n', 'ab', '9')], /other pieces than its map/],
    ['more pieces than mapped', [ROOT, sparse('1\n0\n3\n', 'abcd', '9')], /other pieces than its map/],
    ['a map without an end', [ROOT, sparse('99999999\n0\n', '', '9')], /map of the sparse file/],
    ['a size beyond numbers', [ROOT, sparse('0\n', '', '9'.repeat(30))], /no sensible size/],
    ['an older form', [ROOT, sparse('0\n', '', '9', { 'GNU.sparse.major': '0' })], /form that is not known/],
    ['a second map', [ROOT, sparse('0\n', '', '9', { 'GNU.sparse.map': '0,1' })], /form that is not known/],
  ])('%s', async (_, tree, expected) => {
    const said = await refusal(await snapshot(undefined, tree));
    expect(said).toMatch(/^VolumeError: the snapshot ".*" is refused: /);
    expect(said).toMatch(expected);
  });
});

describe('files that are not what they say', () => {
  it.each<[string, (made: Made) => unknown, RegExp]>([
    [
      'another digest',
      ({ entries }) => {
        entries[0] = { path: 'volumes/data.tar', text: (entries[0]?.text ?? '').replace('kept', 'lost') };
      },
      /has digest sha256:/,
    ],
    [
      'another size',
      ({ entries }) => {
        entries[0] = { path: 'volumes/data.tar', text: `${entries[0]?.text}more` };
      },
      /bytes, expected/,
    ],
    ['fewer entries than it says', ({ volume }) => Object.assign(volume, { entries: 3 }), /not what it says/],
    ['more bytes than it says', ({ volume }) => Object.assign(volume, { unpackedSize: 1 }), /not what it says/],
    ['contents that are missing', ({ entries }) => entries.pop(), /was cut short/],
    ['contents not listed', ({ entries }) => entries.push({ path: 'x', text: 'x' }), /not in its bundle.json/],
    [
      'a symbolic link in place of contents',
      ({ entries }) => entries.splice(0, 1, { path: 'volumes/data.tar', type: 'symlink', linkPath: '/etc/passwd' }),
      /not a plain file/,
    ],
    [
      'a volume whose contents are not listed',
      ({ volume }) => Object.assign(volume, { path: 'volumes/x.tar' }),
      /not in the bundle/,
    ],
    [
      'a volume whose contents are in the place of others',
      ({ volume, manifest, archive, entries }) => {
        Object.assign(volume, { path: 'files.tar' });
        manifest.contents = [{ path: 'files.tar', size: archive.length, digest: digestOfText(archive) }];
        entries[0] = { ...entries[0], path: 'files.tar' };
      },
      /not among its volumes/,
    ],
    ['a path that leads out', ({ volume }) => Object.assign(volume, { path: '../../data.tar' }), /not a path within/],
    ['a key that is a path', ({ volume }) => Object.assign(volume, { key: '../data' }), /not a volume key/],
    [
      'the same volume twice',
      ({ volume, manifest }) => Object.assign(manifest, { volumes: [volume, volume] }),
      /lists volume "data" twice/,
    ],
    ['no volumes', ({ manifest }) => Object.assign(manifest, { volumes: [] }), /no volumes in it/],
    ['a later format', ({ manifest }) => Object.assign(manifest, { version: 2 }), /has format 2/],
    ['a time that is none', ({ manifest }) => Object.assign(manifest, { takenAt: '\u001b[2J' }), /not a time/],
  ])('%s', async (_, change, expected) => {
    expect(await refusal(await snapshot(change))).toMatch(expected);
  });

  it('cut short anywhere', async () => {
    const whole = await snapshot();
    for (const bytes of [whole, gzipSync(whole)])
      for (const part of [0, 0.1, 0.5, 0.7])
        expect(await refusal(bytes.subarray(0, Math.floor(bytes.length * part)))).toMatch(
          /^VolumeError: .* is refused/,
        );
  });

  it('a single byte changed, wherever it is, never gives other contents', async () => {
    const whole = await snapshot();
    const { contents } = (await checkSnapshot(await write(whole))).manifest;
    for (let at = 0; at < whole.length; at += 97) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x41;
      const said = await refusal(bytes);
      // Of padding, and of words in bundle.json that nobody acts on, there is no digest.
      if (said !== 'nothing: it was taken') expect(said).toMatch(/^VolumeError: /);
      else expect((await checkSnapshot(await write(bytes))).manifest.contents).toEqual(contents);
    }
  });

  it('a few bytes that unpack to far more than is listed', async () => {
    const bomb = gzipSync(Buffer.concat([(await snapshot()).subarray(0, -1024), Buffer.alloc(64 * 1024 * 1024, 'a')]));
    expect(await refusal(bomb)).toMatch(/goes on beyond what it lists|not a whole bundle/);
  });

  it('something else altogether', async () => {
    expect(await refusal(Buffer.from('not an archive'))).toMatch(/is not a bundle of windlass/);
    expect(await refusal(await tarOf([{ path: 'f', text: 'x' }]))).toMatch(/is not a bundle of windlass/);
  });

  it('contents that change between the check and the reading are told at their end', async () => {
    const file = await write(await snapshot());
    const { manifest } = await checkSnapshot(file);
    const other = await snapshot(({ entries }) => {
      entries[0] = { path: 'volumes/data.tar', text: (entries[0]?.text ?? '').replace('kept', 'lost') };
    });
    await writeFile(file, other);
    const read = readVolumes(file, manifest.volumes, async (_, { archive }) => {
      for await (const _chunk of archive);
    });
    await expect(read).rejects.toThrow(/changed while it was read/);
  });
});

describe('the store', () => {
  it('keeps names apart from paths, lists what it has, and tells of what it cannot read', async () => {
    const folder = join(await testFolder(), 'shop');
    const store = new SnapshotStore(folder);
    expect(await store.list()).toEqual([]);
    for (const name of ['../x', '', '.hidden', 'a/b', 'a'.repeat(129)])
      await expect(store.fileFor(name, 'zstd')).rejects.toThrow(/cannot be the name of a snapshot/);
    await writeFile(await store.fileFor('good', 'none'), await snapshot());
    await writeFile(await store.fileFor('bad', 'gzip'), 'not an archive');
    await expect(store.fileFor('good', 'zstd')).rejects.toThrow(/already/);
    const listed = await store.list();
    expect(listed.map(({ name, head }) => [name, head?.manifest.volumes.map(({ key }) => key)])).toEqual(
      [
        ['bad', undefined],
        ['good', ['data']],
      ].sort(([a], [b]) => byBytes(String(a), String(b))),
    );
    expect(listed[0]?.problem).toMatch(/is not a bundle/);
    expect(await store.locate('good', '/')).toBe(join(folder, 'good.tar'));
    expect(await store.locate('good.tar', folder)).toBe(join(folder, 'good.tar'));
    await expect(store.locate('none', '/')).rejects.toThrow(/there is no snapshot "none"/);
    await expect(store.locate('.', folder)).rejects.toThrow(/is not a file/);
    await expect(store.remove('../shop/good')).rejects.toThrow(/there is no snapshot/);
    await store.remove('bad');
    expect((await store.list()).map(({ name }) => name)).toEqual(['good']);
  });

  it('is below the state of the user, a folder per project', () => {
    expect(snapshotFolder({ XDG_STATE_HOME: '/s' }, 'shop')).toBe('/s/windlass/snapshots/shop');
    expect(snapshotFolder({ HOME: '/home/u' }, 'shop')).toBe('/home/u/.local/state/windlass/snapshots/shop');
    expect(nameFrom(new Date('2026-01-02T03:04:05.678Z'))).toBe('20260102T030405Z');
  });
});
