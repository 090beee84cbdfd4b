// HTTP as the registry client asks for it. Node's own fetch, unless a registry has certificates of its own, or none that can be
// checked: fetch cannot be told of those.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';

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

const MAX_REDIRECTS = 5;

/** A fetch that speaks TLS so. Follows redirections; credentials stay with the host they are for. */
export function fetchWith(tls: TlsSettings): Fetch {
  const options = {
    ca: [...rootCertificates, ...tls.authorities],
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate, key: tls.key }),
    rejectUnauthorized: tls.verify,
  };
  return async (address, init = {}) => {
    const headers = new Headers(init.headers);
    let url = new URL(address);
    for (let hop = 0; ; hop++) {
      const message = await exchange(url, headers, init, options);
      const location = message.headers.location;
      const redirected = (message.statusCode ?? 0) >= 300 && (message.statusCode ?? 0) < 400 && location !== undefined;
      if (!redirected || hop === MAX_REDIRECTS) return asResponse(message, url, init.method);
      message.resume();
      const next = new URL(location, url);
      if (next.host !== url.host) headers.delete('authorization');
      url = next;
    }
  };
}

function exchange(url: URL, headers: Headers, init: RequestInit, tls: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = {
      method: init.method ?? 'GET',
      headers: Object.fromEntries(headers),
      ...(init.signal ? { signal: init.signal } : {}),
    };
    const sent = url.protocol === 'https:' ? httpsRequest(url, { ...options, ...tls }) : httpRequest(url, options);
    // As fetch tells it: what went wrong is the cause.
    sent.once('error', (error) => reject(new TypeError('fetch failed', { cause: error })));
    sent.once('response', resolve);
    const { body } = init;
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
  const response = new Response(empty ? null : (Readable.toWeb(message) as ReadableStream), { status, headers });
  // A response that was not fetched has no address, and relative locations need one.
  return Object.defineProperty(response, 'url', { value: url.href });
}
