import { describe, expect, it } from 'vitest';
import { splitArgument } from '../../../src/cli/commands/cp.ts';
import { placeCopy, renameEntry, splitEntry } from '../../../src/cli/copy/placement.ts';

const file = (path: string) => ({ path, isDirectory: false });
const directory = (path: string) => ({ path, isDirectory: true });
const absent = (path: string) => ({ path, exists: false, isDirectory: false });
const there = (path: string, isDirectory: boolean) => ({ path, exists: true, isDirectory });

describe('where a copy ends up', () => {
  it.each([
    ['a file into a directory', file('/s/a'), there('/d', true), { directory: '/d', from: 'a', to: 'a' }],
    ['a file over a file', file('/s/a'), there('/d/b', false), { directory: '/d', from: 'a', to: 'b' }],
    ['a file to a new name', file('/s/a'), absent('/d/b'), { directory: '/d', from: 'a', to: 'b' }],
    ['a directory into a directory', directory('/s'), there('/d', true), { directory: '/d', from: 's', to: 's' }],
    ['a directory to a new name', directory('/s'), absent('/d/new'), { directory: '/d', from: 's', to: 'new' }],
    ['its contents into a directory', directory('/s/.'), there('/d', true), { directory: '/d', from: '.', to: '.' }],
    ['its contents to a new name', directory('/s/.'), absent('/d/new'), { directory: '/d', from: '.', to: 'new' }],
    ['to a new name with a slash', directory('/s'), absent('/d/new/'), { directory: '/d', from: 's', to: 'new' }],
  ])('%s', (_, source, target, expected) => {
    expect(placeCopy(source, target)).toEqual(expected);
  });
  it('keeps the name it was asked for by when a link was followed', () => {
    expect(placeCopy({ ...file('/s/real'), askedName: 'link' }, there('/d', true))).toEqual({
      directory: '/d',
      from: 'real',
      to: 'link',
    });
  });
  it('says what does not fit', () => {
    expect(() => placeCopy(directory('/s'), there('/d/file', false))).toThrow('cannot copy directory');
    expect(() => placeCopy(file('/s/a'), absent('/d/new/'))).toThrow('no such directory');
  });
});

describe('names in the archive', () => {
  it.each([
    ['s', { from: 's', to: 'new' }, 'new'],
    ['s/', { from: 's', to: 'new' }, 'new'],
    ['s/sub/file', { from: 's', to: 'new' }, 'new/sub/file'],
    ['./file', { from: '.', to: 'new' }, 'new/file'],
    ['./', { from: '.', to: '.' }, '.'],
    ['other/file', { from: 's', to: 'new' }, undefined],
    ['sx/file', { from: 's', to: 'new' }, undefined],
  ])('%s', (name, names, expected) => {
    expect(renameEntry(name, { directory: '/d', ...names })).toBe(expected);
  });
  it.each([
    ['/a/b', { directory: '/a', name: 'b' }],
    ['/a/b/', { directory: '/a', name: 'b' }],
    ['/a/b/.', { directory: '/a/b/', name: '.' }],
  ])('%s is split', (path, expected) => {
    const split = splitEntry(path);
    expect({ ...split, directory: split.directory.replace(/\/$/, '') }).toEqual({
      ...expected,
      directory: expected.directory.replace(/\/$/, ''),
    });
  });
});

describe('arguments of cp', () => {
  it.each([
    ['web:/etc', { service: 'web', path: '/etc' }],
    ['/a:b', { service: '', path: '/a:b' }],
    ['./a:b', { service: '', path: './a:b' }],
    ['plain', { service: '', path: 'plain' }],
    ['-', { service: '', path: '-' }],
    ['web:a:b', { service: 'web', path: 'a:b' }],
  ])('%s', (argument, expected) => {
    expect(splitArgument(argument)).toEqual(expected);
  });
});
