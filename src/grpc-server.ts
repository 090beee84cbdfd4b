// A gRPC server on one connection that is already there, upgraded from a request: BuildKit's protocol is spoken this way in
// both directions.
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import { messageOf } from './errors.ts';
import { frames, writeFrame } from './grpc-frames.ts';

/** Node's HTTP/2 is loaded with the first connection that speaks it: few processes ever do. */
const load = createRequire(import.meta.url);

/** Status codes of gRPC that are used here. */
export const GRPC = {
  ...{ ok: 0, canceled: 1, unknown: 2, invalidArgument: 3, notFound: 5, alreadyExists: 6 },
  ...{ unimplemented: 12, internal: 13, unavailable: 14 },
} as const;

/** Ends a call with a status of its own. */
export class GrpcFailure extends Error {
  readonly status: number;
  /** A `google.rpc.Status` with what more there is to know, for clients that show it. */
  readonly details: Buffer | undefined;

  constructor(status: number, message: string, details?: Buffer) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/** What is known of a call beside its messages. */
export interface Call {
  readonly headers: IncomingHttpHeaders;
  /** Aborted when the other side has cancelled the call, or is gone. */
  readonly signal: AbortSignal;
}

/** One message in, one message out. */
export type Unary = (request: Buffer, call: Call) => Promise<Buffer> | Buffer;
/** Messages both ways, for as long as the call lasts. */
export type Streaming = (
  call: Call & {
    readonly messages: AsyncIterable<Buffer>;
    /** Resolves when more can be taken. */
    send(message: Uint8Array): Promise<void>;
  },
) => Promise<void>;

export interface Methods {
  readonly unary: Readonly<Record<string, Unary>>;
  readonly streaming: Readonly<Record<string, Streaming>>;
}

/** Serves until the connection closes. Paths are `/package.Service/Method`. */
export function serveGrpc(connection: Duplex, methods: Methods): void {
  const http2 = load('node:http2') as typeof import('node:http2');
  const server: Http2Server = http2.createServer();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => stream.close());
    void answer(stream, headers, methods);
  });
  server.on('sessionError', () => connection.destroy());
  server.emit('connection', connection);
}

async function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, methods: Methods): Promise<void> {
  const path = String(headers[':path'] ?? '');
  let failure: GrpcFailure | undefined;
  const gone = new AbortController();
  stream.once('close', () => gone.abort(new Error('the client has left')));
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers(failure)));
  const send = async (body: Uint8Array): Promise<void> => {
    if (stream.destroyed || stream.closed) throw new GrpcFailure(GRPC.canceled, 'the call was closed');
    await writeFrame(stream, body);
  };
  const call: Call = { headers, signal: gone.signal };
  // Whoever stops reading has still to be answered.
  const messages = frames(stream.iterator({ destroyOnReturn: false }));
  try {
    const unary = Object.hasOwn(methods.unary, path) ? methods.unary[path] : undefined;
    const streaming = Object.hasOwn(methods.streaming, path) ? methods.streaming[path] : undefined;
    if (streaming !== undefined) await streaming({ ...call, messages, send });
    else if (unary !== undefined) {
      const { value: request } = await messages.next();
      await send(await unary(request ?? Buffer.alloc(0), call));
    } else throw new GrpcFailure(GRPC.unimplemented, `unknown method ${path}`);
  } catch (error) {
    failure = error instanceof GrpcFailure ? error : new GrpcFailure(GRPC.internal, messageOf(error));
  }
  if (!stream.destroyed) stream.end();
}

/** As gRPC writes a message into a header: printable ASCII as it is, the rest by its bytes in hexadecimal. */
const headerText = (text: string): string =>
  Buffer.from(text).reduce(
    (sum, byte) => sum + (byte >= 0x20 && byte <= 0x7e && byte !== 0x25 ? String.fromCharCode(byte) : hex(byte)),
    '',
  );
const hex = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

function trailers(failure: GrpcFailure | undefined): Record<string, string> {
  if (!failure) return { 'grpc-status': String(GRPC.ok) };
  return {
    'grpc-status': String(failure.status),
    'grpc-message': headerText(failure.message),
    ...(failure.details ? { 'grpc-status-details-bin': failure.details.toString('base64') } : {}),
  };
}
