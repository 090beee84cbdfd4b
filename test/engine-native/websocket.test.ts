// Frames of websockets, from the protocol's own examples (RFC 6455, 1.3 and 5.7) and hostile ones.
import { expect, test } from 'vitest';
import { FrameReader, FrameWriter, frameOf, handshake, takeFrame } from '../../src/engine/native/server/websocket.ts';

const HEADERS = {
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
const HELLO = Buffer.from('818537fa213d7f9f4d5158', 'hex');

test('the handshake of the document', () => {
  expect(handshake(HEADERS)).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
});

test.each([
  ['no key', { upgrade: 'websocket', 'sec-websocket-version': '13' }],
  ['another version', { ...HEADERS, 'sec-websocket-version': '8' }],
  ['another protocol', { ...HEADERS, upgrade: 'tcp' }],
])('a request with %s is refused', (_, headers) => {
  expect(() => handshake(headers)).toThrow('not a websocket request of version 13');
});

test('a masked frame, in one piece and byte by byte', async () => {
  expect(takeFrame(HELLO)).toEqual({ opcode: 1, payload: Buffer.from('Hello'), size: 11 });
  const reader = new FrameReader(() => undefined);
  for (const byte of HELLO) reader.write(Buffer.from([byte]));
  reader.end();
  expect(Buffer.concat(await reader.toArray()).toString()).toBe('Hello');
});

test.each([5, 200, 70_000])('a frame of %i bytes has the head its size needs', (size) => {
  const payload = Buffer.alloc(size, 'x');
  const written = frameOf(2, payload);
  expect(written.subarray(-size)).toEqual(payload);
  expect(written.length - size).toBe(size < 126 ? 2 : size < 65_536 ? 4 : 10);
});

test('a ping is answered, a closing frame ends the input', async () => {
  const answers: Buffer[] = [];
  const reader = new FrameReader((frame) => answers.push(frame));
  const masked = (opcode: number, text: string): Buffer =>
    Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
  reader.write(masked(9, 'are you there'));
  reader.write(masked(1, 'a'));
  reader.write(masked(8, ''));
  expect(Buffer.concat(await reader.toArray()).toString()).toBe('a');
  expect(answers).toEqual([frameOf(10, Buffer.from('are you there'))]);
});

test('the end of the output is a closing frame', async () => {
  const writer = new FrameWriter();
  writer.end('bye');
  expect(Buffer.concat(await writer.toArray())).toEqual(
    Buffer.concat([frameOf(2, Buffer.from('bye')), frameOf(8, Buffer.from([3, 232]))]),
  );
});

test.each([
  ['a frame that is not masked', Buffer.from([0x81, 0x05, 72, 101])],
  ['a frame that says it is huge', Buffer.concat([Buffer.from([0x82, 0xff]), Buffer.alloc(12, 0x7f)])],
])('%s breaks the connection', async (_, bytes) => {
  const reader = new FrameReader(() => undefined);
  reader.write(bytes);
  await expect(reader.toArray()).rejects.toThrow(/not masked|too large/);
});
