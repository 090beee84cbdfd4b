// Attaching over a websocket (RFC 6455): the handshake, and frames to bytes and back. Bounded: a client cannot make the engine keep more
// than one frame of its input.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Duplex, Transform, type TransformCallback } from 'node:stream';
import { badRequest } from './api-error.ts';

/** Appended to the client's key before it is hashed: the protocol's own constant. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Largest frame that a client may send. */
const MAX_FRAME = 1024 * 1024;

const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];

/** The head of the answer that switches the connection; a 400 for what is no websocket request. */
export function handshake(headers: IncomingHttpHeaders): string {
  const key = headers['sec-websocket-key'];
  if (headers.upgrade?.toLowerCase() !== 'websocket' || key === undefined || headers['sec-websocket-version'] !== '13')
    throw badRequest('not a websocket request of version 13');
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** One frame of the engine's, whole and not masked. */
export function frameOf(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = length < 126 ? Buffer.alloc(2) : length < 65536 ? Buffer.alloc(4) : Buffer.alloc(10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** What is written to it goes to the client in binary frames; its end is a closing frame. */
export class FrameWriter extends Transform {
  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    done(null, frameOf(BINARY, chunk));
  }

  override _flush(done: TransformCallback): void {
    // 1000: a normal end.
    done(null, frameOf(CLOSE, Buffer.from([0x03, 0xe8])));
  }
}

/** A client's frames become the bytes in them. It ends with the client's closing frame; what is no frame destroys it. */
export class FrameReader extends Transform {
  readonly #answer: (frame: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  /** `answer` sends a frame to the client: pings want one. */
  constructor(answer: (frame: Buffer) => void) {
    super();
    this.#answer = answer;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    try {
      for (let frame = takeFrame(this.#rest); frame; frame = takeFrame(this.#rest)) {
        this.#rest = this.#rest.subarray(frame.size);
        if (frame.opcode === PING) this.#answer(frameOf(PONG, frame.payload));
        else if (frame.opcode === CLOSE) this.push(null);
        else if (frame.opcode === CONTINUATION || frame.opcode === TEXT || frame.opcode === BINARY)
          this.push(frame.payload);
      }
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  /** Bytes it took, head included. */
  readonly size: number;
}

/** The first frame, if it is there whole. Frames of clients are masked, or the protocol is broken. */
export function takeFrame(bytes: Buffer): Frame | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  if ((second & 0x80) === 0) throw new Error('a client’s frame is not masked');
  const short = second & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < 2 + extra + 4) return undefined;
  const length = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > MAX_FRAME) throw new Error(`a client’s frame of ${length} bytes is too large`);
  const start = 2 + extra + 4;
  if (bytes.length < start + length) return undefined;
  const mask = bytes.subarray(2 + extra, start);
  const payload = Buffer.from(bytes.subarray(start, start + length));
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0);
  return { opcode: first & 0x0f, payload, size: start + length };
}

/** Both directions over a connection that was switched. */
export function overWebsocket(socket: Duplex): { readonly input: FrameReader; readonly output: FrameWriter } {
  const output = new FrameWriter();
  const input = new FrameReader((frame) => socket.write(frame));
  output.pipe(socket);
  socket.pipe(input);
  input.on('error', () => socket.destroy());
  output.on('error', () => socket.destroy());
  socket.once('close', () => {
    input.destroy();
    output.destroy();
  });
  return { input, output };
}
