import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesOf, decode, encode, numberOf } from '../src/protobuf.ts';

it('reads back what it wrote', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.uint8Array({ minLength: 1, maxLength: 400 }),
      fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      (field, bytes, number) => {
        const message = decode(encode({ [field]: bytes, [field + 1]: number }));
        expect(Buffer.compare(bytesOf(message, field), bytes)).toBe(0);
        expect(numberOf(message, field + 1)).toBe(number);
      },
    ),
  );
});

it('ends in an error where the bytes do, never in a loop', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        decode(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 2000 },
  );
});
