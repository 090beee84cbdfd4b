import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { substitute, TemplateError } from '../../src/spec/template.ts';

const unset = (): undefined => undefined;
const pieces = fc.array(fc.constantFrom('$', '{', '}', 'A', 'B', ':-', '-', ':?', '+', ' ', '\n', '1', 'é'));
const text = pieces.map((parts) => parts.join(''));

describe('substitution of any text', () => {
  it('gives back a text whose every $ was doubled', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), text), (value) => {
        expect(substitute(value.replaceAll('$', '$$$$'), unset)).toBe(value);
      }),
    );
  });

  it('either succeeds or fails with an offset inside the text', () => {
    fc.assert(
      fc.property(text, (value) => {
        try {
          substitute(value, (name) => (name === 'A' ? 'a' : undefined));
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
          if (error instanceof TemplateError) expect(value[error.offset]).toBe('$');
        }
      }),
    );
  });

  it('never expands what a variable holds', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(substitute('[${A}]', () => value)).toBe(`[${value}]`);
      }),
    );
  });

  it('uses the default exactly where the variable is empty or unset', () => {
    const value = fc.option(fc.stringMatching(/^[a-z ]*$/), { nil: undefined });
    fc.assert(
      fc.property(value, fc.stringMatching(/^[a-z ]*$/), (held, fallback) => {
        expect(substitute(`\${A:-${fallback}}`, () => held)).toBe(held || fallback);
        expect(substitute(`\${A-${fallback}}`, () => held)).toBe(held ?? fallback);
      }),
    );
  });
});
