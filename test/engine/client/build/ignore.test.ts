import { describe, expect, it } from 'vitest';
import { ignoreLines, ignoreRules } from '../../../../src/ignore-rules.ts';

// Lines of .dockerignore, a path, and whether it stays at home. Checked against the engine's own rules (moby patternmatcher).
const CASES: readonly [lines: string, path: string, ignored: boolean][] = [
  ['*.log', 'a.log', true],
  ['*.log', 'sub/a.log', false],
  ['**/*.log', 'a.log', true],
  ['**/*.log', 'sub/deep/a.log', true],
  ['*/temp*', 'sub/temporary', true],
  ['*/temp*', 'temporary', false],
  ['*/*/temp*', 'a/b/temp1', true],
  ['temp?', 'tempa', true],
  ['temp?', 'temp', false],
  ['node_modules', 'node_modules', true],
  ['node_modules', 'node_modules/left-pad/index.js', true],
  ['node_modules', 'sub/node_modules', false],
  ['node_modules/', 'node_modules/x', true],
  ['/node_modules', 'node_modules/x', true],
  ['./node_modules', 'node_modules/x', true],
  ['**/node_modules', 'a/b/node_modules/x/y', true],
  ['**', 'anything/at/all', true],
  ['*', 'a', true],
  ['*', 'a/b', true],
  ['*\n!keep', 'keep', false],
  ['*\n!keep', 'keep/below', false],
  ['*\n!src/keep', 'src/other', true],
  ['*\n!src/keep', 'src/keep', false],
  ['*.md\n!README*.md\nREADME-secret.md', 'README.md', false],
  ['*.md\n!README*.md\nREADME-secret.md', 'README-secret.md', true],
  ['*.md\nREADME-secret.md\n!README*.md', 'README-secret.md', false],
  ['docs\n!docs/public', 'docs/public/x', false],
  ['docs\n!docs/public', 'docs/private', true],
  ['a/**/z', 'a/z', true],
  ['a/**/z', 'a/b/c/z', true],
  ['a/**', 'a/b', true],
  ['a/**', 'a', false],
  ['a**', 'abc/def', true],
  ['[a-c].txt', 'b.txt', true],
  ['[^a-c].txt', 'd.txt', true],
  ['[^a-c].txt', 'b.txt', false],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'axb', false],
  ['a.b', 'axb', false],
  ['a+b', 'a+b', true],
  ['a+b', 'aab', false],
  ['(x)', '(x)', true],
  ['{a,b}', '{a,b}', true],
  ['$x^', '$x^', true],
  ['# comment', '# comment', false],
  [' # not a comment', '# not a comment', true],
  ['  spaced  ', 'spaced', true],
  ['a//b/./c', 'a/b/c', true],
  ['a/../b', 'b', true],
  ['\n\n', 'x', false],
  ['\uFEFFbom', 'bom', true],
  ['a\r\nb\r\n', 'b', true],
  ['! spaced-exception\n', 'x', false],
  ['naïve-ü', 'naïve-ü', true],
];

describe('.dockerignore', () => {
  it.each(CASES)('%j and the path %j: left out is %s', (lines, path, ignored) => {
    expect(ignoreRules(ignoreLines(lines)).ignores(path)).toBe(ignored);
  });

  it.each([
    ['a', 'a', true],
    ['a\n!a/b', 'a', false],
    ['a\n!a/b/c', 'a/b', false],
    ['a\n!other', 'a', true],
  ])('with %j the left-out folder %j need not be walked: %s', (lines, folder, pruned) => {
    expect(ignoreRules(ignoreLines(lines)).prunes(folder)).toBe(pruned);
  });

  it('refuses what is not a pattern', () => {
    expect(() => ignoreRules(ignoreLines('[a-'))).toThrow(/"\[" is not closed/);
    expect(() => ignoreLines('!')).toThrow(/illegal exclusion pattern/);
  });
});
