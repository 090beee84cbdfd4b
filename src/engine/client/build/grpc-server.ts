// A gRPC server on one connection that is already there: the engine calls us back on it while it builds.
import type { Http2Server, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { messageOf } from '../../../errors.ts';
import { frame, frames } from '../../../grpc-frames.ts';
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
  /** Resolves when more can be taken. */
  send(message: Uint8Array): Promise<void>;
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
  const send = async (body: Uint8Array): Promise<void> => {
    if (stream.destroyed) throw new GrpcFailure(GRPC.internal, 'the engine has closed the call');
    if (stream.write(frame(body))) return;
    await new Promise<void>((resolve) => {
      stream.once('drain', resolve).once('close', resolve);
    });
  };
  try {
    const [unary, streaming] = [methods.unary[path], methods.streaming[path]];
    if (streaming !== undefined) await streaming({ messages: frames(stream), send, headers });
    else if (unary !== undefined) {
      // Taken by hand: leaving a loop would destroy the stream before it is answered.
      const { value: request } = await frames(stream).next();
      await send(await unary(request ?? Buffer.alloc(0)));
    } else throw new GrpcFailure(GRPC.unimplemented, `unknown method ${path}`);
  } catch (error) {
    status = error instanceof GrpcFailure ? error.status : GRPC.internal;
    message = messageOf(error);
  }
  stream.end();
}
