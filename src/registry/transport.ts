// HTTP as the registry client asks for it, in the shape of fetch. Node's own fetch will not do: it refuses ports that browsers refuse
// (10080, 6000 and some 80 more), cannot be told of certificates, and unpacks what a server in between has packed, so that a
// blob has another length than was announced. Proxies are those of the environment, as for Docker.
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { isAbort } from '../errors.ts';

export interface TlsSettings {
  /** Further authorities, in PEM; the usual ones are trusted as well. */
  readonly authorities: readonly string[];
  /** The client's certificate and key, in PEM. */
  readonly certificate?: string;
  readonly key?: string;
  readonly verify: boolean;
}

/** As fetch, with what the registry client uses of it. */
export type Fetch = (address: string | URL, init?: RequestInit) => Promise<Response>;

/** As Go's client, which is Docker's. */
const MAX_REDIRECTS = 10;

/** Connections are kept for the next request for so long. */
const IDLE_MS = 5000;
/** Go has no proxy for loopback whatever the variables say; Node.js has to be told. */
const NEVER_PROXIED = 'localhost,127.0.0.0-127.255.255.255,[::1],::1';

type Agents = { readonly http: HttpAgent; readonly https: HttpsAgent };

/** A fetch that speaks TLS so; as everybody trusts it where nothing is said. Follows redirections; credentials stay with whom they are for. */
export function fetchWith(tls?: TlsSettings): Fetch {
  const options = tls && {
    ca: [...rootCertificates, ...tls.authorities],
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate, key: tls.key }),
    rejectUnauthorized: tls.verify,
  };
  const { NO_PROXY: upper, no_proxy: direct = upper } = process.env;
  const no_proxy = direct ? `${direct},${NEVER_PROXIED}` : NEVER_PROXIED;
  const common = { keepAlive: true, timeout: IDLE_MS, proxyEnv: { ...process.env, no_proxy, NO_PROXY: no_proxy } };
  const agents = { http: new HttpAgent(common), https: new HttpsAgent({ ...common, ...options }) };
  return async (address, init = {}) => {
    const headers = new Headers(init.headers);
    let url = new URL(address);
    for (let hop = 0; ; hop++) {
      const message = await exchange(url, headers, init, agents);
      const location = message.headers.location;
      const redirected = (message.statusCode ?? 0) >= 300 && (message.statusCode ?? 0) < 400 && location !== undefined;
      if (!redirected || hop === MAX_REDIRECTS) return asResponse(message, url, init.method);
      message.resume();
      const next = new URL(location, url);
      if (next.origin !== url.origin) headers.delete('authorization');
      url = next;
    }
  };
}

/** With nothing of its own to be said of TLS. */
export const plainFetch: Fetch = (address, init) => {
  usual ??= fetchWith();
  return usual(address, init);
};
let usual: Fetch | undefined;

function exchange(url: URL, headers: Headers, init: RequestInit, agents: Agents): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = {
      method: init.method ?? 'GET',
      headers: Object.fromEntries(headers),
      ...(init.signal ? { signal: init.signal } : {}),
    };
    const sent =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: agents.https })
        : httpRequest(url, { ...options, agent: agents.http });
    const { body } = init;
    sent.once('error', (error: NodeJS.ErrnoException) => {
      // The server closed a connection that had been kept, just as it was used again.
      if (sent.reusedSocket && error.code === 'ECONNRESET' && !(body instanceof ReadableStream))
        resolve(exchange(url, headers, init, agents));
      // As fetch tells it: what went wrong is the cause.
      else reject(isAbort(error) ? error : new TypeError('fetch failed', { cause: error }));
    });
    sent.once('response', (message) => {
      const status = message.statusCode ?? 0;
      if (status >= 200 && status <= 599) return resolve(message);
      message.destroy();
      reject(new TypeError('fetch failed', { cause: new Error(`answered with status ${status}, which is none`) }));
    });
    if (body instanceof ReadableStream) Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]).pipe(sent);
    else sent.end(body === undefined || body === null ? undefined : String(body));
  });
}

function asResponse(message: IncomingMessage, url: URL, method: string | undefined): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers))
    for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) headers.append(name, one);
  const status = message.statusCode ?? 0;
  const empty = method === 'HEAD' || status === 204 || status === 304;
  if (empty) message.resume();
  const response = new Response(empty ? null : (Readable.toWeb(message) as ReadableStream), {
    status,
    statusText: message.statusMessage ?? '',
    headers,
  });
  // A response that was not fetched has no address, and relative locations need one.
  return Object.defineProperty(response, 'url', { value: url.href });
}
