// The matcher of .dockerignore patterns against a regular expression that says the same, and against patterns made to take for ever.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathMatcher } from '../src/path-pattern.ts';

/** Nothing but `*`, `**`, `?` and plain characters. */
const expressionOf = (pattern: string): RegExp => {
  const body = pattern.replace(/\*\*\/?$|\*\*\/?|\*|\?|[^*?]/g, (part, at: number) => {
    if (part.startsWith('**')) return at + part.length === pattern.length ? '.*' : '(.*/)?';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : part;
  });
  return new RegExp(`^${body}$`);
};

const foldersAbove = (path: string): string[] =>
  path.split('/').flatMap((_, count, parts) => (count > 0 ? [parts.slice(0, count).join('/')] : []));

describe('a pattern of .dockerignore', () => {
  it('matches what the regular expression matches, and what lies below', () => {
    const pieces = fc.constantFrom('a', 'b', '/', '*', '**', '**/', '?', 'ab');
    const pattern = fc.array(pieces, { minLength: 1, maxLength: 7 }).map((parts) => parts.join(''));
    const path = fc
      .array(fc.stringMatching(/^[ab]{1,4}$/), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('/'));
    fc.assert(
      fc.property(pattern, path, (text, file) => {
        const expression = expressionOf(text);
        expect(pathMatcher(text)(file)).toBe([file, ...foldersAbove(file)].some((one) => expression.test(one)));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['a*'.repeat(100), 'a'.repeat(4000)],
    ['**/'.repeat(100), 'a/'.repeat(2000)],
    ['**a'.repeat(100), `${'a/'.repeat(2000)}a`],
    ['*?'.repeat(100), 'a'.repeat(4000)],
    [`${'[a-b]*'.repeat(100)}`, 'ab'.repeat(2000)],
  ])('reads a long path once, whatever the pattern: %.12s…', (pattern, path) => {
    const matches = pathMatcher(`${pattern}c`);
    const started = performance.now();
    expect(matches(`${path}d`)).toBe(false);
    expect(matches(`${path}c`)).toBe(true);
    // Milliseconds; a regular expression would try combinations for years.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
