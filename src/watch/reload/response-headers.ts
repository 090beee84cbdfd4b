// The headers of an answer as a live page needs them. Pure.
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { allowReload } from './content-policy.ts';

/** Headers that are about one connection only (RFC 9110, §7.6.1). */
const CONNECTION = ['connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade'];

export interface AnswerFacts {
  /** Where the browser thinks it is: its Host header. */
  readonly host: string;
  /** Where the answer comes from. */
  readonly upstream: string;
  /** Whether the script is put in, so that length and encoding change. */
  readonly injected: boolean;
  readonly scriptHash: string;
}

export function answerHeaders(headers: IncomingHttpHeaders, facts: AnswerFacts): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !CONNECTION.includes(name)) kept[name] = value;
  // A reload loads again only what has to be asked for again.
  if (!/no-store/.test(headers['cache-control'] ?? '')) kept['cache-control'] = 'no-cache';
  delete kept.expires;
  if (headers.location !== undefined) kept.location = ownLocation(headers.location, facts);
  if (!facts.injected) return kept;
  for (const name of ['content-length', 'content-encoding', 'etag', 'content-md5', 'digest', 'accept-ranges'])
    delete kept[name];
  const policy = headers['content-security-policy'];
  if (policy !== undefined) kept['content-security-policy'] = allowReload(String(policy), facts.scriptHash);
  return kept;
}

/** A redirection to where the answer comes from leads to the proxy. */
function ownLocation(location: string, { host, upstream }: AnswerFacts): string {
  const [, to = '', rest = ''] = /^http:\/\/([^/?#]*)(.*)$/.exec(location) ?? [];
  return [upstream, upstream.replace('127.0.0.1', 'localhost')].includes(to) ? `http://${host}${rest}` : location;
}

/** Headers for the request that is passed on: only encodings that can be taken apart here. */
export function requestHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !CONNECTION.includes(name)) kept[name] = value;
  if (headers['accept-encoding'] !== undefined) kept['accept-encoding'] = 'gzip, deflate, br';
  return kept;
}

/** Whether an answer is a page that a browser shows, of which there is a body to put something into. */
export function isPage(request: IncomingMessage, response: IncomingMessage): boolean {
  const status = response.statusCode ?? 0;
  if (request.method === 'HEAD' || status === 204 || status === 206 || status === 304 || status < 200) return false;
  const destination = request.headers['sec-fetch-dest'];
  // A fragment that a script fetches is no page.
  if (destination !== undefined && !['document', 'iframe', 'frame'].includes(String(destination))) return false;
  const encoding = response.headers['content-encoding'] ?? 'identity';
  return (
    /^text\/html\b/i.test(response.headers['content-type'] ?? '') &&
    ['identity', 'gzip', 'x-gzip', 'deflate', 'br'].includes(encoding)
  );
}
