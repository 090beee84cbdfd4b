import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byBytes, Float, goFloat, goJson, goJsonIndented } from '../src/go-json.ts';

describe('JSON in Go notation', () => {
  it.each<[string, string]>([
    ['<a & b>', '"\\u003ca \\u0026 b\\u003e"'],
    ['\b\f\n\r\t"\\', '"\\b\\f\\n\\r\\t\\"\\\\"'],
    ['\u0001\u007f\u2028é😀', '"\\u0001\u007f\\u2028é😀"'],
  ])('writes the text %j', (text, expected) => {
    expect(goJson(text)).toBe(expected);
  });

  it.each<[number, 32 | 64, string, string]>([
    [0.1, 32, '0.1', '0.1'],
    [0.333333333, 32, '0.33333334', '0.33333334'],
    [16777217, 32, '16777216', '1.6777216e+07'],
    [1e-7, 32, '1e-7', '1e-07'],
    [0.00001, 64, '0.00001', '1e-05'],
    [1e6, 64, '1000000', '1e+06'],
    [123456.7, 64, '123456.7', '123456.7'],
    [1e21, 64, '1e+21', '1e+21'],
    [1.2345678901234568e22, 64, '1.2345678901234568e+22', '1.2345678901234568e+22'],
    [-1.5, 64, '-1.5', '-1.5'],
    [0, 64, '0', '0'],
  ])('writes the float %d of %d bits', (value, bits, json, short) => {
    expect(goJson(new Float(value, bits))).toBe(json);
    expect(goFloat(new Float(value, bits))).toBe(short);
  });

  it('writes every float so that it reads back the same', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        (double, single) => {
          expect(Number(goJson(new Float(double, 64)))).toBe(double);
          expect(Math.fround(Number(goFloat(new Float(single, 32))))).toBe(single);
        },
      ),
    );
  });

  it('indents by two spaces and leaves empty ones closed', () => {
    const value = new Map<string, never[] | string[]>([
      ['a', []],
      ['b', ['x']],
    ]);
    expect(goJsonIndented(value)).toBe('{\n  "a": [],\n  "b": [\n    "x"\n  ]\n}');
  });

  it('sorts as the bytes of UTF-8 do', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        expect(Math.sign(byBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});
