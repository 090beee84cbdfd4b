// One request and its answer, the same for plain and for upgraded (hijacked) connections.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { badRequest } from './api-error.ts';
import { jsonFault } from './json-fault.ts';
import { handshake, overWebsocket } from './websocket.ts';

/** Largest JSON body that is read: no request of the API comes near it. */
const MAX_JSON_BYTES = 8 * 1024 * 1024;

/** The raw connection after a hijack: what the client sends, and where the answer goes. */
export interface Hijacked {
  readonly input: Readable;
  readonly output: Duplex;
  /** The protocol was switched (101), so input may outlive the request's own body. */
  readonly upgraded: boolean;
}

export interface Exchange {
  readonly method: string;
  /** Negotiated API version as a number: 1.41 → 41. */
  readonly version: number;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Aborted when the client goes away. */
  readonly gone: AbortSignal;
  /** The body as a stream; read it once. */
  readonly body: Readable;
  /** The body as JSON; undefined when empty. */
  json(): Promise<unknown>;
  reply(status: number, value?: unknown): void;
  /** Sends the head at once and returns the response to write to. */
  stream(status: number, contentType: string, headers?: Readonly<Record<string, string>>): ServerResponse;
  /** Takes the connection over for raw bytes, or for another protocol. */
  hijack(contentType: string, protocol?: 'tcp' | 'h2c'): Hijacked;
  /** Takes the connection over for a websocket; what is written and read are the bytes within the frames. */
  websocket(): Hijacked;
}

export interface ExchangeParts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Readable;
  readonly upgradeSocket: Duplex | undefined;
  readonly version: number;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

export function createExchange(parts: ExchangeParts): Exchange {
  const { request, response, body, upgradeSocket } = parts;
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  if (upgradeSocket) upgradeSocket.once('close', leave);
  else response.once('close', leave);
  return {
    method: request.method ?? 'GET',
    version: parts.version,
    params: parts.params,
    query: parts.query,
    headers: request.headers,
    gone: gone.signal,
    body,
    json: () => readJson(body, request.headers['content-type']),
    reply(status, value) {
      response.statusCode = status;
      if (value === undefined) response.end();
      else {
        const text = `${JSON.stringify(value)}\n`;
        response.setHeader('Content-Type', 'application/json');
        response.setHeader('Content-Length', Buffer.byteLength(text));
        response.end(request.method === 'HEAD' ? undefined : text);
      }
    },
    stream(status, contentType, headers = {}) {
      response.writeHead(status, { 'Content-Type': contentType, ...headers });
      response.flushHeaders();
      return response;
    },
    hijack(contentType, protocol = 'tcp') {
      if (upgradeSocket) {
        const head = `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${contentType}\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
        response.detachSocket(upgradeSocket as Parameters<typeof response.detachSocket>[0]);
        upgradeSocket.write(head);
        return { input: upgradeSocket, output: upgradeSocket, upgraded: true };
      }
      const socket = request.socket;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\nConnection: close\r\n\r\n`);
      return { input: body, output: socket, upgraded: false };
    },
    websocket() {
      const head = handshake(request.headers);
      if (!upgradeSocket) throw badRequest('a websocket needs a connection of its own');
      response.detachSocket(upgradeSocket as Parameters<typeof response.detachSocket>[0]);
      upgradeSocket.write(head);
      return { ...overWebsocket(upgradeSocket), upgraded: true };
    },
  };
}

async function readJson(body: Readable, type: string | undefined): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Not destroyed when it is too large: the refusal has to reach the client on this connection.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > MAX_JSON_BYTES) throw badRequest(`request body is larger than ${MAX_JSON_BYTES} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8').trim();
  if (text === '') return undefined;
  if (type !== undefined && type.split(';', 1)[0]?.trim().toLowerCase() !== 'application/json')
    throw badRequest(`unsupported Content-Type header (${type}): must be 'application/json'`);
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest(jsonFault(text));
  }
}
