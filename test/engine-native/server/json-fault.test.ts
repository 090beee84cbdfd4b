// What clients of Docker read where a body is no JSON: the texts are those of Go's decoder, which was asked for each of them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonFault } from '../../../src/engine/native/server/json-fault.ts';

const FAULTS: readonly (readonly [text: string, fault: string])[] = [
  ['{invalid json', "invalid JSON: invalid character 'i' looking for beginning of object key string"],
  ['{', 'invalid JSON: unexpected EOF'],
  ['{"a"', 'invalid JSON: unexpected EOF'],
  ['{"a" 1}', "invalid JSON: invalid character '1' after object key"],
  ['{"a":1 2}', "invalid JSON: invalid character '2' after object key:value pair"],
  ['{"a":1,}', "invalid JSON: invalid character '}' looking for beginning of object key string"],
  ['[1 2]', "invalid JSON: invalid character '2' after array element"],
  ['[1,]', "invalid JSON: invalid character ']' looking for beginning of value"],
  ['tru', 'invalid JSON: unexpected EOF'],
  ['trux', "invalid JSON: invalid character 'x' in literal true (expecting 'e')"],
  ['nul!', "invalid JSON: invalid character '!' in literal null (expecting 'l')"],
  ['"abc', 'invalid JSON: unexpected EOF'],
  ['"a\\x"', "invalid JSON: invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid JSON: invalid character 'g' in \\u hexadecimal character escape"],
  ['"a\nb"', "invalid JSON: invalid character '\\n' in string literal"],
  ['-', 'invalid JSON: unexpected EOF'],
  ['01', 'unexpected content after JSON'],
  ['1.x', "invalid JSON: invalid character 'x' after decimal point in numeric literal"],
  ['1e', 'invalid JSON: unexpected EOF'],
  ['1ex', "invalid JSON: invalid character 'x' in exponent of numeric literal"],
  ['-a', "invalid JSON: invalid character 'a' in numeric literal"],
  ['{} trailing', 'unexpected content after JSON'],
  ["'", "invalid JSON: invalid character '\\'' looking for beginning of value"],
  ["{'a':1}", "invalid JSON: invalid character '\\'' looking for beginning of object key string"],
  ['[', 'invalid JSON: unexpected EOF'],
  ['{"a":tru}', "invalid JSON: invalid character '}' in literal true (expecting 'e')"],
  ['}', "invalid JSON: invalid character '}' looking for beginning of value"],
  ['{"a":"\\', 'invalid JSON: unexpected EOF'],
  ['[1.]', "invalid JSON: invalid character ']' after decimal point in numeric literal"],
  ['<html>', "invalid JSON: invalid character '<' looking for beginning of value"],
];

test.each(FAULTS)('%j: %s', (text, fault) => {
  expect(jsonFault(text)).toBe(fault);
});

test('whatever JSON.parse refuses has a fault of its own', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().chain((text) => fc.nat(text.length).map((at) => text.slice(0, at))),
      ),
      (text) => {
        const trimmed = text.trim();
        if (trimmed === '' || isJson(trimmed)) return;
        expect(jsonFault(trimmed)).toMatch(
          /^invalid JSON: (unexpected EOF|invalid character )|^unexpected content after JSON$/,
        );
      },
    ),
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
