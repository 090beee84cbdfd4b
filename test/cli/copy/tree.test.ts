// What `cp` packs and unpacks: the two ends of it, on real folders.
import { link, lstat, mkdir, mkdtemp, readFile, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { plainHeader, writeTar } from '../../../src/archive/tar-writer.ts';
import { packTree } from '../../../src/cli/copy/pack.ts';
import { unpackTree } from '../../../src/cli/copy/unpack.ts';
import type { WindlassError } from '../../../src/errors.ts';

let folder: string;
const at = (...path: string[]): string => join(folder, ...path);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-copy-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const { signal } = new AbortController();
const unpack = (archive: Readable, skipped: string[] = []): Promise<void> =>
  unpackTree({
    archive,
    placement: { directory: at('there'), from: 'src', to: 'dst' },
    signal,
    onSkipped: (name) => skipped.push(name),
  });

test('a tree comes out as it went in', async () => {
  const long = 'n'.repeat(150);
  await mkdir(at('src', long), { recursive: true });
  await mkdir(at('there'));
  await writeFile(at('src', long, 'å'), 'content', { mode: 0o640 });
  await writeFile(at('src', 'empty'), '');
  await symlink('empty', at('src', 'link'));
  await utimes(at('src', 'empty'), 1_600_000_000, 1_600_000_000);
  await utimes(at('src'), 1_500_000_000, 1_500_000_000);
  await unpack(packTree({ path: at('src'), name: 'src', signal }));
  expect(await readFile(at('there', 'dst', long, 'å'), 'utf8')).toBe('content');
  expect((await lstat(at('there', 'dst', long, 'å'))).mode & 0o777).toBe(0o640);
  expect(await readlink(at('there', 'dst', 'link'))).toBe('empty');
  expect((await lstat(at('there', 'dst', 'empty'))).mtimeMs).toBe(1_600_000_000_000);
  expect((await lstat(at('there', 'dst'))).mtimeMs).toBe(1_500_000_000_000);
});

test('what cannot be read is named, and is no failure of the engine', async () => {
  await writeFile(at('file'), '');
  const archive = packTree({ path: at('file', 'below'), name: 'below', signal });
  const error = (await text(archive).catch((thrown: unknown) => thrown)) as WindlassError;
  expect(error).toMatchObject({ code: 'COPY', message: `cannot read "${at('file', 'below')}": not a directory` });
});

test('hard links stay links, devices are left out, and nothing leaves the folder', async () => {
  await mkdir(at('there'));
  const entry = (given: Parameters<typeof plainHeader>[0]) => ({ header: plainHeader(given) });
  const skipped: string[] = [];
  const good = [
    { header: plainHeader({ path: 'src/a', size: 1 }), content: () => [Buffer.from('x')] },
    entry({ path: 'src/b', type: 'link', linkPath: 'src/a' }),
    entry({ path: 'src/null', type: 'char', devMajor: 1, devMinor: 3 }),
  ];
  await unpack(Readable.from(writeTar(good)), skipped);
  expect((await lstat(at('there', 'dst', 'b'))).ino).toBe((await lstat(at('there', 'dst', 'a'))).ino);
  expect(skipped).toEqual(['src/null']);
  await link(at('there', 'dst', 'a'), at('outside'));
  const away = [entry({ path: 'src/away', type: 'symlink', linkPath: folder }), entry({ path: 'src/away/outside' })];
  await expect(unpack(Readable.from(writeTar(away)))).rejects.toThrow('it would be written outside the destination');
  expect(await readFile(at('outside'), 'utf8')).toBe('x');
});
