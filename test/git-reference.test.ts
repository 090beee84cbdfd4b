import { describe, expect, it } from 'vitest';
import { parseGitReference } from '../src/git-reference.ts';

describe('git references', () => {
  it.each([
    ['https://host/o/r.git', { address: 'https://host/o/r.git', ref: 'HEAD', path: '' }],
    ['https://host/o/r.git#v1:sub/dir', { address: 'https://host/o/r.git', ref: 'v1', path: 'sub/dir' }],
    ['https://host/o/r.git#:a/./b/', { address: 'https://host/o/r.git', ref: 'HEAD', path: 'a/b' }],
    ['git@host:o/r.git#main', { address: 'git@host:o/r.git', ref: 'main', path: '' }],
    ['ssh://git@host:22/o/r#main', { address: 'ssh://git@host:22/o/r', ref: 'main', path: '' }],
    ['git://host/r', { address: 'git://host/r', ref: 'HEAD', path: '' }],
    ['github.com/o/r#:c.yaml', { address: 'https://github.com/o/r', ref: 'HEAD', path: 'c.yaml' }],
  ])('reads %s', (text, expected) => {
    expect(parseGitReference(text)).toEqual(expected);
  });

  it.each(['https://host/compose.yaml', 'file:///tmp/r.git', 'ext::sh -c id', 'git@host', './git@host:x', 'https://'])(
    'takes %s for no repository',
    (text) => {
      expect(parseGitReference(text)).toBeUndefined();
    },
  );

  it.each([
    ['git://host/r#--upload-pack=touch /tmp/x', /is no branch, tag or commit/],
    ['git://host/r#:../x', /leads out of the repository/],
    ['git://host/r#:a/../../x', /leads out of the repository/],
    ['git://host/r#:/etc', /leads out of the repository/],
  ])('refuses %s', (text, message) => {
    expect(() => parseGitReference(text)).toThrow(message);
  });
});
