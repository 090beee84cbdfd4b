// Bundles that are broken or mean harm: each is refused with words that say why, and leaves nothing behind.
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { BundleStore } from '../../src/shipping/bundle/bundle-store.ts';
import { blobPath, layoutOf } from '../../src/shipping/bundle/image-layout.ts';
import { digestOfText, encodeManifest } from '../../src/shipping/bundle/manifest.ts';
import {
  bytesOf,
  entriesOf,
  fileOf,
  type Handmade,
  handmade,
  listed,
  type TestEntry,
  testFolder,
} from './support/handmade-bundle.ts';

/** Unpacks the bytes; gives what it was refused with, and checks that the store is as it was. */
async function refusalOf(bytes: Buffer, name?: string): Promise<string> {
  const folder = await testFolder();
  const store = join(folder, 'state');
  const file = await fileOf(bytes, folder, name);
  const refused = await new BundleStore(store).unpack(file).then(
    () => 'nothing: it was taken',
    (error: Error) => `${error.name}: ${error.message}`,
  );
  expect(await readdir(store).catch(() => [])).toEqual([]);
  return refused;
}

/** A bundle as it should be, but for what `change` does. */
async function spoilt(change: (made: Handmade) => void | Promise<void>): Promise<string> {
  const made = await handmade();
  await change(made);
  return refusalOf(await bytesOf(entriesOf(made)));
}

it('a bundle as it should be is taken, compressed or not, and only once', async () => {
  const folder = await testFolder();
  const bytes = await bytesOf(entriesOf(await handmade()));
  const store = new BundleStore(join(folder, 'state'));
  const first = await store.unpack(await fileOf(bytes, folder));
  const second = await store.unpack(await fileOf(gzipSync(bytes), folder, 'app.windlass.tar.gz'));
  expect(second).toEqual({ ...first, isChecked: false });
  expect(await readdir(first.files)).toEqual(['compose.yaml']);
});

describe('cut short and corrupted', () => {
  it('at any length it is refused', async () => {
    const bytes = await bytesOf(entriesOf(await handmade()));
    // Headers, contents and what pads them begin at multiples of 512; the end is two blocks of zeros.
    const lengths = Array.from({ length: bytes.length / 512 }, (_, index) => [index * 512, index * 512 + 1]).flat();
    for (const length of [...lengths, bytes.length - 1])
      expect(await refusalOf(bytes.subarray(0, length)), `${length} bytes`).toMatch(/^BundleError: /);
  });

  it('a changed byte in what pads contents, in the end or behind it is refused', async () => {
    const bytes = await bytesOf(entriesOf(await handmade()));
    for (const at of [bytes.length - 1025, bytes.length - 1024, bytes.length - 512, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = 1;
      expect(await refusalOf(changed), `byte ${at} of ${bytes.length}`).toMatch(/^BundleError: /);
    }
    expect(await refusalOf(Buffer.concat([bytes, Buffer.alloc(512)]))).toContain('goes on beyond its end');
  });

  it('a changed byte in any content is refused', async () => {
    const made = await handmade();
    for (const path of made.parts.keys()) {
      const spoiltParts = new Map(made.parts);
      const content = Buffer.from(made.parts.get(path) ?? '');
      content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1;
      spoiltParts.set(path, content);
      const bytes = await bytesOf(entriesOf({ ...made, parts: spoiltParts }, listed(made)));
      expect(await refusalOf(bytes)).toContain(`"${path}" has digest sha256:`);
    }
  });

  it('half a compressed file is refused', async () => {
    const bytes = gzipSync(await bytesOf(entriesOf(await handmade())));
    expect(await refusalOf(bytes.subarray(0, bytes.length >> 1), 'app.tar.gz')).toMatch(
      /^BundleError: .*not a whole bundle/,
    );
  });
});

describe('entries', () => {
  const withEntries = async (change: (entries: TestEntry[]) => TestEntry[]): Promise<string> =>
    refusalOf(await bytesOf(change(entriesOf(await handmade()))));

  it.each<[string, (entries: TestEntry[]) => TestEntry[], RegExp]>([
    ['twice', (all) => [...all, ...all.slice(-1)], /"oci-layout" is in the bundle and not in its bundle.json/],
    [
      'not listed',
      (all) => [...all, { path: 'more', text: 'x' }],
      /"more" is in the bundle and not in its bundle.json/,
    ],
    ['missing', (all) => all.slice(0, -1), /"oci-layout" is not in the bundle: it was cut short/],
    ['in another order', ([first = { path: '' }, ...rest]) => [first, ...rest.reverse()], /not in its place/],
    [
      'a link',
      (all) => [...all.slice(0, -1), { path: 'oci-layout', type: 'symlink', linkPath: '/etc/passwd' }],
      /not a plain file/,
    ],
    ['a folder', (all) => [...all, { path: 'x/', type: 'directory' }], /not a plain file/],
    [
      'bundle.json twice',
      ([first = { path: '' }, ...rest]) => [first, first, ...rest],
      /"bundle.json" is in the bundle/,
    ],
    ['no bundle.json', (all) => all.slice(1), /is not a bundle of windlass/],
  ])('%s', async (_, change, expected) => {
    expect(await withEntries(change)).toMatch(expected);
  });
});

describe('bundle.json', () => {
  const withManifest = async (change: (manifest: Record<string, unknown>) => unknown): Promise<string> => {
    const made = await handmade();
    const changed = change(JSON.parse(encodeManifest(listed(made))) as Record<string, unknown>);
    return refusalOf(
      await bytesOf(entriesOf(made, typeof changed === 'string' ? changed : `${JSON.stringify(changed)}\n`)),
    );
  };
  const project = { name: 'tiny', directory: '.', composeFiles: ['compose.yaml'], profiles: [] };

  it.each<[string, (manifest: Record<string, unknown>) => unknown, RegExp]>([
    ['is no JSON', () => '{', /bundle.json is not JSON/],
    ['is a list', () => [], /bundle.json is not a mapping/],
    ['is empty', () => ({}), /bundle.json.version is not a number/],
    ['is of a later format', (m) => ({ ...m, version: 2 }), /this bundle has format 2/],
    [
      'names a path out of the bundle',
      (m) => ({ ...m, project: { ...project, composeFiles: ['../../etc/passwd'] } }),
      /composeFiles\[0\] is not a path within the bundle/,
    ],
    [
      'names an absolute path',
      (m) => ({ ...m, project: { ...project, directory: '/etc' } }),
      /directory is not a path within/,
    ],
    [
      'names a bad project',
      (m) => ({ ...m, project: { ...project, name: '../x' } }),
      /project.name is not a project name/,
    ],
    [
      'lists a wrong size',
      (m) => ({ ...m, contents: (m.contents as object[]).map((c) => ({ ...c, size: -1 })) }),
      /size is not a number/,
    ],
    [
      'lists no digest',
      (m) => ({ ...m, contents: (m.contents as object[]).map((c) => ({ ...c, digest: 'md5:1' })) }),
      /digest is not a sha256 digest/,
    ],
    [
      'lists things twice',
      (m) => ({ ...m, contents: (m.contents as object[]).flatMap((c) => [c, c]) }),
      /is listed twice/,
    ],
    [
      'lists out of order',
      (m) => ({ ...m, contents: [...(m.contents as object[])].reverse() }),
      /does not list its contents in order/,
    ],
    [
      'has a volume without contents',
      (m) => ({ ...m, volumes: [{ key: 'data', path: 'volumes/data.tar', unpackedSize: 1, entries: 1 }] }),
      /the contents of volume "data" are not in the bundle/,
    ],
    ['is enormous', (m) => ({ ...m, padding: 'x'.repeat(5 * 1024 * 1024) }), /larger than|beyond/],
  ])('that %s', async (_, change, expected) => {
    expect(await withManifest(change)).toMatch(expected);
  });
});

describe('images', () => {
  const replaceText = (made: Handmade, path: string, change: (text: string) => string): void => {
    made.parts.set(path, Buffer.from(change(made.parts.get(path)?.toString() ?? '')));
  };

  it('a blob that is not named after its digest', async () => {
    expect(await spoilt((made) => void made.parts.set(blobPath(digestOfText('a')), Buffer.from('b')))).toContain(
      'is not named after its digest',
    );
  });

  it('a wrong media type', async () => {
    const refused = await spoilt((made) =>
      replaceText(made, 'index.json', (text) => text.replaceAll('image.manifest.v1+json', 'image.rumour.v1+json')),
    );
    expect(refused).toContain('mediaType is not application/vnd.oci.image.manifest.v1+json or');
  });

  it('a wrong size', async () => {
    const refused = await spoilt((made) =>
      replaceText(made, 'index.json', (text) => text.replace(/"size":\d+/, '"size":7')),
    );
    expect(refused).toMatch(/index.json.manifests\[0\].size is not \d+/);
  });

  it('a reference to what is not there', async () => {
    const refused = await spoilt((made) =>
      replaceText(made, 'index.json', (text) => text.replace(/sha256:[0-9a-f]{64}/, digestOfText('nowhere'))),
    );
    expect(refused).toContain('is referred to and not in the bundle');
  });

  it('an index that knows nothing of the image', async () => {
    const empty = layoutOf([]).documents.get('index.json') ?? '';
    expect(await spoilt((made) => replaceText(made, 'index.json', () => empty))).toContain(
      'image "tiny:1" for linux/amd64 is not in index.json',
    );
  });

  it('a manifest.json that speaks of another image than index.json', async () => {
    const refused = await spoilt((made) =>
      replaceText(made, 'manifest.json', (text) => text.replace('tiny:1', 'other:1')),
    );
    expect(refused).toContain('manifest.json speaks of another image than "other:1"');
  });

  it('a manifest.json with other layers', async () => {
    const refused = await spoilt((made) =>
      replaceText(made, 'manifest.json', (text) => text.replace(/"Layers":\[.*?\]/, '"Layers":[]')),
    );
    expect(refused).toContain('manifest.json gives "tiny:1" other layers');
  });
});

describe("the project's files", () => {
  const withFiles = async (...files: TestEntry[]): Promise<string> =>
    refusalOf(await bytesOf(entriesOf(await handmade(files))));
  const compose = { path: 'compose.yaml', text: 'services: {}' };

  it.each<[string, TestEntry[], RegExp]>([
    ['above the folder', [{ path: '../evil', text: 'x' }], /"..\/evil" leads out of its folder/],
    ['absolute', [{ path: '/etc/evil', text: 'x' }], /leads out of its folder/],
    [
      'dots in the middle',
      [
        { path: 'a/', type: 'directory' },
        { path: 'a/../../evil', text: 'x' },
      ],
      /leads out of its folder/,
    ],
    ['a backslash', [{ path: 'a\\..\\evil', text: 'x' }], /leads out of its folder/],
    ['a line break in the name', [{ path: 'a\nb', text: 'x' }], /leads out of its folder/],
    ['an absolute link', [{ path: 'link', type: 'symlink', linkPath: '/etc' }], /is a link that leads out/],
    ['a link upwards', [{ path: 'link', type: 'symlink', linkPath: '../..' }], /is a link that leads out/],
    [
      'a file through a link',
      [
        { path: 'link', type: 'symlink', linkPath: '.' },
        { path: 'link/evil', text: 'x' },
      ],
      /is in a folder that is none/,
    ],
    [
      'two links that lead out together',
      [
        { path: 'a/', type: 'directory' },
        { path: 'a/b/', type: 'directory' },
        { path: 'a/b/up', type: 'symlink', linkPath: '../..' },
        { path: 'a/b/out', type: 'symlink', linkPath: 'up/..' },
      ],
      /"a\/b\/out" is a link that leads out/,
    ],
    [
      'a hard link',
      [compose, { path: 'hard', type: 'link', linkPath: 'compose.yaml' }],
      /neither file, folder nor link/,
    ],
    ['a device', [{ path: 'null', type: 'char', devMajor: 1, devMinor: 3 }], /neither file, folder nor link/],
    ['a pipe', [{ path: 'pipe', type: 'fifo' }], /neither file, folder nor link/],
    ['twice', [compose, compose], /"compose.yaml" is there twice/],
    ['a folder in the place of a file', [compose, { path: 'compose.yaml/', type: 'directory' }], /is there twice/],
    ['without its folder', [{ path: 'a/b', text: 'x' }], /is in a folder that is none/],
  ])('%s', async (_, files, expected) => {
    expect(await withFiles(...files)).toMatch(expected);
  });
});

it('a few bytes that unpack to far more than is listed are refused before they are unpacked', async () => {
  const bytes = await bytesOf(entriesOf(await handmade()));
  const bomb = gzipSync(Buffer.concat([bytes, Buffer.alloc(256 * 1024 * 1024)]));
  expect(bomb.length).toBeLessThan(1024 * 1024);
  expect(await refusalOf(bomb, 'bomb.tar.gz')).toContain('goes on beyond');
});

it('bundle.json is what its schema says, and the schema knows what it is not', async () => {
  const schema = JSON.parse(readFileSync('schemas/bundle.schema.json', 'utf8')) as object;
  const validate = new Ajv({ allErrors: true }).compile(schema);
  const manifest = listed(await handmade());
  expect(validate(JSON.parse(encodeManifest(manifest))), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...manifest, version: 2 })).toBe(false);
  expect(validate({ ...manifest, more: 1 })).toBe(false);
});
