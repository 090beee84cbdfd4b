// A client's session: on the connection that it has opened, the engine calls methods of gRPC. They are BuildKit's, so that what
// serves it serves this; further contexts have a method of their own.
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { Duplex, Readable } from 'node:stream';
import { WindlassError } from '../../../errors.ts';
import { frame, frames } from '../../../grpc-frames.ts';
import { bytesOf, decode, encode, textOf } from '../../../protobuf.ts';
import type { Credentials } from '../../../registry/auth.ts';
import type { ClientSession } from './session.ts';

const SECRET = '/moby.buildkit.secrets.v1.Secrets/GetSecret';
const CHECK_AGENT = '/moby.sshforward.v1.SSH/CheckAgent';
const FORWARD_AGENT = '/moby.sshforward.v1.SSH/ForwardAgent';
const CREDENTIALS = '/moby.filesync.v1.Auth/Credentials';
const CONTEXT = '/windlass.build.v1.Contexts/Archive';
/** Larger secrets are files that somebody named by mistake. BuildKit's limit. */
const MAX_SECRET_BYTES = 500 * 1024;
const NOT_FOUND = '5';
const UNIMPLEMENTED = '12';

export class SessionConnection implements ClientSession {
  readonly #session: ClientHttp2Session;

  constructor(connection: Duplex) {
    this.#session = connect('http://session', { createConnection: () => connection });
    // Calls that are under way are told by their own streams.
    this.#session.on('error', () => this.#session.destroy());
  }

  onClose(listener: () => void): void {
    this.#session.once('close', listener);
  }

  close(): void {
    this.#session.destroy();
  }

  async secret(id: string): Promise<Buffer | undefined> {
    const answer = await this.#unary(SECRET, encode({ 1: id }));
    const content = answer && bytesOf(decode(answer), 1);
    if (content && content.length > MAX_SECRET_BYTES)
      throw new WindlassError('BUILD_SECRET', `secret ${id} is larger than ${MAX_SECRET_BYTES} bytes`);
    return content;
  }

  async credentials(registry: string): Promise<Credentials> {
    const answer = await this.#unary(CREDENTIALS, encode({ 1: registry }));
    if (!answer) return {};
    const message = decode(answer);
    const [username, password] = [textOf(message, 1), textOf(message, 2)];
    if (password === '') return {};
    return username === '' ? { identitytoken: password } : { username, password };
  }

  async agent(id: string): Promise<Duplex | undefined> {
    if ((await this.#unary(CHECK_AGENT, encode({ 1: id }))) === undefined) return undefined;
    const stream = this.#open(FORWARD_AGENT, { 'buildkit.ssh.id': id });
    const answers = messages(stream);
    return new Duplex({
      write: (chunk: Buffer, _encoding, done) => {
        stream.write(frame(encode({ 1: chunk })), done);
      },
      final: (done) => {
        stream.end(done);
      },
      read() {
        answers.next().then(
          ({ value, done }) => this.push(done === true ? null : bytesOf(decode(value), 1)),
          (error: Error) => this.destroy(error),
        );
      },
      destroy: (error, done) => {
        stream.close(constants.NGHTTP2_CANCEL);
        done(error);
      },
    });
  }

  async context(name: string): Promise<Readable | undefined> {
    const stream = this.#open(CONTEXT, {});
    stream.end(frame(encode({ 1: name })));
    const answers = messages(stream);
    // The first message tells whether there is one of that name.
    const first = await answers.next().catch((error: unknown) => {
      if (error instanceof CallFailed && (error.status === NOT_FOUND || error.status === UNIMPLEMENTED))
        return undefined;
      throw error;
    });
    if (!first) return undefined;
    const pieces = async function* (): AsyncGenerator<Buffer> {
      for (let next = first; next.done !== true; next = await answers.next()) yield bytesOf(decode(next.value), 1);
    };
    return Readable.from(pieces(), { objectMode: false });
  }

  #open(path: string, headers: Readonly<Record<string, string>>): ClientHttp2Stream {
    if (this.#session.destroyed || this.#session.closed)
      throw new WindlassError('BUILD_SESSION', 'the client has left');
    return this.#session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
  }

  /** One message for one; undefined where the client has nothing of that name, or does not know the method. */
  async #unary(path: string, message: Buffer): Promise<Buffer | undefined> {
    const stream = this.#open(path, {});
    stream.end(frame(message));
    try {
      let answer: Buffer = Buffer.alloc(0);
      for await (const one of messages(stream)) answer = one;
      return answer;
    } catch (error) {
      if (error instanceof CallFailed && (error.status === NOT_FOUND || error.status === UNIMPLEMENTED))
        return undefined;
      throw error;
    }
  }
}

/** The client ended a call with a status other than success. */
class CallFailed extends WindlassError {
  readonly status: string;
  constructor(status: string, message: string) {
    super('BUILD_SESSION', message);
    this.status = status;
  }
}

async function* messages(stream: ClientHttp2Stream): AsyncGenerator<Buffer> {
  let status: string | undefined;
  let said = '';
  stream.on('trailers', (trailers) => {
    status = String(trailers['grpc-status'] ?? '0');
    said = decodeURIComponent(String(trailers['grpc-message'] ?? ''));
  });
  yield* frames(stream);
  if (status === undefined) throw new WindlassError('BUILD_SESSION', 'the client left during the build');
  if (status !== '0') throw new CallFailed(status, said);
}
