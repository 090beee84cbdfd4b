// What a text means as YAML: go-yaml's reading where it differs from YAML 1.2, and places of what is wrong.
import { describe, expect, it } from 'vitest';
import { Places } from '../../src/spec/places.ts';
import { readYaml } from '../../src/spec/read-yaml.ts';
import { markOf } from '../../src/spec/tree.ts';
import { resolvePlain } from '../../src/spec/yaml/scalar.ts';
import { plain, treeOf } from '../support/spec-files.ts';

const value = (text: string): unknown => (plain(treeOf(text)) as { a: unknown }).a;

describe('a plain scalar', () => {
  it.each([
    ['017', 15],
    ['0o17', 15],
    ['0b101', 5],
    ['0x1F', 31],
    ['1_000', 1000],
    ['-5', -5],
    ['08', 8],
    ['1.50', 1.5],
    ['1e3', 1000],
    ['.5', 0.5],
    ['true', true],
    ['False', false],
    ['~', null],
    ['yes', 'yes'],
    ['on', 'on'],
    ['12:30:45', '12:30:45'],
    ['1e400', '1e400'],
    ['0o8', '0o8'],
    ['_1', '_1'],
    ['2001-13-40', '2001-13-40'],
    ['1.2.3', '1.2.3'],
  ])('%s', (text, expected) => {
    expect(plain(resolvePlain(text))).toEqual(expected);
  });

  it('keeps whole numbers that JavaScript cannot', () => {
    expect(resolvePlain('9223372036854775807')).toBe(9223372036854775807n);
    expect(resolvePlain('18446744073709551615')).toBe(18446744073709551615n);
  });

  it('is a date where it looks like one', () => {
    expect(plain(resolvePlain('2001-1-2'))).toBe('2001-01-02T00:00:00Z');
    expect(plain(resolvePlain('2001-01-02T03:04:05.60+01:00'))).toBe('2001-01-02T03:04:05.6+01:00');
  });
});

describe('a text', () => {
  it.each([
    ['folds plain lines', 'a: b\n  c\n\n  d\n', 'b c\nd'],
    ['folds quoted lines', 'a: "b\n  c\n\n  d \\\n  e"\n', 'b c\nd e'],
    ['knows escapes', 'a: "\\x41\\u00e9\\t\\e\\_"', 'A\u00e9\t\x1b\u00a0'],
    ['doubles single quotes', "a: 'it''s'", "it's"],
    ['keeps literal lines', 'a: |\n  b\n   c\n\n  d\n', 'b\n c\n\nd\n'],
    ['folds block lines', 'a: >\n  b\n  c\n\n  d\n   e\n  f\n', 'b c\nd\n e\nf\n'],
    ['strips the last break', 'a: |-\n  b\n\n', 'b'],
    ['keeps all breaks', 'a: |+\n  b\n\n', 'b\n\n'],
    ['has an indentation of its own', 'a: |2\n    b\n', '  b\n'],
    ['ends without a break where the file does', 'a: |\n  b', 'b'],
    ['may hold a hash', 'a: b#c # d\n', 'b#c'],
    ['may hold colons', 'a: b:c\n', 'b:c'],
    ['is what its tag says', 'a: !!str 12\n', '12'],
    ['is left alone under a tag nobody knows', 'a: !mine 12\n', '12'],
    ['is what its tag says by a handle of the document', '%TAG !y! tag:yaml.org,2002:\n---\na: !y!str 12\n', '12'],
  ])('%s', (_what, text, expected) => {
    expect(value(text)).toBe(expected);
  });
});

describe('a collection', () => {
  it.each([
    ['of one line', 'a: {b: [c, "d", {e: f}], "g":h, i: }', { b: ['c', 'd', { e: 'f' }], g: 'h', i: null }],
    ['with a pair in a list', 'a: [b: c, d]', [{ b: 'c' }, 'd']],
    ['without indentation', 'a:\n- b\n- c: d\n  e: f\n', ['b', { c: 'd', e: 'f' }]],
    ['of lists', 'a:\n  - - b\n    - c\n  -\n    - d\n', [['b', 'c'], ['d']]],
    ['with a long key', 'a:\n  ? b\n  : c\n', { b: 'c' }],
    ['over lines', 'a: [\n  b,\n  c\n]\n', ['b', 'c']],
    ['by alias', 'x: &x {b: 1}\na: {c: *x, d: *x}\n', { c: { b: 1 }, d: { b: 1 } }],
    ['merged', 'x: &x {b: 1, c: 2}\na:\n  c: 3\n  <<: *x\n', { c: 3, b: 1 }],
    ['merged from several', 'x: &x {b: 1}\ny: &y {b: 2, c: 2}\na: {<<: [*x, *y]}\n', { b: 1, c: 2 }],
  ])('%s', (_what, text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  it('may be called like what every JavaScript object has', () => {
    const tree = treeOf('{__proto__: {a: 1}, constructor: 2}');
    expect(Object.keys(tree)).toEqual(['__proto__', 'constructor']);
  });

  it('knows where each entry stands', () => {
    const places = new Places();
    const tree = treeOf('a:\n  b: c\n', places);
    expect(places.position(markOf(tree, 'a'), 'key')).toEqual({ file: 'compose.yaml', line: 1, column: 1 });
    expect(places.position(markOf(tree, 'a'))).toEqual({ file: 'compose.yaml', line: 2, column: 3 });
  });
});

describe('documents', () => {
  const documents = (text: string): unknown[] =>
    readYaml(text, 'compose.yaml', new Places()).map(({ root }) => plain(root));

  it('are separated, and share anchors', () => {
    expect(documents('%YAML 1.1\n---\na: &a 1\n---\nb: *a\n...\n')).toEqual([{ a: 1 }, { b: 1 }]);
  });

  it('do not exist in a file of comments', () => {
    expect(documents('# nothing\n')).toEqual([]);
  });

  it('may follow a byte order mark and have any line ends', () => {
    expect(documents('a: 1\r\nb: 2\rc: 3\n')).toEqual([{ a: 1, b: 2, c: 3 }]);
  });
});

describe('binary values', () => {
  it('are the text that their bytes spell', () => {
    expect(treeOf('a: !!binary w6k=\nb: !!binary |\n  YWJj\n  ZA==')).toMatchObject({ a: 'é', b: 'abcd' });
  });
});

describe('what is no YAML', () => {
  it.each([
    ['a: b: c', '1:5: a mapping is not allowed here'],
    ['a: "b', '1:4: the quoted text is not closed'],
    ['a: [b', '1:4: "[" is not closed'],
    ['a: "\\/"', '1:5: unknown escape "\\/"'],
    ['a: *b', '1:4: there is no anchor "b"'],
    ['a: &b [*b]', '1:8: the anchor "b" contains itself'],
    ['a:\n\tb: c', '2:2: found a tab where spaces are expected for indentation'],
    ['a: 1\n  b: 2', '2:4: a mapping is not allowed here'],
    ['a:\n  b: 1\n c: 2', '3:2: this line is indented differently from the mapping around it'],
    ['a: @b', '1:4: a value cannot start with "@"'],
    ['a: [|-\n b]', '1:5: a value cannot start with "|"'],
    ['a: {b: >c}', '1:8: a value cannot start with ">"'],
    ['a: !!float\nb: c', '1:11: "" is not a float'],
    ['a: !!str !!int b', '1:10: one value cannot have two tags'],
    ['a: &b &c d', '1:7: one value cannot have two anchors'],
    ['a: !\\b c', '1:5: unexpected character in a tag'],
    ['a: !!binary YQ', '1:13: "YQ" is not a binary'],
    ['a: b\n- c', '2:1: a list item among keys'],
    ['a: 1\na: 2', '2:1: the key "a" is already defined on line 1'],
    ['1: a', '1:1: the key 1 is not text'],
    ['true: a', '1:1: the key true is not text'],
    ['a: {<<: b}', '1:9: "<<" needs a mapping or a list of mappings'],
    ['%YAML 1.2\n---\na: b', '1:1: YAML 1.2 is not supported'],
    ['a: !x!y b', '1:4: the tag handle "!x!" is not declared'],
    ['%TAG !x\n---\na: b', '1:1: a tag directive needs a handle and a prefix'],
    ['- a', '1:1: the top level must be a mapping, not a list'],
    ['a: "\u0001"', '1:5: a control character is not allowed'],
  ])('%j', (text, message) => {
    expect(() => treeOf(text)).toThrow(`compose.yaml:${message}`);
  });

  it('tells every key that is defined twice', () => {
    expect(() => treeOf('a: 1\na: 2\nb: 1\nb: 2')).toThrow(/"a"[\s\S]*"b"/);
  });
});
