import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { END_OF_ARCHIVE, encodeHeader, padding, type TarHeader } from '../../../src/archive/tar-header.ts';
import { readTar } from '../../../src/archive/tar-reader.ts';
import { addArchive, isArchive } from '../../../src/engine/native/builder/add-archive.ts';
import { parseMode, resolveOwner } from '../../../src/engine/native/builder/chown.ts';
import { applyContextIgnore } from '../../../src/engine/native/builder/context-ignore.ts';
import { checkDestination, copyPicked, destinationOf } from '../../../src/engine/native/builder/copy.ts';
import { partMatcher } from '../../../src/engine/native/builder/copy-match.ts';
import { contentDigest, exclusion, pickSources } from '../../../src/engine/native/builder/copy-sources.ts';
import { ContextTree } from '../../../src/engine/native/builder/files/context-tree.ts';
import { LayerWriter } from '../../../src/engine/native/builder/files/layer-writer.ts';
import { MountedTree } from '../../../src/engine/native/builder/files/mounted-tree.ts';
import { translateUpper } from '../../../src/engine/native/builder/files/upper-layer.ts';
import { realNativeHost } from '../../../src/engine/native/host.ts';

const host = realNativeHost();
let folder: string;
const opened: ContextTree[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-builder-'));
});
afterEach(async () => {
  for (const tree of opened.splice(0)) await tree.close();
  rmSync(folder, { recursive: true, force: true });
});

const header = (path: string, more: Partial<TarHeader> = {}): TarHeader => ({
  ...{ path, type: 'file', mode: 0o644, uid: 7, gid: 7, size: 0, mtime: 1, linkPath: '', devMajor: 0, devMinor: 0 },
  xattrs: new Map(),
  ...more,
});

type Entry = readonly [path: string, content: string | Partial<TarHeader>];

function archive(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(([path, content]) => {
    if (typeof content !== 'string') return [encodeHeader(header(path, content))];
    const data = Buffer.from(content);
    return [encodeHeader(header(path, { size: data.length })), data, Buffer.alloc(padding(data.length))];
  });
  return Buffer.concat([...parts, END_OF_ARCHIVE]);
}

async function received(bytes: Buffer, limits?: { maxBytes: number; maxEntries: number }): Promise<ContextTree> {
  const tree = await ContextTree.receive(
    host,
    Readable.from([bytes]),
    join(folder, `spool-${crypto.randomUUID()}`),
    limits,
  );
  opened.push(tree);
  return tree;
}

const receive = (entries: readonly Entry[], limits?: { maxBytes: number; maxEntries: number }): Promise<ContextTree> =>
  received(archive(entries), limits);

/** What a layer holds: `path type mode uid:gid content-or-target`. */
async function written(writer: LayerWriter, fill: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const reading = (async () => {
    for await (const entry of readTar(writer.archive)) {
      const body = Buffer.concat(await Readable.from(entry.body()).toArray()).toString();
      lines.push(
        [entry.path, entry.type, entry.mode.toString(8), `${entry.uid}:${entry.gid}`, body || entry.linkPath]
          .join(' ')
          .trim(),
      );
    }
  })();
  await fill();
  await writer.end();
  await reading;
  return lines;
}

describe('the context', () => {
  test('is found through links, never outside', async () => {
    const tree = await receive([
      ['d/a', 'A'],
      ['up', { type: 'symlink', linkPath: '../../../d' }],
      ['etc', { type: 'symlink', linkPath: '/var/etc' }],
      ['loop', { type: 'symlink', linkPath: 'loop' }],
      ['hard', { type: 'link', linkPath: 'd/a' }],
    ]);
    expect(await tree.find('/up/a')).toEqual({ path: '/d/a', type: 'file' });
    expect(await tree.find('/etc/passwd')).toBeUndefined();
    await expect(tree.find('/loop')).rejects.toThrow('too many levels of symbolic links');
    expect((await tree.read('hard', 10))?.toString()).toBe('A');
    expect(await tree.list('/')).toEqual(['d', 'etc', 'hard', 'loop', 'up']);
  });

  test.each([
    ['gzip', (data: Buffer) => gzipSync(data)],
    ['zstd', (data: Buffer) => zstdCompressSync(data)],
  ])('may be compressed with %s', async (_, compress) => {
    const tree = await received(compress(archive([['a', 'x']])));
    expect((await tree.read('a', 9))?.toString()).toBe('x');
  });

  test('keeps what climbs out of it at its top', async () => {
    const tree = await received(archive([['../../a', 'x']]));
    expect((await tree.read('a', 9))?.toString()).toBe('x');
  });

  test.each<[string, Entry[], string]>([
    ['a link to what is not there', [['a', { type: 'link', linkPath: 'b' }]], 'which is no file'],
    [
      'too many files',
      [
        ['a', ''],
        ['b', ''],
        ['c', ''],
      ],
      'more than 2 files',
    ],
    ['too much', [['a', 'x'.repeat(101)]], 'larger than 100 bytes'],
  ])('is refused for %s', async (_, entries, message) => {
    await expect(receive(entries, { maxBytes: 100, maxEntries: 2 })).rejects.toThrow(message);
  });

  test('loses what its ignore file names', async () => {
    const tree = await receive([
      ['.dockerignore', '*.log\nnode_modules\n!node_modules/keep\n'],
      ['a.log', 'x'],
      ['b', 'x'],
      ['node_modules/drop', 'x'],
      ['node_modules/keep', 'x'],
    ]);
    await applyContextIgnore(tree, 'Dockerfile');
    expect(await tree.list('/')).toEqual(['.dockerignore', 'b', 'node_modules']);
    expect(await tree.list('/node_modules')).toEqual(['keep']);
  });
});

describe('sources', () => {
  const options = { instruction: 'COPY', parents: false, where: 'build context' } as const;
  const entries: Entry[] = [
    ['a.txt', '1'],
    ['b.txt', '2'],
    ['dir/c.txt', '3'],
    ['dir/sub/d.txt', '4'],
    ['link', { type: 'symlink', linkPath: 'dir' }],
  ];

  test.each([
    ['a.txt', ['/a.txt']],
    ['./dir/', ['/dir']],
    ['*.txt', ['/a.txt', '/b.txt']],
    ['d?r/*', ['/dir/c.txt', '/dir/sub']],
    ['[ab].txt', ['/a.txt', '/b.txt']],
    ['link/c.txt', ['/dir/c.txt']],
    ['../../a.txt', ['/a.txt']],
    ['.', ['/']],
  ])('%s', async (source, paths) => {
    const picked = await pickSources(await receive(entries), source, options);
    expect(picked.map(({ path }) => path)).toEqual(paths);
  });

  test('that are not there are told', async () => {
    const tree = await receive(entries);
    await expect(pickSources(tree, 'x/y', options)).rejects.toThrow(
      'COPY failed: file not found in build context or excluded by .dockerignore: stat x/y: file does not exist',
    );
    await expect(pickSources(tree, '*.md', options)).rejects.toThrow('no source files were specified');
    await expect(pickSources(tree, '[a', options)).rejects.toThrow('syntax error in pattern "[a"');
  });

  test('with their parents, from a pivot on', async () => {
    const tree = await receive(entries);
    const all = await pickSources(tree, '**/*.txt', { ...options, parents: true });
    expect(all.map(({ parents, name }) => [parents, name])).toEqual([
      ['', 'a.txt'],
      ['', 'b.txt'],
      ['dir', 'c.txt'],
      ['dir/sub', 'd.txt'],
    ]);
    const [one] = await pickSources(tree, 'dir/./sub/d.txt', { ...options, parents: true });
    expect(one?.parents).toBe('sub');
  });

  test.each([
    ['*', 'abc', true],
    ['a*c', 'abbc', true],
    ['[^a-c]x', 'dx', true],
    ['[^a-c]x', 'bx', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a[\\]]', 'a]', true],
    ['[a-]', '-', true],
    [`${'*a'.repeat(100)}b`, 'a'.repeat(250), false],
  ])('%s against %s', (pattern, name, expected) => {
    expect(partMatcher(pattern)(name)).toBe(expected);
  });
});

describe('a digest of what is copied', () => {
  const digest = async (entries: Entry[], owners = false, exclude: string[] = []): Promise<string> => {
    const tree = await receive(entries);
    const [picked] = await pickSources(tree, 'd', { instruction: 'COPY', parents: false, where: 'x' });
    if (!picked) throw new Error('nothing was picked');
    return contentDigest(tree, picked, { excluded: exclusion(exclude), owners });
  };
  const base: Entry[] = [
    ['d', { type: 'directory', mode: 0o755 }],
    ['d/a', 'x'],
  ];

  test('does not count times, nor owners unless they are kept', async () => {
    const other: Entry[] = [
      ['d', { type: 'directory', mode: 0o755, mtime: 99, uid: 3 }],
      ['d/a', 'x'],
    ];
    expect(await digest(other)).toBe(await digest(base));
    expect(await digest(other, true)).not.toBe(await digest(base, true));
  });

  test('counts contents, names, modes and links', async () => {
    const variants = await Promise.all(
      (
        [
          base,
          [base[0], ['d/a', 'y']],
          [base[0], ['d/b', 'x']],
          [['d', { type: 'directory', mode: 0o700 }], base[1]],
          [...base, ['d/l', { type: 'symlink', linkPath: 'a' }]],
          [...base, ['d/l', { type: 'symlink', linkPath: 'b' }]],
        ] as Entry[][]
      ).map((entries) => digest(entries)),
    );
    expect(new Set(variants).size).toBe(variants.length);
  });

  test('does not count what is left out', async () => {
    expect(await digest([...base, ['d/x.md', 'm']], false, ['*.md'])).toBe(await digest(base));
  });
});

describe('destinations', () => {
  test.each([
    ['/w', 'a', '/w/a'],
    ['/w', './', '/w/'],
    ['/w', '.', '/w/'],
    ['/w', '..', '/'],
    ['', 'a/', '/a/'],
    ['/w', '/../../x', '/x'],
    ['/', '/', '/'],
  ])('%s %s → %s', (workdir, given, expected) => {
    expect(destinationOf(workdir, given)).toBe(expected);
  });

  test('of several sources are folders', () => {
    expect(() => checkDestination('COPY', 2, '/a')).toThrow('the destination must be a directory and end with a /');
    checkDestination('COPY', 2, '/a/');
  });
});

describe('copying', () => {
  const copy = async (source: string, destination: string, below: string | undefined): Promise<string[]> => {
    const tree = await receive([
      ['f', 'F'],
      ['d/x', 'X'],
      ['d/l', { type: 'symlink', linkPath: 'x' }],
    ]);
    const writer = new LayerWriter(host, below);
    const target = { writer, destination, owner: { uid: 0, gid: 0 }, mode: undefined };
    return written(writer, async () => {
      for (const picked of await pickSources(tree, source, { instruction: 'COPY', parents: false, where: 'x' }))
        await copyPicked(tree, picked, target, undefined);
    });
  };

  test('a file to a name, and into a folder that is there or is said to be one', async () => {
    await mkdir(join(folder, 'root/there'), { recursive: true, mode: 0o700 });
    const root = join(folder, 'root');
    expect(await copy('f', '/new/name', root)).toEqual(['new/ directory 755 0:0', 'new/name file 644 0:0 F']);
    expect(await copy('f', '/new/', root)).toEqual(['new/ directory 755 0:0', 'new/f file 644 0:0 F']);
    expect((await copy('f', '/there', root)).at(-1)).toBe('there/f file 644 0:0 F');
    // The folder that is there keeps its mode.
    expect((await copy('f', '/there', root))[0]).toMatch(/^there\/ directory 700 /);
  });

  test('a folder’s content, links as links', async () => {
    expect(await copy('d', '/to', undefined)).toEqual([
      'to/ directory 755 0:0',
      'to/l symlink 644 0:0 x',
      'to/x file 644 0:0 X',
    ]);
  });

  test('through links of the image, which lead nowhere else', async () => {
    const root = join(folder, 'root');
    await mkdir(join(root, 'real'), { recursive: true, mode: 0o755 });
    await symlink('../../../../real', join(root, 'away'));
    expect((await copy('f', '/away/', root)).at(-1)).toBe('real/f file 644 0:0 F');
    await writeFile(join(root, 'file'), '');
    await expect(copy('d', '/file', root)).rejects.toThrow('cannot copy to non-directory: /file');
    await expect(copy('f', '/file/x', root)).rejects.toThrow('"/file" is not a folder');
  });

  test('names that stand for deletions are refused', async () => {
    const tree = await receive([['.wh.passwd', 'x']]);
    const writer = new LayerWriter(host, undefined);
    const [picked] = await pickSources(tree, '*', { instruction: 'COPY', parents: false, where: 'x' });
    if (!picked) throw new Error('nothing was picked');
    await expect(
      copyPicked(tree, picked, { writer, destination: '/etc/', owner: undefined, mode: undefined }, undefined),
    ).rejects.toThrow('".wh." stand for deletions');
  });

  test('from a file system: hard links stay, links are followed within it', async () => {
    const root = join(folder, 'stage');
    await mkdir(join(root, 'd'), { recursive: true });
    await writeFile(join(root, 'd/a'), 'A');
    await host.run('ln', [join(root, 'd/a'), join(root, 'd/b')]);
    await symlink('/d', join(root, 'abs'));
    await symlink(folder, join(root, 'out'));
    const tree = new MountedTree(host, root);
    expect(await tree.find('/abs/a')).toEqual({ path: '/d/a', type: 'file' });
    expect(await tree.find('/out')).toBeUndefined();
    const writer = new LayerWriter(host, undefined);
    const [picked] = await pickSources(tree, 'abs', { instruction: 'COPY', parents: false, where: 'x' });
    if (!picked) throw new Error('nothing was picked');
    const lines = await written(writer, () =>
      copyPicked(
        tree,
        picked,
        { writer, destination: '/to/', owner: { uid: 1, gid: 2 }, mode: () => 0o600 },
        undefined,
      ),
    );
    expect(lines).toEqual(['to/ directory 600 1:2', 'to/a file 600 1:2 A', 'to/b link 600 1:2 to/a']);
  });
});

describe('archives that are added', () => {
  const add = (entries: readonly Entry[], below?: string): Promise<string[]> => {
    const writer = new LayerWriter(host, below);
    return written(writer, () =>
      addArchive(host, () => Readable.from([gzipSync(archive(entries))]), { writer, folder: '/to', owner: undefined }),
    );
  };

  test('keep owners, modes and links', async () => {
    expect(
      await add([
        ['d/', { type: 'directory', mode: 0o750 }],
        ['d/a', 'x'],
        ['h', { type: 'link', linkPath: 'd/a' }],
      ]),
    ).toEqual([
      'to/ directory 755 0:0',
      'to/d/ directory 750 7:7',
      'to/d/a file 644 7:7 x',
      'to/h link 644 7:7 to/d/a',
    ]);
  });

  test('go through links of the image and of themselves, inside', async () => {
    const root = join(folder, 'root');
    await mkdir(join(root, 'to'), { recursive: true });
    await mkdir(join(root, 'usr/lib'), { recursive: true });
    await symlink('/usr/lib', join(root, 'to/lib'));
    const lines = await add(
      [
        ['lib/x', 'x'],
        ['out', { type: 'symlink', linkPath: '../../../..' }],
        ['out/y', 'y'],
      ],
      root,
    );
    expect(lines).toContain('usr/lib/x file 644 7:7 x');
    expect(lines.at(-1)).toBe('y file 644 7:7 y');
  });

  test('do not leave their folder by name', async () => {
    await expect(add([['../x', 'x']])).rejects.toThrow('leaves the folder');
    await expect(add([['a', { type: 'link', linkPath: '../../etc/shadow' }]])).rejects.toThrow('leaves the folder');
  });

  test('are told from other files', async () => {
    const is = (data: Buffer): Promise<boolean> => isArchive(host, () => Readable.from([data]));
    expect(await is(archive([['a', 'x']]))).toBe(true);
    expect(await is(zstdCompressSync(archive([['a', 'x']])))).toBe(true);
    expect(await is(gzipSync(Buffer.from('text')))).toBe(false);
    expect(await is(Buffer.from('x'.repeat(2000)))).toBe(false);
    expect(await is(Buffer.alloc(0))).toBe(false);
  });
});

describe('owners and modes', () => {
  test('by name and number, with the group of the same name or number', async () => {
    await mkdir(join(folder, 'etc'));
    await writeFile(join(folder, 'etc/passwd'), 'root:x:0:0::/root:\napp:x:12:34::/:\n');
    await writeFile(join(folder, 'etc/group'), 'root:x:0:\napp:x:34:\nweb:x:56:\n');
    expect(await resolveOwner(host, folder, 'app')).toEqual({ uid: 12, gid: 34 });
    expect(await resolveOwner(host, folder, 'app:web')).toEqual({ uid: 12, gid: 56 });
    expect(await resolveOwner(host, folder, '5')).toEqual({ uid: 5, gid: 5 });
    expect(await resolveOwner(host, undefined, '5:6')).toEqual({ uid: 5, gid: 6 });
    await expect(resolveOwner(host, folder, 'nobody')).rejects.toThrow('unable to find user nobody');
    await expect(resolveOwner(host, folder, 'a:b:c')).rejects.toThrow('invalid chown string format');
  });

  test.each([
    ['755', 0o644, false, 0o755],
    ['04755', 0o644, false, 0o4755],
    ['u=rwX,go=rX', 0o600, false, 0o644],
    ['u=rwX,go=rX', 0o600, true, 0o755],
    ['a+x', 0o644, false, 0o755],
    ['go-rwx', 0o755, true, 0o700],
    ['+t', 0o777, true, 0o1777],
  ])('%s of %o', (text, mode, isFolder, expected) => {
    expect(parseMode(text)(mode, isFolder)).toBe(expected);
  });

  test('that are none', () => {
    for (const text of ['9', '77777', 'rw', '']) expect(() => parseMode(text)).toThrow('invalid chmod parameter');
  });
});

describe('what overlayfs wrote', () => {
  test('becomes entries of a layer', () => {
    const opaque = new Map([
      ['trusted.overlay.opaque', Buffer.from('y')],
      ['trusted.overlay.origin', Buffer.from('z')],
      ['user.kept', Buffer.from('v')],
    ]);
    const paths = (entry: TarHeader): string[] => translateUpper(entry).map(({ path, type }) => `${type} ${path}`);
    expect(paths(header('d/gone', { type: 'char' }))).toEqual(['file d/.wh.gone']);
    expect(paths(header('null', { type: 'char', devMajor: 1, devMinor: 3 }))).toEqual(['char null']);
    const folders = translateUpper(header('d', { type: 'directory', xattrs: opaque }));
    expect(folders.map(({ path }) => path)).toEqual(['d/', 'd/.wh..wh..opq']);
    expect([...(folders[0]?.xattrs.keys() ?? [])]).toEqual(['user.kept']);
    const moved = new Map([['trusted.overlay.redirect', Buffer.from('/x')]]);
    expect(() => translateUpper(header('d', { type: 'directory', xattrs: moved }))).toThrow(
      'cannot be kept as a layer',
    );
  });
});
