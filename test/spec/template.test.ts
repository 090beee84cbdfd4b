import { describe, expect, it } from 'vitest';
import { substitute, TemplateError } from '../../src/spec/template.ts';
import { extractVariables } from '../../src/spec/template-variables.ts';

const variables: Record<string, string> = { SET: 'value', EMPTY: '', B: 'two' };
const lookup = (name: string): string | undefined => variables[name];

const failure = (text: string): TemplateError => {
  try {
    substitute(text, lookup);
  } catch (error) {
    if (error instanceof TemplateError) return error;
  }
  throw new Error(`${text} was accepted`);
};

describe('substitution', () => {
  it.each([
    ['plain', 'plain'],
    ['$SET', 'value'],
    ['a${SET}b', 'avalueb'],
    ['$SET.$B', 'value.two'],
    ['$$SET', '$SET'],
    ['$$$SET', '$value'],
    ['$$$$', '$$'],
    ['${UNSET}', ''],
    ['${SET:-d}', 'value'],
    ['${EMPTY:-d}', 'd'],
    ['${EMPTY-d}', ''],
    ['${UNSET:-d}', 'd'],
    ['${UNSET-d}', 'd'],
    ['${SET:+r}', 'r'],
    ['${EMPTY:+r}', ''],
    ['${EMPTY+r}', 'r'],
    ['${UNSET+r}', ''],
    ['${SET:?e}', 'value'],
    ['${EMPTY?e}', ''],
    ['${UNSET:-${SET}}', 'value'],
    ['${UNSET:-${UNSET:-${B}}}', 'two'],
    ['${UNSET:-a$$b}', 'a$b'],
    ['${MY-VAR}', 'VAR'],
    ['${SET:-x} and ${UNSET:-y}', 'value and y'],
    ['${UNSET:-{"a":1}}', '{"a":1}'],
    ['${UNSET:-{}}', '{}'],
    ['${UNSET:-}b}', 'b}'],
    ['${UNSET:-a:?b}', 'a:?b'],
  ])('turns %s into %s', (text, expected) => {
    expect(substitute(text, lookup)).toBe(expected);
  });

  it.each(['$1', '$(cmd)', 'end$', '$@ $% $-', '$é'])('leaves %s as it is', (text) => {
    expect(substitute(text, lookup)).toBe(text);
  });

  it.each(['${', '${}', '${1X}', '${ X }', '${X:def}', '${X', '${é}', '${X:-a\nb}', 'a ${X:-{} ${Y'])(
    'refuses %j',
    (text) => {
      expect(failure(text).kind).toBe('invalid');
    },
  );

  it('says which variable is required, and why', () => {
    const error = failure('a ${UNSET:?set it to ${B}}');
    expect([error.kind, error.variable, error.offset]).toEqual(['required', 'UNSET', 2]);
    expect(error.message).toBe('required variable UNSET is missing a value: set it to two');
    expect(failure('${EMPTY:?}').message).toBe('required variable EMPTY is missing a value');
  });

  it('evaluates an operand that is not used', () => {
    expect(failure('${SET:-${UNSET:?gone}}').variable).toBe('UNSET');
  });

  it('points into the text where a nested expression is broken', () => {
    expect(failure('ab ${UNSET:-${}}').offset).toBe(12);
  });

  it('reports each unset variable that has no operator', () => {
    const unset: string[] = [];
    substitute('$A ${B2} ${C:-$D} ${E:-e} $SET', lookup, (name) => unset.push(name));
    expect(unset).toEqual(['A', 'B2', 'D']);
  });

  it('refuses operands nested without end, quickly', () => {
    expect(failure('${A:-'.repeat(10_000) + '}'.repeat(10_000)).message).toContain('nested deeper than');
  });

  it('takes a hundred thousand expressions on one line', () => {
    expect(substitute('${SET:-x} '.repeat(100_000), lookup)).toBe('value '.repeat(100_000));
  });
});

describe('variables of a text', () => {
  const summary = (text: string): string[] =>
    extractVariables(text).map((v) => [v.name, v.required ? '!' : '', v.defaultValue, v.presenceValue].join('|'));

  it.each<[string, string[]]>([
    ['none', []],
    ['$$A', []],
    ['$A-${B}', ['A|||', 'B|||']],
    ['${A:-x}', ['A||x|']],
    ['${A+y}', ['A|||y']],
    ['${A:?why $B}', ['A|!||']],
    ['${A:-${B:-c}}', ['A||${B:-c}|', 'B||c|']],
    ['${}', ['|||']],
    // What follows on the line comes first, so that of two defaults the first one is shown in the end.
    ['${A:-x} ${A:-y}', ['A||y|', 'A||x|']],
    ['${A:-x}\n${A:-y}', ['A||x|', 'A||y|']],
  ])('of %j', (text, expected) => {
    expect(summary(text)).toEqual(expected);
  });
});
