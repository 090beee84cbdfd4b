// The connection beneath dockerode: turns its calls into HTTP requests over one keep-alive agent.
// Takes the place of docker-modem, which loads an SSH implementation at start, opens a connection per request,
// inspects every request's whole object graph for a debug line, and sends query parameters a second time as body.
import type { Agent, ClientRequest, IncomingMessage, RequestOptions, request } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { debug } from '../../log.ts';
import { type Answer, BrokenAnswer } from './answer-reader.ts';
import { http } from './builtin.ts';
import type { QuickExchange } from './quick-exchange.ts';

/** What dockerode hands over for one call. */
export interface Call {
  /** With a `?` at its end when the options are a query. */
  readonly path: string;
  readonly method: string;
  readonly options?: CallOptions | null | undefined;
  /** Those that mean success. */
  readonly statusCodes: Readonly<Record<number, true | string>> | 'any';
  readonly isStream?: boolean | undefined;
  readonly hijack?: boolean | undefined;
  readonly file?: Readable | Uint8Array | undefined;
  readonly authconfig?: unknown;
  readonly registryconfig?: unknown;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly abortSignal?: AbortSignal | undefined;
}

export interface CallOptions {
  readonly _query?: Readonly<Record<string, unknown>>;
  readonly _body?: unknown;
  readonly [key: string]: unknown;
}

export type Callback = (error: Error | null, data: unknown) => void;

/** The engine answered with a status that means failure. */
export class EngineAnswer extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.name = 'EngineAnswer';
    this.statusCode = statusCode;
  }
}

/** How a request leaves the process: settled once per engine from its address. */
export interface Wire {
  /** Where there is one, it takes every call whose request and answer fit into memory. */
  readonly quick?: QuickExchange;
  readonly agent: () => Agent;
  /** Ends the connections that are kept. */
  readonly close: () => void;
  readonly options: RequestOptions;
  /** `http.request` or `https.request`. */
  readonly request?: typeof request;
  /** In front of every path: a reverse proxy's prefix. */
  readonly pathPrefix?: string;
}

/** dockerode's own parameters, which are not for the engine. */
const LOCAL_OPTIONS = new Set(['abortSignal', 'authconfig', 'registryconfig', 'hijack', '_query', '_body']);

export class Modem {
  /** dockerode makes its promises with this. */
  Promise: PromiseConstructor = Promise;
  readonly wire: Wire;
  readonly headers: Readonly<Record<string, string>>;
  /** `1.41`; empty before negotiation. */
  version = '';

  constructor(wire: Wire, headers: Readonly<Record<string, string>> = {}) {
    this.wire = wire;
    this.headers = headers;
  }

  /** A look-up at a path with its query: the answer, whatever its status. */
  look(path: string, signal?: AbortSignal): Promise<Answer> {
    const headers = headersOf(this.headers, LOOK_UP, undefined);
    const full = this.#fullPath(path);
    const { quick } = this.wire;
    if (quick !== undefined) return quick.ask({ method: 'GET', path: full, headers, signal });
    return new Promise((resolve, reject) => {
      const call = { ...LOOK_UP, path, isStream: true, abortSignal: signal };
      const settle: Callback = (error, response) =>
        error === null ? collect(response as IncomingMessage).then(resolve, reject) : reject(error);
      this.#send(call, this.#options('GET', full, headers, signal), undefined, settle, 0);
    });
  }

  dial(call: Call, callback: Callback): void {
    const body = bodyOf(call);
    const headers = headersOf(this.headers, call, body);
    const path = this.#fullPath(pathOf(call));
    const { quick } = this.wire;
    if (quick !== undefined && call.isStream !== true && call.hijack !== true && !isStream(body))
      quick.ask({ method: call.method, path, headers, body, signal: call.abortSignal }).then(
        (answer) => settleWith(call, answer, callback),
        (error) => callback(error, undefined),
      );
    else this.#send(call, this.#options(call.method, path, headers, call.abortSignal), body, callback, 0);
  }

  #fullPath(path: string): string {
    return (this.wire.pathPrefix ?? '') + (this.version === '' ? '' : `/v${this.version}`) + path;
  }

  #options(method: string, path: string, headers: Headers, signal: AbortSignal | undefined): RequestOptions {
    return {
      ...this.wire.options,
      agent: this.wire.agent(),
      // Only TLS needs a name; working it out from the address costs 7 ms the first time.
      ...(this.wire.request === undefined ? { servername: '' } : {}),
      ...{ method, path, headers },
      ...(signal === undefined ? {} : { signal }),
    };
  }

  #send(call: Call, options: RequestOptions, body: Body, callback: Callback, attempt: number): void {
    const started = performance.now();
    const request = (this.wire.request ?? http().request)(options);
    let settled = false;
    const settle: Callback = (error, data) => {
      if (settled) return;
      settled = true;
      debug('engine', () => `${call.method} ${options.path} ${(performance.now() - started).toFixed(1)} ms`);
      callback(error, data);
    };
    request.on('error', (error) => {
      // The engine closed an idle connection just as it was reused; a look-up may be asked again.
      if (!settled && attempt === 0 && request.reusedSocket && isReset(error) && call.method === 'GET') {
        settled = true;
        this.#send(call, options, body, callback, 1);
      } else settle(error, undefined);
    });
    request.on('upgrade', (_response, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      settle(null, socket);
    });
    request.on('response', (response) => receive(call, response, settle));
    write(request, body, settle);
  }
}

const LOOK_UP: Call = { path: '', method: 'GET', statusCodes: 'any' };

/** Podman says 201 where Docker says 200: what dockerode does not list as a failure is none below 300. */
const accepts = ({ statusCodes }: Call, status: number): boolean =>
  statusCodes === 'any' || (statusCodes[status] ?? (status >= 200 && status < 300)) === true;

type Headers = Record<string, string | number | string[]>;
type Body = string | Uint8Array | Readable | undefined;

function pathOf(call: Call): string {
  const mark = call.path.indexOf('?');
  if (mark < 0) return call.path;
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(call.options?._query ?? call.options ?? {})) {
    if (value === undefined || LOCAL_OPTIONS.has(key)) continue;
    for (const item of Array.isArray(value) ? value : [value])
      query.append(key, typeof item === 'object' && item !== null ? JSON.stringify(item) : String(item));
  }
  const text = query.toString();
  return call.path.slice(0, mark) + (text === '' ? '' : `?${text}`);
}

/** The body is what was given as one, or the options of a call that has no query. */
function bodyOf(call: Call): Body {
  if (call.file !== undefined) return call.file;
  if (call.method !== 'POST') return undefined;
  const body = call.options?._body ?? (call.path.includes('?') ? undefined : call.options);
  if (body === undefined || body === null || typeof body !== 'object') return undefined;
  const own = Object.fromEntries(Object.entries(body).filter(([key]) => !LOCAL_OPTIONS.has(key)));
  return Object.keys(own).length === 0 && call.options?._body === undefined ? undefined : JSON.stringify(own);
}

const isStream = (body: Body): body is Readable => typeof body === 'object' && !(body instanceof Uint8Array);

function headersOf(common: Readonly<Record<string, string>>, call: Call, body: Body): Headers {
  const headers: Headers = {
    'User-Agent': 'windlass',
    ...common,
    ...call.headers,
  };
  if (typeof body === 'string') {
    headers['Content-Type'] ??= 'application/json';
    headers['Content-Length'] = Buffer.byteLength(body);
  } else if (body instanceof Uint8Array) {
    headers['Content-Type'] ??= 'application/x-tar';
    headers['Content-Length'] = body.byteLength;
  } else if (body !== undefined) headers['Content-Type'] ??= 'application/x-tar';
  else if (call.method === 'POST') headers['Content-Length'] = 0;
  if (call.hijack === true) {
    headers.Connection = 'Upgrade';
    headers.Upgrade ??= 'tcp';
  }
  if (call.authconfig !== undefined) headers['X-Registry-Auth'] = base64Url(call.authconfig);
  if (call.registryconfig !== undefined) headers['X-Registry-Config'] = base64Url(call.registryconfig);
  return headers;
}

const base64Url = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');

function receive(call: Call, response: IncomingMessage, settle: Callback): void {
  const accepted = accepts(call, response.statusCode ?? 0);
  // An engine that answers without switching protocols still streams both ways on the connection.
  if (accepted && call.hijack === true) settle(null, response.socket satisfies Duplex);
  else if (accepted && call.isStream === true) settle(null, response);
  else
    collect(response).then(
      (answer) => settleWith(call, answer, settle),
      (error) => settle(error, undefined),
    );
}

/** Reads an answer to its end. */
function collect(response: IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('close', () => reject(new BrokenAnswer('ECONNRESET')));
    response.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(', ') : (value ?? ''),
        ]),
      );
      const { statusCode = 0, statusMessage = '' } = response;
      resolve({ status: statusCode, reason: statusMessage, headers, text: Buffer.concat(chunks).toString() });
    });
  });
}

function settleWith(call: Call, answer: Answer, settle: Callback): void {
  if (!accepts(call, answer.status)) {
    settle(new EngineAnswer(answer.status, answerMessage(answer)), undefined);
    return;
  }
  try {
    settle(null, contentOf(answer));
  } catch (cause) {
    settle(new Error(`the engine's answer to ${call.method} ${call.path} is not JSON`, { cause }), undefined);
  }
}

/** The value that an answer holds, or its text. @throws SyntaxError where it promises JSON and holds none. */
export function contentOf({ headers, status, text }: Answer): unknown {
  const type = headers['content-type'];
  // Podman leaves the type out of some answers.
  const isJson = type === undefined ? /^[[{]/.test(text) : type.startsWith('application/json');
  return isJson && status !== 204 ? JSON.parse(text) : text;
}

/** The engine's own words about a failure. */
export function answerMessage({ status, reason, text }: Answer): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) {
      if ('message' in parsed && typeof parsed.message === 'string') return parsed.message;
      if ('cause' in parsed && typeof parsed.cause === 'string') return parsed.cause;
    }
  } catch {
    // Proxies answer with text or HTML; the text is the message.
  }
  return text.trim() === '' ? `HTTP status ${status} ${reason}`.trim() : text.trim();
}

function write(request: ClientRequest, body: Body, settle: Callback): void {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    request.end(body);
    return;
  }
  body.on('error', (error) => {
    settle(error, undefined);
    request.destroy(error);
  });
  body.pipe(request);
}

const isReset = (error: Error): boolean =>
  'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE' || error.code === 'ECONNREFUSED');
