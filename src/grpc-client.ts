// A gRPC client on one connection that is already there.
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import { WindlassError } from './errors.ts';
import { frame, frames, writeFrame } from './grpc-frames.ts';
import { GRPC } from './grpc-server.ts';

const load = createRequire(import.meta.url);
/** The usual 64 KiB would be a round trip for every two files of a context. */
const WINDOW_BYTES = 1024 * 1024;

/** The other side ended a call with a status other than success. */
export class CallFailed extends WindlassError {
  readonly status: number;
  constructor(status: number, message: string) {
    super('GRPC', message);
    this.status = status;
  }
}

export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A call that goes on. */
export interface OpenCall {
  /** @throws CallFailed at their end, where the call failed */
  readonly messages: AsyncGenerator<Buffer>;
  /** Resolves when more can be taken. */
  send(message: Uint8Array): Promise<void>;
  /** Nothing more is sent. */
  end(): void;
  cancel(): void;
}

export class GrpcClient {
  readonly #session: ClientHttp2Session;
  readonly #gone: string;

  /** `gone` is the message of calls that the connection did not outlive. */
  constructor(connection: Duplex, gone: string) {
    this.#gone = gone;
    const http2 = load('node:http2') as typeof import('node:http2');
    const session = http2.connect('http://connection', {
      createConnection: () => connection,
      settings: { initialWindowSize: WINDOW_BYTES },
    });
    session.once('connect', () => {
      if (!session.destroyed) session.setLocalWindowSize(4 * WINDOW_BYTES);
    });
    // Calls that are under way are told by their own streams.
    session.on('error', () => session.destroy());
    this.#session = session;
  }

  onClose(listener: () => void): void {
    this.#session.once('close', listener);
  }

  close(): void {
    this.#session.destroy();
  }

  /** One message for one. */
  async unary(path: string, message: Buffer, headers: Headers = {}): Promise<Buffer> {
    const stream = this.#open(path, headers);
    stream.end(frame(message));
    let answer: Buffer = Buffer.alloc(0);
    for await (const one of this.#messages(stream)) answer = one;
    return answer;
  }

  call(path: string, headers: Headers = {}): OpenCall {
    const stream = this.#open(path, headers);
    // Told by the messages; without a listener it would be nobody's.
    stream.on('error', () => undefined);
    return {
      messages: this.#messages(stream),
      send: async (message) => {
        if (!stream.destroyed) await writeFrame(stream, message);
      },
      end: () => stream.end(),
      cancel: () => stream.close(load('node:http2').constants.NGHTTP2_CANCEL),
    };
  }

  #open(path: string, headers: Headers): ClientHttp2Stream {
    if (this.#session.destroyed || this.#session.closed) throw new WindlassError('GRPC', this.#gone);
    return this.#session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
  }

  async *#messages(stream: ClientHttp2Stream): AsyncGenerator<Buffer> {
    let status: number | undefined;
    let said = '';
    const end = (trailers: NodeJS.Dict<string | string[]>): void => {
      if (trailers['grpc-status'] === undefined) return;
      status = Number(trailers['grpc-status']);
      said = decoded(String(trailers['grpc-message'] ?? ''));
    };
    stream.on('trailers', end);
    // A call that fails at once may be answered with nothing but its end.
    stream.on('response', end);
    try {
      yield* frames(stream);
    } catch (error) {
      // A call that is over may be reset where this side had not ended it: its status is what counts.
      if (status === undefined) throw error;
    }
    if (status === undefined) throw new WindlassError('GRPC', this.#gone);
    if (status !== GRPC.ok) throw new CallFailed(status, said);
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
