// A gRPC server on one connection that is already there: the engine calls us back on it while it builds.
import type { Http2Server, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { messageOf } from '../../../errors.ts';
import { load } from '../builtin.ts';

/** Status codes of gRPC that are used here. */
export const GRPC = { ok: 0, notFound: 5, unimplemented: 12, internal: 13 } as const;

/** Ends a call with a status of its own. */
export class GrpcFailure extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** One message in, one message out. */
export type Unary = (request: Buffer) => Promise<Buffer> | Buffer;
/** Messages both ways, for as long as the call lasts. */
export type Streaming = (call: {
  readonly messages: AsyncIterable<Buffer>;
  send(message: Uint8Array): void;
  readonly headers: Readonly<Record<string, unknown>>;
}) => Promise<void>;

export interface Methods {
  readonly unary: Readonly<Record<string, Unary>>;
  readonly streaming: Readonly<Record<string, Streaming>>;
}

/** Serves until the connection closes. Paths are `/package.Service/Method`. */
export function serveGrpc(connection: Duplex, methods: Methods): void {
  const http2: typeof import('node:http2') = load('node:http2');
  const server: Http2Server = http2.createServer();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => stream.close());
    void answer(stream, headers, methods);
  });
  server.on('sessionError', () => connection.destroy());
  server.emit('connection', connection);
}

async function answer(
  stream: ServerHttp2Stream,
  headers: Readonly<Record<string, unknown>>,
  methods: Methods,
): Promise<void> {
  const path = String(headers[':path'] ?? '');
  let status: number = GRPC.ok;
  let message = '';
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () =>
    stream.sendTrailers({
      'grpc-status': String(status),
      ...(message === '' ? {} : { 'grpc-message': encodeURIComponent(message) }),
    }),
  );
  const send = (body: Uint8Array): void => void stream.write(frame(body));
  try {
    const [unary, streaming] = [methods.unary[path], methods.streaming[path]];
    if (streaming !== undefined) await streaming({ messages: frames(stream), send, headers });
    else if (unary !== undefined) {
      // Taken by hand: leaving a loop would destroy the stream before it is answered.
      const { value: request } = await frames(stream).next();
      send(await unary(request ?? Buffer.alloc(0)));
    } else throw new GrpcFailure(GRPC.unimplemented, `unknown method ${path}`);
  } catch (error) {
    status = error instanceof GrpcFailure ? error.status : GRPC.internal;
    message = messageOf(error);
  }
  stream.end();
}

/** A byte for compression (none), four for the length, the message. */
function frame(body: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(body.length, 1);
  return Buffer.concat([header, body]);
}

async function* frames(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pending = Buffer.alloc(0);
  for await (const chunk of stream) {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      if (pending.length < 5) break;
      const end = 5 + pending.readUInt32BE(1);
      if (pending.length < end) break;
      yield pending.subarray(5, end);
      pending = pending.subarray(end);
    }
  }
}
