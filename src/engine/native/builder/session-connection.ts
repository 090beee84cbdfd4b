// A client's session: on the connection that it has opened, the engine calls methods of gRPC. They are BuildKit's, so that what
// serves it serves this; windlass's own client has one more, for further contexts.
import { Duplex, Readable } from 'node:stream';
import { WindlassError } from '../../../errors.ts';
import { CallFailed, GrpcClient, type Headers, type OpenCall } from '../../../grpc-client.ts';
import { GRPC } from '../../../grpc-server.ts';
import { bytesOf, decode, encode, textOf } from '../../../protobuf.ts';
import type { Credentials } from '../../../registry/auth.ts';
import { DEFAULT_REGISTRY } from '../../../registry/reference.ts';
import type { ClientSession, ContextSession } from './session.ts';

const SECRET = '/moby.buildkit.secrets.v1.Secrets/GetSecret';
const CHECK_AGENT = '/moby.sshforward.v1.SSH/CheckAgent';
const FORWARD_AGENT = '/moby.sshforward.v1.SSH/ForwardAgent';
const CREDENTIALS = '/moby.filesync.v1.Auth/Credentials';
const UPLOAD = '/moby.upload.v1.Upload/Pull';
const CONTEXT = '/windlass.build.v1.Contexts/Archive';
/** Larger secrets are files that somebody named by mistake. BuildKit's limit. */
const MAX_SECRET_BYTES = 500 * 1024;

export class SessionConnection implements ClientSession, ContextSession {
  readonly #client: GrpcClient;

  constructor(connection: Duplex) {
    this.#client = new GrpcClient(connection, 'the client has left');
  }

  onClose(listener: () => void): void {
    this.#client.onClose(listener);
  }

  close(): void {
    this.#client.close();
  }

  async secret(id: string): Promise<Buffer | undefined> {
    const answer = await this.#unary(SECRET, encode({ 1: id }));
    const content = answer && bytesOf(decode(answer), 1);
    if (content && content.length > MAX_SECRET_BYTES)
      throw new WindlassError('BUILD_SECRET', `secret ${id} is larger than ${MAX_SECRET_BYTES} bytes`);
    return content;
  }

  async credentials(registry: string): Promise<Credentials> {
    // BuildKit asks for Docker Hub by the name of the machine that serves it, and so its clients know it.
    const host = registry === DEFAULT_REGISTRY ? 'registry-1.docker.io' : registry;
    const answer = await this.#unary(CREDENTIALS, encode({ 1: host }));
    if (!answer) return {};
    const message = decode(answer);
    const [username, password] = [textOf(message, 1), textOf(message, 2)];
    if (password === '') return {};
    return username === '' ? { identitytoken: password } : { username, password };
  }

  async agent(id: string): Promise<Duplex | undefined> {
    if ((await this.#unary(CHECK_AGENT, encode({ 1: id }))) === undefined) return undefined;
    const call = this.#client.call(FORWARD_AGENT, { 'buildkit.ssh.id': id });
    return new Duplex({
      write: (chunk: Buffer, _encoding, done) => {
        call.send(encode({ 1: chunk })).then(() => done(), done);
      },
      final: (done) => {
        call.end();
        done();
      },
      read() {
        call.messages.next().then(
          ({ value, done }) => this.push(done === true ? null : bytesOf(decode(value), 1)),
          (error: Error) => this.destroy(error),
        );
      },
      destroy: (error, done) => {
        call.cancel();
        done(error);
      },
    });
  }

  async context(name: string): Promise<Readable | undefined> {
    const call = this.#client.call(CONTEXT);
    await call.send(encode({ 1: name }));
    call.end();
    // The first message tells whether there is one of that name.
    const first = await call.messages.next().catch(undefinedWhereMissing);
    return first && contents(call, first);
  }

  /** An archive that the client has put up under an address of its own. */
  async upload(path: string): Promise<Readable> {
    const call = this.#client.call(UPLOAD, { urlpath: path, urlhost: 'buildkit-session' });
    call.end();
    return contents(call, await call.messages.next());
  }

  /** Any method that takes messages both ways. */
  call(path: string, headers: Headers): OpenCall {
    return this.#client.call(path, headers);
  }

  /** One message for one; undefined where the client has nothing of that name, or does not know the method. */
  #unary(path: string, message: Buffer): Promise<Buffer | undefined> {
    return this.#client.unary(path, message).catch(undefinedWhereMissing);
  }
}

/** What messages of bytes hold, from the first on. */
function contents(call: OpenCall, first: IteratorResult<Buffer>): Readable {
  const pieces = async function* (): AsyncGenerator<Buffer> {
    for (let next = first; next.done !== true; next = await call.messages.next()) yield bytesOf(decode(next.value), 1);
  };
  return Readable.from(pieces(), { objectMode: false });
}

function undefinedWhereMissing(error: unknown): undefined {
  if (error instanceof CallFailed && (error.status === GRPC.notFound || error.status === GRPC.unimplemented))
    return undefined;
  throw error;
}
