// A client of BuildKit, as small as one can be: it asks for builds on `/grpc`, and on `/session` serves what the engine asks of it.
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { GrpcClient, type Headers } from '../../src/grpc-client.ts';
import { GRPC, GrpcFailure, type Methods, type Streaming, serveGrpc } from '../../src/grpc-server.ts';
import { ignoreRules } from '../../src/ignore-rules.ts';
import {
  bytesOf,
  decode,
  encode,
  type Message,
  mapEntries,
  mapOf,
  messagesOf,
  numberOf,
  textMapOf,
  textOf,
} from '../../src/protobuf.ts';

const CONTROL = '/moby.buildkit.v1.Control';
const BRIDGE = '/moby.buildkit.v1.frontend.LLBBridge';
const [STAT, REQ, DATA, FIN] = [0, 1, 2, 3];
/** Go's bit for folders. */
const FOLDER = 2 ** 31;

/** Files of a folder by path; a path that ends with a slash is a folder. */
export type Folder = Readonly<Record<string, string>>;

export interface SolveCall {
  readonly attributes?: Readonly<Record<string, string>>;
  /** Folders by name; `context` serves for `dockerfile` too. */
  readonly folders?: Readonly<Record<string, Folder>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Names for the image; none makes no image. */
  readonly tags?: readonly string[];
  readonly exporter?: string;
  /** As buildx does it: the frontend is asked for over the bridge. */
  readonly overBridge?: boolean;
  /** Serves folders in place of `folders`. */
  readonly diffCopy?: Streaming;
}

export interface Solved {
  readonly response: ReadonlyMap<string, string>;
  /** Why it failed. */
  readonly failure: string | undefined;
  /** Names of steps in the order in which they began, with what became of them. */
  readonly steps: ReadonlyMap<string, { readonly cached: boolean; readonly done: boolean; readonly error: string }>;
  readonly log: string;
  /** Folders that were asked for, with the paths that were wanted. */
  readonly asked: readonly string[];
}

export class BuildkitClient {
  readonly #socket: string;
  readonly #client: GrpcClient;

  private constructor(socket: string, connection: Duplex) {
    this.#socket = socket;
    this.#client = new GrpcClient(connection, 'the engine closed the connection');
  }

  static async connect(socket: string): Promise<BuildkitClient> {
    return new BuildkitClient(socket, await upgraded(socket, '/grpc', {}));
  }

  close(): void {
    this.#client.close();
  }

  async call(method: string, message: Buffer, headers: Headers = {}): Promise<Message> {
    return decode(await this.#client.unary(method.startsWith('/') ? method : `${CONTROL}/${method}`, message, headers));
  }

  /** One build from its session to its end. */
  async solve(call: SolveCall): Promise<Solved> {
    const [ref, session] = [randomUUID(), randomUUID()];
    const asked: string[] = [];
    const connection = await upgraded(this.#socket, '/session', {
      'X-Docker-Expose-Session-Uuid': session,
      'X-Docker-Expose-Session-Grpc-Method': [
        '/moby.filesync.v1.FileSync/DiffCopy',
        '/moby.filesync.v1.Auth/Credentials',
        '/moby.buildkit.secrets.v1.Secrets/GetSecret',
      ],
    });
    serveGrpc(connection, sessionMethods(call, asked));
    const told = this.#follow(ref);
    const attributes = mapEntries(Object.entries(call.attributes ?? {}));
    const exporter = encode({
      1: call.exporter ?? 'moby',
      2: mapEntries([['name', (call.tags ?? []).join(',')]]),
    });
    const wantsImage = call.tags !== undefined || call.exporter !== undefined;
    const outcome = this.call(
      'Solve',
      encode({
        ...{ 1: ref, 5: session, 13: wantsImage ? [exporter] : [] },
        // Engines of before know one exporter alone.
        ...(wantsImage ? { 3: call.exporter ?? 'moby', 4: mapEntries([['name', (call.tags ?? []).join(',')]]) } : {}),
        ...(call.overBridge ? {} : { 6: 'dockerfile.v0', 7: attributes }),
      }),
    ).then(
      (message) => ({ response: textMapOf(message, 1), failure: undefined }),
      (error: Error) => ({ response: new Map<string, string>(), failure: error.message }),
    );
    if (call.overBridge) await this.#bridge(ref, attributes);
    const ended = await outcome;
    const seen = await told;
    connection.destroy();
    return { ...ended, ...seen, asked };
  }

  /** A frontend that hands its work to the engine's own, and returns what came of it. */
  async #bridge(ref: string, attributes: Buffer[]): Promise<void> {
    const headers = { 'buildkit-controlapi-buildid': ref };
    await this.call(`${BRIDGE}/Ping`, encode({}), headers);
    const request = encode({ 2: 'dockerfile.v0', 3: attributes, 5: true, 6: true });
    const returned = await this.call(`${BRIDGE}/Solve`, request, headers).then(
      (message) => {
        const result = decode(bytesOf(message, 3));
        const [ref = new Map()] = messagesOf(result, 3);
        const metadata = mapEntries(mapOf(result, 10));
        return encode({ 1: encode({ 3: encode({ 1: textOf(ref, 1) }), 10: metadata }) });
      },
      (error: Error) => encode({ 2: encode({ 1: GRPC.unknown, 2: error.message }) }),
    );
    await this.call(`${BRIDGE}/Return`, returned, headers);
  }

  async #follow(ref: string): Promise<Pick<Solved, 'steps' | 'log'>> {
    const status = this.#client.call(`${CONTROL}/Status`);
    await status.send(encode({ 1: ref }));
    status.end();
    const names = new Map<string, string>();
    const steps = new Map<string, { cached: boolean; done: boolean; error: string }>();
    let log = '';
    try {
      for await (const bytes of status.messages) {
        const message = decode(bytes);
        for (const vertex of messagesOf(message, 1)) {
          names.set(textOf(vertex, 1), textOf(vertex, 3));
          if (!vertex.has(5) && !steps.has(textOf(vertex, 3))) continue;
          const [cached, done] = [numberOf(vertex, 4) === 1, vertex.has(6)];
          steps.set(textOf(vertex, 3), { cached, done, error: textOf(vertex, 7) });
        }
        for (const one of messagesOf(message, 3)) log += textOf(one, 4);
      }
    } catch {
      // The build's own call tells what went wrong.
    }
    return { steps, log };
  }
}

function upgraded(socketPath: string, path: string, headers: Headers): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ socketPath, path, method: 'POST' },
      headers: { Host: 'docker', Connection: 'Upgrade', Upgrade: 'h2c', ...(headers as Record<string, string[]>) },
    });
    sent.once('upgrade', (_, connection, head) => {
      if (head.length > 0) connection.unshift(head);
      resolve(connection);
    });
    sent.once('response', (response) => reject(new Error(`${path} was answered with ${response.statusCode}`)));
    sent.once('error', reject);
    sent.end();
  });
}

function sessionMethods(call: SolveCall, asked: string[]): Methods {
  const secrets = call.secrets ?? {};
  return {
    unary: {
      '/moby.buildkit.secrets.v1.Secrets/GetSecret': (message) => {
        const secret = secrets[textOf(decode(message), 1)];
        if (secret === undefined) throw new GrpcFailure(GRPC.notFound, 'no such secret');
        return encode({ 1: secret });
      },
      '/moby.filesync.v1.Auth/Credentials': () => encode({}),
      '/grpc.health.v1.Health/Check': () => encode({ 1: 1 }),
    },
    streaming: {
      '/moby.filesync.v1.FileSync/DiffCopy':
        call.diffCopy ??
        (async (stream) => {
          const header = (name: string): string[] =>
            [stream.headers[name] ?? []].flat().flatMap((value) => value.split(', '));
          const [name = ''] = header('dir-name');
          const only = header('followpaths');
          asked.push(`${name}:${only.join(' ')}`);
          const folder = call.folders?.[name] ?? call.folders?.context;
          if (!folder) throw new GrpcFailure(GRPC.notFound, `no access allowed to dir "${name}"`);
          const rules = ignoreRules(header('exclude-patterns'));
          const wanted = Object.entries(withFolders(folder)).filter(
            ([path]) => isWanted(path, only) && !rules.ignores(path.replace(/\/$/, '')),
          );
          await sendFolder(stream, wanted);
        }),
    },
  };
}

const isWanted = (path: string, only: readonly string[]): boolean =>
  only.length === 0 || only.some((one) => path === one || path.startsWith(`${one}/`) || `${one}/`.startsWith(path));

/** Folders stand before what is in them. */
function withFolders(folder: Folder): Folder {
  const all: Record<string, string> = { ...folder };
  for (const path of Object.keys(folder))
    for (let slash = path.indexOf('/'); slash >= 0 && slash < path.length - 1; slash = path.indexOf('/', slash + 1))
      all[path.slice(0, slash + 1)] = '';
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function sendFolder(
  { messages, send }: Parameters<Streaming>[0],
  files: readonly (readonly [path: string, content: string])[],
): Promise<void> {
  for (const [path, content] of files) {
    const isFolder = path.endsWith('/');
    const stat = encode({
      ...{ 1: path.replace(/\/$/, ''), 2: isFolder ? FOLDER + 0o755 : 0o644, 6: 1_700_000_000_000_000_000 },
      5: isFolder ? undefined : Buffer.byteLength(content),
    });
    await send(encode({ 1: STAT, 2: stat }));
  }
  await send(encode({ 1: STAT }));
  for await (const bytes of messages) {
    const packet = decode(bytes);
    if (numberOf(packet, 1) === FIN) return send(encode({ 1: FIN }));
    if (numberOf(packet, 1) !== REQ) continue;
    const id = numberOf(packet, 3);
    const [, content = ''] = files[id] ?? [];
    if (content !== '') await send(encode({ 1: DATA, 3: id, 4: content }));
    await send(encode({ 1: DATA, 3: id }));
  }
}
