import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readTar } from '../../src/archive/tar-reader.ts';
import { archiveOf } from '../support/tar.ts';

const archive = archiveOf([{ path: 'a', content: 'A'.repeat(2000) }, { path: 'b' }]);

/** The archive in pieces; `ended` tells whether whoever makes it was let go. */
function source(bytes: Buffer = archive): { readonly ended: () => boolean; readonly pieces: AsyncIterable<Buffer> } {
  let ended = false;
  const pieces = async function* (): AsyncGenerator<Buffer> {
    try {
      for (let at = 0; at < bytes.length; at += 100) {
        await turn();
        yield bytes.subarray(at, at + 100);
      }
    } finally {
      ended = true;
    }
  };
  return { ended: () => ended, pieces: pieces() };
}

async function namesOf(pieces: AsyncIterable<Buffer>, most = Number.POSITIVE_INFINITY): Promise<string[]> {
  const names: string[] = [];
  for await (const { path } of readTar(pieces)) if (names.push(path) >= most) break;
  return names;
}

test('a source that is read to its end has ended', async () => {
  const { ended, pieces } = source();
  expect(await namesOf(pieces)).toEqual(['a', 'b']);
  expect(ended()).toBe(true);
});

test('a source is let go by who has seen enough of it', async () => {
  const { ended, pieces } = source();
  expect(await namesOf(pieces, 1)).toEqual(['a']);
  expect(ended()).toBe(true);
});

test('a source that turns out to be no archive is let go', async () => {
  const { ended, pieces } = source(Buffer.concat([archive.subarray(0, 512), Buffer.alloc(9000, 'x')]));
  await expect(namesOf(pieces)).rejects.toThrow();
  expect(ended()).toBe(true);
});

test('a failure of the source is what is reported, not that of letting it go', async () => {
  const failing = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new Error('the disk is gone')),
      return: () => Promise.reject(new Error('and it cannot be closed')),
    }),
  };
  await expect(namesOf(failing)).rejects.toThrow('the disk is gone');
});
