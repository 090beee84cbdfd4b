import { describe, expect, it } from 'vitest';
import { isRepository, parseGitSource } from '../../../src/engine/native/builder/remote/git-source.ts';

const PLAIN = { ref: 'HEAD', path: '', checksum: undefined, keepGitFolder: undefined, submodules: true };

describe('addresses of git repositories', () => {
  it.each([
    ['https://host/r.git', { address: 'https://host/r.git' }],
    ['https://host/r.git#v1:sub/app', { address: 'https://host/r.git', ref: 'v1', path: 'sub/app' }],
    ['git@host:owner/r#main', { address: 'git@host:owner/r', ref: 'main' }],
    ['https://host/r.git?branch=b&subdir=s', { address: 'https://host/r.git', ref: 'refs/heads/b', path: 's' }],
    [
      'https://host/r.git?tag=t&keep-git-dir=1',
      { address: 'https://host/r.git', ref: 'refs/tags/t', keepGitFolder: true },
    ],
    ['ssh://host/r?submodules=false&checksum=ab', { address: 'ssh://host/r', submodules: false, checksum: 'ab' }],
  ])('%s', (text, expected) => {
    expect(parseGitSource(text)).toEqual({ ...PLAIN, ...expected });
  });
  it.each(['https://host/page', './folder', 'ftp://host/r.git', ''])('"%s" is none', (text) => {
    expect(parseGitSource(text)).toBeUndefined();
  });
  it.each([
    ['https://host/r.git?nonsense=1', 'unexpected query "nonsense"'],
    ['https://host/r.git?ref=a#b', 'with a fragment or with a query'],
    ['https://host/r.git#main:../..', 'leads out of the repository'],
    ['https://host/r.git#--upload-pack=x', 'no branch, tag or commit'],
  ])('%s is refused', (text, message) => {
    expect(() => parseGitSource(text)).toThrow(message);
  });
  it('for ADD a host’s name alone is a path, and a document is none', () => {
    expect(['github.com/a/b.git', '<<EOF', 'git@host:r', 'https://host/r.git'].map(isRepository)).toEqual([
      ...[false, false, true, true],
    ]);
  });
});
