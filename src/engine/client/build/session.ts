// What BuildKit asks of us while it builds through the engine's API: credentials, secrets, and the ssh agent.
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type { DockerConfig } from '../../../docker-config.ts';
import { EngineError } from '../../../errors.ts';
import { GRPC, GrpcFailure, type Methods, serveGrpc } from '../../../grpc-server.ts';
import { bytesOf, decode, encode, textOf } from '../../../protobuf.ts';
import { credentialsFor, DOCKER_HUB } from '../../../registry/credentials.ts';
import type { BuildRequest } from '../../engine.ts';
import { load } from '../builtin.ts';
import type { Client } from '../client.ts';
import { contextArchive, openFolder } from './context.ts';
import { CONTEXT_METHOD, localContexts } from './native.ts';

export interface Session {
  readonly id: string;
  close(): void;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Opens the connection on which the engine calls back, and answers there until it is closed. */
export async function openSession(
  client: Client,
  config: DockerConfig,
  request: BuildRequest,
  signal: AbortSignal | undefined,
): Promise<Session> {
  const { randomUUID }: typeof import('node:crypto') = load('node:crypto');
  const id = randomUUID();
  const methods = sessionMethods(client, config, request);
  const names = [...Object.keys(methods.unary), ...Object.keys(methods.streaming)];
  const connection = await dial(client, id, names, signal);
  serveGrpc(connection, methods);
  return { id, close: () => connection.destroy() };
}

function dial(client: Client, id: string, methods: string[], signal: AbortSignal | undefined): Promise<Duplex> {
  const headers = {
    Upgrade: 'h2c',
    'X-Docker-Expose-Session-Uuid': id,
    'X-Docker-Expose-Session-Name': 'windlass',
    'X-Docker-Expose-Session-Sharedkey': '',
    'X-Docker-Expose-Session-Grpc-Method': methods,
  };
  return new Promise((resolve, reject) => {
    client.modem.dial(
      {
        path: '/session',
        method: 'POST',
        hijack: true,
        statusCodes: { 101: true, 200: true },
        headers,
        abortSignal: signal,
      },
      (error, data) => (error === null ? resolve(data as Duplex) : reject(error)),
    );
  });
}

/** The methods that a build's secrets, ssh agents and base images call for. */
export function sessionMethods(
  client: Pick<Client, 'host' | 'env'>,
  config: DockerConfig,
  request: BuildRequest,
): Methods {
  const agents = sshAgents(request.ssh ?? [], client.env);
  return {
    unary: {
      // 1 = serving. The engine asks from time to time.
      '/grpc.health.v1.Health/Check': () => encode({ 1: 1 }),
      '/moby.filesync.v1.Auth/Credentials': async (message) => {
        const host = textOf(decode(message), 1);
        const registry = /^(registry-1\.docker\.io|docker\.io|index\.docker\.io)$/.test(host) ? DOCKER_HUB : host;
        const auth = await credentialsFor(registry, config, client.host);
        // BuildKit takes an identity token for a secret without a user name.
        return auth?.identitytoken === undefined
          ? encode({ 1: auth?.username ?? '', 2: auth?.password ?? '' })
          : encode({ 2: auth.identitytoken });
      },
      ...(request.secrets.length === 0
        ? {}
        : {
            '/moby.buildkit.secrets.v1.Secrets/GetSecret': async (message) =>
              encode({ 1: await secret(request, textOf(decode(message), 1), client.env) }),
          }),
      ...(agents.size === 0
        ? {}
        : {
            '/moby.sshforward.v1.SSH/CheckAgent': (message) => {
              agentOf(agents, textOf(decode(message), 1));
              return Buffer.alloc(0);
            },
          }),
    },
    streaming: {
      ...contextMethods(request),
      ...(agents.size === 0
        ? {}
        : {
            '/moby.sshforward.v1.SSH/ForwardAgent': async ({ messages, send, headers }) => {
              const { connect }: typeof import('node:net') = load('node:net');
              const agent = connect(agentOf(agents, String(headers['buildkit.ssh.id'] ?? '')));
              agent.on('data', (chunk: Buffer) => void send(encode({ 1: chunk })).catch(() => agent.destroy()));
              agent.on('error', () => agent.destroy());
              const closed = new Promise((resolve) => agent.once('close', resolve));
              try {
                for await (const message of messages) agent.write(bytesOf(decode(message), 1));
                agent.end();
                // The agent may answer after the last question.
                await closed;
              } finally {
                agent.destroy();
              }
            },
          }),
    },
  };
}

/** The native engine asks for further contexts by name, and gets folders as archives. */
function contextMethods(request: BuildRequest): Methods['streaming'] {
  const folders = localContexts(request.build);
  if (folders.size === 0) return {};
  return {
    [CONTEXT_METHOD]: async ({ messages, send }) => {
      const { value: message } = await messages[Symbol.asyncIterator]().next();
      const name = textOf(decode(message ?? Buffer.alloc(0)), 1);
      const folder = folders.get(name);
      if (folder === undefined) throw new GrpcFailure(GRPC.notFound, `no context "${name}"`);
      const source = await openFolder(request.service, folder);
      for await (const chunk of contextArchive(source)) await send(encode({ 1: chunk }));
    },
  };
}

async function secret(request: BuildRequest, id: string, env: Env): Promise<Uint8Array> {
  const found = request.secrets.find((one) => one.id === id);
  const text = found?.content ?? (found?.environment === undefined ? undefined : env[found.environment]);
  if (text !== undefined) return Buffer.from(text);
  // What is missing is said by BuildKit, which knows the step that wants it.
  if (found?.file === undefined) throw new GrpcFailure(GRPC.notFound, `secret ${id} not found`);
  return await readFile(found.file);
}

/**
 * `default` and `id=/path/of/agent.sock` → socket by id.
 * @throws EngineError for a key file: only buildx makes an agent of one.
 */
function sshAgents(entries: readonly string[], env: Env): ReadonlyMap<string, string> {
  const sockets = entries.map((entry): [string, string] => {
    const [id = '', path] = entry.split(/=(.*)/s);
    if (path !== undefined && statSync(path, { throwIfNoEntry: false })?.isSocket() !== true)
      throw new EngineError(`build.ssh "${id}": "${path}" is not the socket of an ssh agent`, {
        ...{ kind: 'unsupported', verb: 'buildImage' },
        hint: 'install docker-buildx to use a key file, or add the key to an agent (ssh-add) and write build.ssh: [default]',
      });
    return [id, path ?? env.SSH_AUTH_SOCK ?? ''];
  });
  return new Map(sockets);
}

function agentOf(agents: ReadonlyMap<string, string>, id: string): string {
  const socket = agents.get(id === '' ? 'default' : id) ?? '';
  if (socket === '')
    throw new GrpcFailure(GRPC.notFound, `no ssh agent for "${id === '' ? 'default' : id}": SSH_AUTH_SOCK is not set`);
  return socket;
}
