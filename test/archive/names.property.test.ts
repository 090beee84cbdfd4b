// Names of files are bytes: whatever they are, they come through an archive unchanged.
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeName, encodeName } from '../../src/archive/names.ts';
import { readTar } from '../../src/archive/tar-reader.ts';
import { plainHeader, writeTar } from '../../src/archive/tar-writer.ts';

/** Bytes that often begin what would be a character, and often are none. */
const bytes = fc
  .array(
    fc.oneof(fc.integer({ min: 1, max: 255 }), fc.constantFrom(0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0xed, 0xb2)),
    {
      minLength: 1,
      maxLength: 300,
    },
  )
  .map((all) => Buffer.from(all));

test('bytes to text and back, and different bytes to different text', () => {
  fc.assert(
    fc.property(bytes, bytes, (one, other) => {
      expect(encodeName(decodeName(one))).toEqual(one);
      expect(decodeName(one) === decodeName(other)).toBe(one.equals(other));
    }),
  );
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => decodeName(Buffer.from(text)) === text));
});

test('through an archive, as the name of an entry and as the target of a link', async () => {
  await fc.assert(
    fc.asyncProperty(bytes, bytes, async (name, target) => {
      const [path, linkPath] = [decodeName(name), decodeName(target)];
      const header = plainHeader({ path, linkPath, type: 'symlink' });
      const archive = Readable.from(writeTar([{ header }]));
      for await (const entry of readTar(archive)) expect([entry.path, entry.linkPath]).toEqual([path, linkPath]);
    }),
  );
});
