// The Docker Engine API over a Unix socket, as bytes and JSON: for tests that look at what an engine says, not at what a client
// library makes of it.
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** The body parsed; undefined when it is empty. */
  readonly json: unknown;
  /** The `message` of a failure. */
  readonly message: string;
}

export interface Asked {
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Sent as JSON; Buffers and strings are sent as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another version's path, such as `1.24`; an empty text asks without one. */
  readonly version?: string;
}

/** A connection after the engine switched it to raw bytes. */
export interface Raw {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly socket: Duplex;
  /** Everything until the engine closes. */
  rest(): Promise<Buffer>;
  /** Waits until what has arrived contains the text; returns what has arrived. */
  until(text: string): Promise<string>;
}

/** An answer that goes on. */
export interface Flowing {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly chunks: AsyncIterable<Buffer>;
  close(): void;
}

const DEADLINE_MS = 60_000;

interface RawAsked extends Asked {
  readonly upgrade?: string;
  readonly method?: string;
  /** The head goes first, then the body, a few bytes at a time and a moment apart. */
  readonly inPieces?: boolean;
}

const PIECE_BYTES = 10;
const PIECE_PAUSE_MS = 10;

async function sendInPieces(sent: ClientRequest, body: Buffer): Promise<void> {
  sent.setHeader('Content-Length', body.length);
  sent.flushHeaders();
  for (let at = 0; at < body.length; at += PIECE_BYTES) {
    await delay(PIECE_PAUSE_MS);
    sent.write(body.subarray(at, at + PIECE_BYTES));
  }
  sent.end();
}

export class ApiClient {
  readonly socketPath: string;
  readonly version: string;

  constructor(socketPath: string, version = '1.41') {
    this.socketPath = socketPath;
    this.version = version;
  }

  get = (path: string, query: Asked['query'] = {}, more: Asked = {}): Promise<Answer> =>
    this.ask('GET', path, { query, ...more });
  post = (path: string, body?: unknown, query: Asked['query'] = {}, more: Asked = {}): Promise<Answer> =>
    this.ask('POST', path, { body, query, ...more });
  delete = (path: string, query: Asked['query'] = {}): Promise<Answer> => this.ask('DELETE', path, { query });

  /** One request and its whole answer, whatever the status. */
  async ask(method: string, path: string, asked: Asked = {}): Promise<Answer> {
    const response = await this.#begin(method, path, asked);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return answerOf(response, Buffer.concat(chunks));
  }

  /** The answer's head, and its body as it comes. */
  async flow(method: string, path: string, asked: Asked = {}): Promise<Flowing> {
    const response = await this.#begin(method, path, asked);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      chunks: response,
      close: () => response.destroy(),
    };
  }

  /** Asks for the connection itself (attach, exec). */
  raw(path: string, asked: RawAsked = {}): Promise<Raw> {
    return new Promise((resolve, reject) => {
      const { payload, headers } = encoded(asked);
      const sent = request({
        socketPath: this.socketPath,
        method: asked.method ?? 'POST',
        path: this.#url(path, asked),
        headers: { Host: 'docker', Connection: 'Upgrade', Upgrade: asked.upgrade ?? 'tcp', ...headers },
        timeout: DEADLINE_MS,
      });
      sent.once('upgrade', (response, socket, head) => resolve(rawOf(response, socket, head)));
      sent.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () => reject(new Error(`${response.statusCode}: ${Buffer.concat(chunks)}`)));
      });
      sent.once('error', reject);
      if (asked.inPieces === true) void sendInPieces(sent, Buffer.from(payload ?? ''));
      else sent.end(payload);
    });
  }

  #begin(method: string, path: string, asked: Asked): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { payload, headers } = encoded(asked);
      const sent = request(
        {
          socketPath: this.socketPath,
          method,
          path: this.#url(path, asked),
          headers: { Host: 'docker', ...headers },
          timeout: DEADLINE_MS,
        },
        resolve,
      );
      sent.once('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path}`)));
      sent.once('error', reject);
      sent.end(payload);
    });
  }

  #url(path: string, { query = {}, version = this.version }: Asked): string {
    const search = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    return `${version === '' ? '' : `/v${version}`}${path}${search === '' ? '' : `?${search}`}`;
  }
}

function encoded({ body, headers = {} }: Asked): { payload: Buffer | undefined; headers: Record<string, string> } {
  if (body === undefined) return { payload: undefined, headers: { 'Content-Length': '0', ...headers } };
  const bytes = typeof body === 'string' || Buffer.isBuffer(body);
  const payload = Buffer.isBuffer(body) ? body : Buffer.from(bytes ? String(body) : JSON.stringify(body));
  const type = bytes ? 'application/x-tar' : 'application/json';
  return { payload, headers: { 'Content-Type': type, 'Content-Length': String(payload.length), ...headers } };
}

function answerOf(response: IncomingMessage, body: Buffer): Answer {
  const text = body.toString('utf8');
  const parsed = (): unknown => (text.trim() === '' ? undefined : JSON.parse(text));
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body,
    text,
    get json() {
      return parsed();
    },
    get message() {
      const { message } = (parsed() ?? {}) as { message?: string };
      return message ?? '';
    },
  };
}

function rawOf(response: IncomingMessage, socket: Duplex, head: Buffer): Raw {
  const chunks: Buffer[] = head.length > 0 ? [head] : [];
  const listeners = new Set<() => void>();
  let ended = false;
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    tell();
  });
  for (const event of ['end', 'close', 'error'] as const)
    socket.once(event, () => {
      ended = true;
      tell();
    });
  const when = (holds: () => boolean, what: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const soFar = (): string => Buffer.concat(chunks).toString('utf8');
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        listeners.delete(look);
        end();
      };
      const look = (): void => {
        if (holds()) settle(() => resolve(soFar()));
        else if (ended) settle(() => reject(new Error(`the connection ended before ${what}: ${soFar()}`)));
      };
      const timer = setTimeout(() => settle(() => reject(new Error(`not in time: ${what}: ${soFar()}`))), DEADLINE_MS);
      listeners.add(look);
      look();
    });
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    socket,
    async rest() {
      await when(() => ended, 'its end');
      return Buffer.concat(chunks);
    },
    until: (text) => when(() => Buffer.concat(chunks).includes(text), `"${text}"`),
  };
}

/** Splits multiplexed output into its streams; fails on a head that is none. */
export function demultiplexed(data: Buffer): { stdout: string; stderr: string } {
  const texts = { stdout: '', stderr: '' };
  for (let at = 0; at < data.length; ) {
    const stream = data[at];
    if ((stream !== 1 && stream !== 2) || data.readUIntBE(at + 1, 3) !== 0)
      throw new Error(`no frame at byte ${at}: ${data.subarray(at, at + 16).toString('hex')}`);
    const size = data.readUInt32BE(at + 4);
    texts[stream === 1 ? 'stdout' : 'stderr'] += data.subarray(at + 8, at + 8 + size).toString();
    at += 8 + size;
  }
  return texts;
}
