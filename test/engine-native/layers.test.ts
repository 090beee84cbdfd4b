// Archives are hostile: what a layer may hold, how it is rewritten, and what is refused.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { decompressed } from '../../src/archive/compression.ts';
import { END_OF_ARCHIVE, encodeHeader, padding, type TarHeader, type TarType } from '../../src/archive/tar-header.ts';
import { readTar } from '../../src/archive/tar-reader.ts';
import { realNativeHost } from '../../src/engine/native/host.ts';
import { LayerEntries } from '../../src/engine/native/images/layer-entries.ts';
import { unpackLayer } from '../../src/engine/native/images/unpack.ts';

const header = (path: string, type: TarType = 'file', more: Partial<TarHeader> = {}): TarHeader => ({
  path,
  type,
  mode: 0o644,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  size: 0,
  mtime: 1_700_000_000,
  linkPath: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map(),
  ...more,
});

const file = (path: string, content: string): Buffer =>
  Buffer.concat([
    encodeHeader(header(path, 'file', { size: Buffer.byteLength(content) })),
    Buffer.from(content),
    Buffer.alloc(padding(Buffer.byteLength(content))),
  ]);
const archive = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, END_OF_ARCHIVE]);

async function entries(bytes: Buffer): Promise<TarHeader[]> {
  const found: TarHeader[] = [];
  for await (const { body: _, pax: __, ...entry } of readTar(Readable.from([bytes]))) found.push(entry);
  return found;
}

describe('tar', () => {
  const long = `${'d'.repeat(90)}/${'f'.repeat(90)}`;
  test.each<[string, TarHeader]>([
    ['a plain file', header('etc/passwd', 'file', { size: 0 })],
    ['a folder', header('etc/', 'directory', { mode: 0o1777 })],
    ['a long name', header(long)],
    ['a name beyond ASCII', header('größe/名前')],
    ['a link with a long target', header('l', 'symlink', { linkPath: long })],
    ['large ids', header('f', 'file', { uid: 3_000_000, gid: 2_147_483_647 })],
    ['a time with a fraction', header('f', 'file', { mtime: 1_700_000_000.25 })],
    ['a device', header('dev/null', 'char', { devMajor: 1, devMinor: 3 })],
    [
      'extended attributes',
      header('ping', 'file', { xattrs: new Map([['security.capability', Buffer.from([1, 0, 255, 10])]]) }),
    ],
  ])('%s survives writing and reading', async (_, written) => {
    expect(await entries(archive(encodeHeader(written)))).toEqual([written]);
  });

  test('pieces of any size give the same entries', async () => {
    const bytes = archive(file('a', 'x'.repeat(1000)), encodeHeader(header(long)), file('b', 'y'));
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, n) => bytes.subarray(n * 7, n * 7 + 7));
    const found: string[] = [];
    for await (const entry of readTar(Readable.from(pieces))) {
      const chunks: Buffer[] = [];
      for await (const piece of entry.body()) chunks.push(piece);
      found.push(`${entry.path.slice(0, 3)} ${Buffer.concat(chunks).length}`);
    }
    expect(found).toEqual(['a 1000', 'ddd 0', 'b 1']);
  });

  test.each<[string, Buffer, RegExp]>([
    ['text', Buffer.from('this is no archive '.repeat(60)), /not octal/],
    ['an archive cut within a file', archive(file('a', 'x'.repeat(600))).subarray(0, 700), /ends within "a"/],
    ['an archive cut within a header', archive(file('a', '')).subarray(0, 300), /ends within a header/],
    [
      'a huge extension header',
      encodeHeader(header('x', 'file', { size: 2 ** 31 })).fill('x', 156, 157),
      /checksum|too large/,
    ],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(entries(bytes)).rejects.toThrow(message);
  });
});

describe('the entries of a layer', () => {
  const accept = (...given: TarHeader[]): (TarHeader | undefined)[] => {
    const layer = new LayerEntries();
    return given.map((entry) => layer.accept(entry));
  };

  test('a whiteout becomes a character device 0:0', () => {
    expect(accept(header('etc/.wh.passwd'))[0]).toMatchObject({
      path: 'etc/passwd',
      type: 'char',
      devMajor: 0,
      devMinor: 0,
    });
  });

  test('an opaque marker becomes an attribute of its folder, which keeps its mode', () => {
    const [, marked] = accept(header('var/', 'directory', { mode: 0o750 }), header('var/.wh..wh..opq'));
    expect(marked).toMatchObject({ path: 'var/', type: 'directory', mode: 0o750 });
    expect(marked?.xattrs.get('trusted.overlay.opaque')).toEqual(Buffer.from('y'));
  });

  test('the older storage driver’s own files are left out', () => {
    expect(accept(header('.wh..wh.plnk/1.2'), header('.wh..wh.aufs'))[1]).toBeUndefined();
  });

  test.each(['../etc/passwd', 'a/../../etc/passwd', '/a/../b', 'a/..'])('%s leaves the layer', (path) => {
    expect(() => accept(header(path))).toThrow(/leaves the layer/);
  });

  test('an absolute name is taken from the top of the layer', () => {
    expect(accept(header('/etc/passwd'))[0]?.path).toBe('etc/passwd');
  });

  test.each([
    ['/etc', 'etc/x'],
    ['../../../etc', 'etc/x'],
    ['..', 'x'],
    ['inner/deep', 'a/inner/deep/x'],
  ])('what lies behind a link to %s stays in the layer', (target, path) => {
    const [, entry] = accept(header('a/link', 'symlink', { linkPath: target }), header('a/link/x'));
    expect(entry?.path).toBe(path);
  });

  test('a hard link through a symbolic one points into the layer', () => {
    const [, entry] = accept(
      header('out', 'symlink', { linkPath: '/' }),
      header('mine', 'link', { linkPath: 'out/etc/shadow' }),
    );
    expect(entry).toMatchObject({ path: 'mine', linkPath: 'etc/shadow' });
  });

  test('a hard link to a symbolic one leads where that one does', () => {
    const [, , entry] = accept(
      header('out', 'symlink', { linkPath: '/etc' }),
      header('also', 'link', { linkPath: 'out' }),
      header('also/x'),
    );
    expect(entry?.path).toBe('etc/x');
  });

  test('links that lead to themselves are refused', () => {
    const loop = [header('a', 'symlink', { linkPath: 'b' }), header('b', 'symlink', { linkPath: 'a' }), header('a/x')];
    expect(() => accept(...loop)).toThrow(/too many symbolic links/);
  });

  test('a layer cannot speak to overlayfs itself', () => {
    const xattrs = new Map([
      ['trusted.overlay.redirect', Buffer.from('/etc')],
      ['user.note', Buffer.from('kept')],
    ]);
    expect([...(accept(header('d/', 'directory', { xattrs }))[0]?.xattrs.keys() ?? [])]).toEqual(['user.note']);
  });

  test('NUL bytes and endless names are refused', () => {
    expect(() => accept(header('a\0b'))).toThrow(/NUL/);
    expect(() => accept(header('a/'.repeat(3000)))).toThrow(/longer than/);
  });
});

describe('unpacking', () => {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });
  const target = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'windlass-layer-'));
    folders.push(folder);
    return folder;
  };

  test('files arrive, and the digest is that of the whole archive', async () => {
    const bytes = archive(
      encodeHeader(header('etc/', 'directory', { mode: 0o755 })),
      file('etc/a', 'hello'),
      file('b', ''),
    );
    const folder = await target();
    const { diffId, size } = await unpackLayer(realNativeHost(), Readable.from([bytes]), folder);
    const { createHash } = await import('node:crypto');
    expect(diffId).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
    expect(size).toBe(5);
    expect(await readFile(join(folder, 'etc/a'), 'utf8')).toBe('hello');
    expect((await readdir(folder)).sort()).toEqual(['b', 'etc']);
  });

  test('a bomb is stopped at its limit', async () => {
    const bytes = archive(file('a', 'x'.repeat(5000)), file('b', 'x'.repeat(5000)));
    const limits = { maxBytes: 8000, maxEntries: 10 };
    await expect(unpackLayer(realNativeHost(), Readable.from([bytes]), await target(), limits)).rejects.toThrow(
      /more than 8000 bytes/,
    );
    const few = { maxBytes: 80_000, maxEntries: 1 };
    await expect(unpackLayer(realNativeHost(), Readable.from([bytes]), await target(), few)).rejects.toThrow(
      /more than 1 entries/,
    );
  });

  test('compression is told by the first bytes', async () => {
    const bytes = archive(file('a', 'hello'));
    const { stream, compression } = await decompressed(Readable.from([gzipSync(bytes)]));
    expect(compression).toBe('gzip');
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect((await decompressed(Readable.from([Buffer.from('hi')]))).compression).toBe('none');
  });
});
