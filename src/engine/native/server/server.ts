// The HTTP server of the engine: accepts connections and brings each request to its handler.
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, PassThrough, type Readable } from 'node:stream';
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { ApiError } from './api-error.ts';
import { createExchange } from './exchange.ts';
import { IDENTITY } from './identity.ts';
import { createRouter, type Routes } from './router.ts';

/** An HTTP server for the routes, not yet listening; `server` may be one that speaks TLS. */
export function createApiServer(routes: Routes, server: Server = createServer()): Server {
  const router = createRouter(routes);

  const serve = async (
    request: IncomingMessage,
    response: ServerResponse,
    body: Readable,
    upgradeSocket?: Duplex,
  ): Promise<void> => {
    const started = performance.now();
    for (const [name, value] of Object.entries(IDENTITY)) response.setHeader(name, value);
    const [path = '', search = ''] = (request.url ?? '/').split('?', 2);
    const method = request.method ?? 'GET';
    const match = router.match(method, path);
    if (match.kind !== 'found') {
      const [status, message] = match.kind === 'missing' ? [404, 'page not found'] : [400, match.message];
      return answerError(response, new ApiError(status, message));
    }
    const { params, version } = match;
    const query = new URLSearchParams(search);
    try {
      const exchange = createExchange({ request, response, body, upgradeSocket, version, params, query });
      await match.handler(exchange);
    } catch (error) {
      debug('api', () => `${method} ${path} failed: ${error instanceof Error ? error.stack : String(error)}`);
      answerError(response, error);
    }
    debug('api', () => `${method} ${path} ${response.statusCode} ${(performance.now() - started).toFixed(1)} ms`);
  };

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void serve(request, response, request);
  });
  server.keepAliveTimeout = 60_000;
  server.requestTimeout = 0;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    // A refusal ends the connection: nothing after an upgrade request may be read as another request.
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.once('finish', () => socket.end());
    void takeBody(request, socket, head).then((body) => serve(request, response, body, socket));
  });
  return server;
}

/**
 * The body of an upgrade request. Node hands over the socket right after the head, so the announced number of bytes is
 * taken from the connection here; what follows belongs to the hijacked stream and is put back.
 */
async function takeBody(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<Readable> {
  const length = Math.min(Number(request.headers['content-length'] ?? 0) || 0, 1024 * 1024);
  let buffer = withoutEmptyBody(request, head);
  while (buffer.length < length) {
    const chunk = await new Promise<Buffer | undefined>((resolve) => {
      const take = (data?: Buffer): void => {
        for (const event of ['data', 'end', 'close'] as const) socket.off(event, take);
        resolve(data);
      };
      // The end comes alone where the client is gone: such a connection is only half closed until somebody writes to it.
      for (const event of ['data', 'end', 'close'] as const) socket.on(event, take);
      socket.resume();
    });
    socket.pause();
    if (chunk === undefined) break;
    buffer = Buffer.concat([buffer, chunk]);
  }
  if (buffer.length > length) socket.unshift(buffer.subarray(length));
  const body = new PassThrough();
  body.end(buffer.subarray(0, length));
  return body;
}

const EMPTY_BODY = Buffer.from('0\r\n\r\n');

/** docker-modem announces a body in chunks and sends none: what ends it comes with the head, and is nobody's input. */
function withoutEmptyBody(request: IncomingMessage, head: Buffer): Buffer {
  const ends =
    request.headers['transfer-encoding'] === 'chunked' && head.subarray(0, EMPTY_BODY.length).equals(EMPTY_BODY);
  return ends ? head.subarray(EMPTY_BODY.length) : head;
}

function answerError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.socket === null) {
    response.destroy();
    return;
  }
  const status = error instanceof ApiError ? error.status : 500;
  const text = `${JSON.stringify({ message: messageOf(error) })}\n`;
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
