import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { tarContents } from '../../src/archive/tar-contents.ts';
import { archiveOf, type Entry } from '../support/tar.ts';

const contentsOf = async (...entries: Entry[]): Promise<Record<string, string>> =>
  Object.fromEntries(await tarContents(Readable.from([archiveOf(entries)]), (content) => text(content)));

test('files go by their names, however their paths begin', async () => {
  expect(await contentsOf({ path: './manifest.json', content: '[]' }, { path: '/a/layer.tar', content: 'A' })).toEqual({
    'manifest.json': '[]',
    'a/layer.tar': 'A',
  });
});

test('a link stands for the file it names, also before it', async () => {
  const found = await contentsOf(
    { path: 'b/layer.tar', type: 'symlink', linkPath: '../a/layer.tar' },
    { path: 'a/', type: 'directory' },
    { path: 'a/layer.tar', content: 'A' },
    { path: 'c', type: 'link', linkPath: './a/layer.tar' },
  );
  expect(found).toEqual({ 'a/layer.tar': 'A', 'b/layer.tar': 'A', c: 'A' });
});

test('a link to nothing in the archive is nothing', async () => {
  expect(await contentsOf({ path: 'passwd', type: 'symlink', linkPath: '/etc/passwd' })).toEqual({});
  expect(await contentsOf({ path: 'up', type: 'symlink', linkPath: '../../../etc/passwd' })).toEqual({});
});
