// A proxy in front of a published port whose pages reload themselves after a sync. Pages get a script; everything else, WebSockets
// included, passes through as it comes.
import { request as ask, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type Duplex, pipeline, type Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { messageOf } from '../../errors.ts';
import { ReloadChannel } from './channel.ts';
import { CHANNEL_PATH, type ClientScript, clientScript } from './client-script.ts';
import { injecting } from './inject.ts';
import { answerHeaders, isPage, requestHeaders } from './response-headers.ts';

export interface Upstream {
  readonly host: string;
  readonly port: number;
}

export interface ReloadProxyOptions {
  /** Asked for every request: a container made anew may have another port. Undefined while there is none. */
  readonly upstream: () => Promise<Upstream | undefined>;
  /** The port to listen on at 127.0.0.1; another one when it is taken and `insist` is not set. */
  readonly port: number;
  readonly insist: boolean;
  /** How long a page waits for a program that is being started anew. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 15_000;
const AGAIN_AFTER_MS = 100;

export class ReloadProxy {
  readonly #options: ReloadProxyOptions;
  readonly #channel = new ReloadChannel();
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  constructor(options: ReloadProxyOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      if (request.url === CHANNEL_PATH) this.#channel.open(response);
      else void this.#pass(request, response);
    });
    this.#server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
  }

  /** Listens; resolves with the port. */
  async start(): Promise<number> {
    const { port, insist } = this.#options;
    try {
      await this.#listen(port);
    } catch (error) {
      if (insist || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await this.#listen(0);
    }
    return (this.#server.address() as AddressInfo).port;
  }

  /** Has all open pages load themselves anew. */
  reload(): void {
    this.#channel.reload();
  }

  close(): void {
    this.#channel.close();
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }

  #listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const until = Date.now() + (this.#options.patienceMs ?? PATIENCE_MS);
    // What has no body can be asked for again.
    const repeatable = ['GET', 'HEAD'].includes(request.method ?? '');
    for (;;) {
      let failure: unknown = new Error('the service has no published port');
      const upstream = await this.#options.upstream().catch((error: unknown) => {
        failure = error;
        return undefined;
      });
      const script = clientScript(this.#channel.state);
      if (upstream !== undefined)
        try {
          answer(request, response, await send(request, upstream), { upstream, script });
          return;
        } catch (error) {
          failure = error;
        }
      if (response.destroyed) return;
      if (!repeatable || Date.now() > until) {
        unreachable(response, failure, script);
        return;
      }
      await delay(AGAIN_AFTER_MS);
    }
  }

  /** WebSockets and the like: bytes in both directions from here on. */
  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const upstream = await this.#options.upstream().catch(() => undefined);
    if (upstream === undefined) {
      socket.destroy();
      return;
    }
    const other: Socket = connect(upstream.port, upstream.host);
    for (const [one, counterpart] of [
      [socket, other],
      [other, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => counterpart.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        counterpart.destroy();
      });
    }
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let i = 0; i < request.rawHeaders.length; i += 2)
      lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
    other.write(`${lines.join('\r\n')}\r\n\r\n`);
    other.write(head);
    other.pipe(socket).pipe(other);
  }
}

function send(request: IncomingMessage, { host, port }: Upstream): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, url } = request;
    const passed = ask({ host, port, method, path: url, headers: requestHeaders(request.headers), agent: false });
    passed.once('response', resolve).once('error', reject);
    request.once('aborted', () => passed.destroy());
    if (['GET', 'HEAD'].includes(method ?? '') && request.headers['content-length'] === undefined) passed.end();
    else pipeline(request, passed, () => {});
  });
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  from: IncomingMessage,
  { upstream, script }: { upstream: Upstream; script: ClientScript },
): void {
  const injected = isPage(request, from);
  const facts = {
    host: request.headers.host ?? '',
    upstream: `${upstream.host}:${upstream.port}`,
    injected,
    scriptHash: script.hash,
  };
  response.writeHead(from.statusCode ?? 502, from.statusMessage, answerHeaders(from.headers, facts));
  // Headers at once: what is streamed may take its time with the first byte.
  response.flushHeaders();
  const ended = (): void => void 0;
  if (!injected) {
    pipeline(from, response, ended);
    return;
  }
  const decoder = DECODERS[from.headers['content-encoding'] ?? ''];
  const stages = [...(decoder === undefined ? [] : [decoder()]), injecting(script.element)];
  pipeline([from, ...stages, response], ended);
}

/** A page that reloads itself once there is something to see. */
function unreachable(response: ServerResponse, error: unknown, { element }: ClientScript): void {
  const text = `windlass: the service does not answer: ${messageOf(error)}`;
  response.writeHead(502, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(`<!doctype html><title>502</title><body><p>${escaped(text)}</p>${element}</body>`);
}

const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
