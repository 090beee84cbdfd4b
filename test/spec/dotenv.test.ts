import { describe, expect, it } from 'vitest';
import { SpecError } from '../../src/diagnostics.ts';
import { parseDotenv, parseRawEnv } from '../../src/spec/dotenv.ts';

const shell: Record<string, string> = { HOME: '/root', SHARED: 'shell' };
const lookup = (name: string): string | undefined => shell[name];
const parse = (text: string): Record<string, string> => Object.fromEntries(parseDotenv(text, '.env', lookup));
const parseRaw = (text: string): Record<string, string> => Object.fromEntries(parseRawEnv(text, 'raw.env', lookup));

function messageOfFailure(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof SpecError) return error.message;
  }
  throw new Error('nothing was refused');
}

describe('dotenv files', () => {
  it.each<[string, string, Record<string, string>]>([
    ['a byte order mark', '\uFEFFA=1', { A: '1' }],
    ['export', 'export A=1\nexport\tB = 2', { A: '1', B: '2' }],
    ['a colon', 'A: 1', { A: '1' }],
    ['spaces around', '  A =  b c  \t\n', { A: 'b c' }],
    ['Windows line ends', 'A=1\r\nB="2"\r\nHOME\r\n', { A: '1', B: '2', HOME: '/root' }],
    ['comments', '# A=0\nA=1 # one\nB=2#two\nC="#" # three', { A: '1', B: '2#two', C: '#' }],
    ['an empty value', 'A=\nB= #x', { A: '', B: '#x' }],
    ['odd keys', 'a.b-c[0]=1\n1=2', { 'a.b-c[0]': '1', '1': '2' }],
    ['inner quotes', 'A=a"b"c', { A: 'a"b"c' }],
    ['text behind a quote', 'A="x" # y\nB=1', { A: 'x', B: '1' }],
    ['a key without a value', 'HOME\nNOBODY\nA=1', { HOME: '/root', A: '1' }],
    ['the last key without a value', 'HOME', { HOME: '/root' }],
    ['the last of two', 'A=1\nA=2', { A: '2' }],
    ['several lines in quotes', 'A="x\ny"\nB=\'x\ny\'', { A: 'x\ny', B: 'x\ny' }],
    ['escapes', String.raw`A="\n\t\\\"\$X\q\0101\08"`, { A: '\n\t\\"$X\\qA\\8' }],
    ['single quotes', String.raw`A='$HOME\n\'x'`, { A: "$HOME\\n'x" }],
    ['no escapes without quotes', String.raw`A=a\nb`, { A: 'a\\nb' }],
    [
      'expansion',
      'A=1\nB=$A${A}\nC="${NO:-d}$$"\nSHARED=file\nD=$SHARED',
      {
        A: '1',
        B: '11',
        C: 'd$',
        SHARED: 'file',
        D: 'shell',
      },
    ],
  ])('take %s', (_, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it.each<[string, string]>([
    ['A=1\nB="x', '.env:2:3: unterminated quoted value\n     2 | B=…\n       |   ^\n  hint: close it with "'],
    [
      'A B=1',
      '.env:1:1: variable name "A B" contains a space\n     1 | A B=…\n       | ^\n  hint: a line is KEY=VALUE; quote a value that spans lines',
    ],
    ['\n\nA$B=1', '.env:3:2: unexpected character "$" in a variable name\n     3 | A$B=…\n       |  ^'],
    [
      'A=x${Y',
      '.env:1:4: invalid interpolation format: "${Y"\n     1 | A=…\n       |    ^\n' +
        '  hint: close it with "}"; write "$$" for a dollar sign that starts no variable',
    ],
    [
      'A=${X:?set it}',
      '.env:1:3: required variable X is missing a value: set it\n     1 | A=…\n       |   ^\n' +
        '  hint: set X in the environment or in .env',
    ],
  ])('point at what is wrong in %j', (text, message) => {
    expect(messageOfFailure(() => parse(text))).toBe(message);
  });

  it('see and overwrite the variables of earlier files', () => {
    const into = parseDotenv('A=1\nB=2', 'one.env', lookup);
    parseDotenv('B=$A$B', 'two.env', lookup, { into });
    expect([...into]).toEqual([
      ['A', '1'],
      ['B', '12'],
    ]);
  });

  it('report where an unset variable is used', () => {
    const seen: string[] = [];
    parseDotenv('A=1\nB=$X', '.env', lookup, { onUnset: (name, at) => seen.push(`${name} ${at.line}:${at.column}`) });
    expect(seen).toEqual(['X 2:3']);
  });
});

describe('raw env files', () => {
  it('are taken as they are', () => {
    expect(parseRaw('\uFEFFA="1"\r\n  B=$X # y \n# C=1\n\nHOME\nNOBODY\nD=a=b')).toEqual({
      A: '"1"',
      B: '$X # y ',
      HOME: '/root',
      D: 'a=b',
    });
  });

  it.each<[string, string]>([
    ['=1', 'raw.env:1:1: no variable name before "="\n     1 | =…\n       | ^\n  hint: write KEY=VALUE'],
    ['A=1\n B =2', 'raw.env:2:2: variable name "B " contains a space\n     2 |  B =…\n       |  ^'],
  ])('point at what is wrong in %j', (text, message) => {
    expect(messageOfFailure(() => parseRaw(text))).toBe(message);
  });
});
