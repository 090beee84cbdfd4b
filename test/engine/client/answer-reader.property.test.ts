// However an answer is cut into pieces on its way, it reads the same; and nothing that is no answer passes for one.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Answer, AnswerReader } from '../../../src/engine/client/answer-reader.ts';

const ANSWERS: Readonly<Record<string, { readonly bytes: string; readonly text: string; readonly again: boolean }>> = {
  'with a length': { bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', text: 'hello', again: true },
  'in chunks': {
    bytes:
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n7\r\n w\u00f6rld\r\n0\r\nTrailer: 1\r\n\r\n',
    text: 'hello w\u00f6rld',
    again: true,
  },
  'without a body': { bytes: 'HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n', text: '', again: true },
  'after an announcement': {
    bytes: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}',
    text: '{}',
    again: true,
  },
  'on a connection that ends': {
    bytes: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx',
    text: 'x',
    again: false,
  },
};

function readIn(pieces: readonly Buffer[], reader = new AnswerReader()): Answer | undefined {
  for (const [index, piece] of pieces.entries()) {
    const answer = reader.read(piece);
    if (answer !== undefined) {
      expect(index, 'the last piece completes it').toBe(pieces.length - 1);
      return answer;
    }
  }
  return undefined;
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const marks = [...new Set([0, ...at.map((mark) => mark % bytes.length), bytes.length])].sort((a, b) => a - b);
  return marks.slice(1).map((end, index) => bytes.subarray(marks[index], end));
}

for (const [name, { bytes, text, again }] of Object.entries(ANSWERS))
  test(`an answer ${name}, cut anywhere`, () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (at) => {
        const reader = new AnswerReader();
        expect(readIn(cut(Buffer.from(bytes), at), reader)?.text).toBe(text);
        expect(reader.mayServeAgain).toBe(again);
      }),
    );
  });

test('an answer whose end is the end of the connection', () => {
  const reader = new AnswerReader();
  expect(reader.read(Buffer.from('HTTP/1.0 500 Oh no\r\nContent-Type: text/plain\r\n\r\nbroken'))).toBeUndefined();
  expect(reader.end()).toEqual({
    status: 500,
    reason: 'Oh no',
    headers: { 'content-type': 'text/plain' },
    text: 'broken',
  });
  expect(reader.mayServeAgain).toBe(false);
});

test('an answer that stops too early is told from a whole one', () => {
  for (const { bytes } of Object.values(ANSWERS))
    for (let length = 0; length < bytes.length - 1; length++) {
      const reader = new AnswerReader();
      const part = Buffer.from(bytes).subarray(0, length);
      expect(length === 0 ? undefined : reader.read(part)).toBeUndefined();
      expect(() => reader.end()).toThrow('in the middle of an answer');
    }
});

test.each([
  ['a greeting of another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n'],
  ['a length below zero', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
  ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ['a chunk below zero', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n'],
  ['a head without end', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(20_000)}`],
])('%s is refused', (_, bytes) => {
  expect(() => new AnswerReader().read(Buffer.from(bytes))).toThrow('does not speak HTTP');
});
