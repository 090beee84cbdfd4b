// The parser against the library that everybody uses: what `yaml` writes, in any of its styles, is read as what was written.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { plain, treeOf } from '../support/spec-files.ts';

// Without "?" anywhere and ":" in front: go-yaml takes them for signs in flow style, where other readers see plain text.
const word = fc
  .oneof(
    fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
    fc.stringMatching(/^[a-z0-9:#,'"{}[\]&*!|>%@` \n\\-]{0,12}$/),
    fc.stringMatching(/^([a-z]+ ){2,30}[a-z]+$/),
    fc.stringMatching(/^( *[a-z]*\n){0,4}$/),
  )
  .map((text) => text.replace(/\?|^:+/g, ''));
const { value } = fc.letrec<{ value: unknown; mapping: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    word,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('mapping'),
  ),
  mapping: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_.-]{0,8}$/), tie('value'), { maxKeys: 4 }),
}));

const styles = fc.record({
  collectionStyle: fc.constantFrom('any' as const, 'flow' as const, 'block' as const),
  defaultStringType: fc.constantFrom(
    'PLAIN' as const,
    'QUOTE_DOUBLE' as const,
    'QUOTE_SINGLE' as const,
    'BLOCK_FOLDED' as const,
    'BLOCK_LITERAL' as const,
  ),
  indent: fc.integer({ min: 1, max: 6 }),
  indentSeq: fc.boolean(),
  lineWidth: fc.constantFrom(0, 20, 80),
});

describe('the parser', () => {
  it('reads what the yaml library writes', () => {
    fc.assert(
      fc.property(value, styles, (content, style) => {
        const text = stringify({ a: content }, { ...style, version: '1.1' });
        // What the library itself does not read back, because of a style that cannot say it, says nothing about the parser.
        fc.pre(readsBack(text, { a: content }));
        expect(plain(treeOf(text))).toEqual(plain({ a: content }));
      }),
      { numRuns: 2000 },
    );
  });
});

function readsBack(text: string, content: unknown): boolean {
  try {
    return JSON.stringify(parse(text, { version: '1.1' })) === JSON.stringify(content);
  } catch {
    return false;
  }
}
