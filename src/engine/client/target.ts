// Where an engine listens, as a value. Made from DOCKER_HOST, a docker context or a well-known socket; consumed by agents.ts.
import { EngineError } from '../../errors.ts';

/** PEM texts for a TLS connection. */
export interface TlsMaterial {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** False with `skip-tls-verify` and when DOCKER_TLS is set without DOCKER_TLS_VERIFY. */
  readonly verify: boolean;
}

export type EngineAddress =
  | { readonly type: 'unix'; readonly path: string }
  | { readonly type: 'tcp'; readonly host: string; readonly port: number; readonly pathPrefix: string }
  | {
      readonly type: 'ssh';
      readonly host: string;
      readonly user: string;
      readonly port: string;
      readonly socket: string;
    };

export interface EngineTarget {
  readonly address: EngineAddress;
  readonly tls?: TlsMaterial | undefined;
  /** Sent with every request (`HttpHeaders` of docker's config.json). */
  readonly headers?: Readonly<Record<string, string>>;
  /** Pins the API version (DOCKER_API_VERSION); negotiated otherwise. */
  readonly apiVersion?: string | undefined;
  /** The environment or a docker context names this engine, so that docker's own programs find it by themselves. */
  readonly namedByUser?: boolean;
  /** Directory of docker's config.json: credentials, proxies, CLI plugins. */
  readonly configDirectory: string;
}

const refuse = (host: string, reason: string, hint: string): EngineError =>
  new EngineError(`engine address "${host}": ${reason}`, { kind: 'unsupported', verb: 'connect', hint });

/**
 * Reads an engine address as docker writes it: `unix:///path`, `tcp://host:port`, `http(s)://…`, `ssh://[user@]host[:port][/socket]`, `fd://` refused.
 * @throws EngineError `unsupported` for npipe and anything else.
 */
export function parseAddress(host: string): EngineAddress {
  const separator = host.indexOf('://');
  const [scheme, rest] = separator < 0 ? ['tcp', host] : [host.slice(0, separator), host.slice(separator + 3)];
  switch (scheme) {
    case 'unix':
      if (rest === '')
        throw refuse(host, 'the path of the socket is missing', 'write it as unix:///var/run/docker.sock');
      return { type: 'unix', path: rest };
    case 'tcp':
    case 'http':
    case 'https':
      return parseTcp(host, scheme, rest);
    case 'ssh':
      return parseSsh(host);
    case 'npipe':
      throw refuse(
        host,
        'named pipes exist on Windows only',
        'set DOCKER_HOST to a unix://, tcp:// or ssh:// address, or unset it',
      );
    default:
      throw refuse(host, `unknown scheme "${scheme}"`, 'use unix://, tcp:// or ssh://');
  }
}

function parseTcp(host: string, scheme: string, rest: string): EngineAddress {
  const url = URL.canParse(`http://${rest}`) ? new URL(`http://${rest}`) : undefined;
  if (!url || url.hostname === '') throw refuse(host, 'not a host and port', 'write it as tcp://127.0.0.1:2375');
  // URL drops port 80 as http's default; what was written stands.
  const written = /:(\d+)(?:\/|$)/.exec(rest)?.[1];
  const port = written === undefined ? (scheme === 'https' ? 443 : scheme === 'http' ? 80 : 2375) : Number(written);
  return {
    type: 'tcp',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    pathPrefix: url.pathname.replace(/\/+$/, ''),
  };
}

function parseSsh(host: string): EngineAddress {
  const url = URL.canParse(host) ? new URL(host) : undefined;
  if (!url || url.hostname === '') throw refuse(host, 'the host is missing', 'write it as ssh://user@host');
  if (url.password !== '')
    throw refuse('ssh://…', 'a password in the address is not supported', 'use a key or an ssh agent');
  if (url.search !== '' || url.hash !== '')
    throw refuse(host, 'a query or fragment has no meaning here', 'write it as ssh://user@host[:port]');
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  // The host becomes an argument of the ssh program; nothing may pass for an option.
  if (hostname.startsWith('-') || url.username.startsWith('-'))
    throw refuse(host, 'a host or user may not start with "-"', 'write it as ssh://user@host');
  return {
    type: 'ssh',
    host: hostname,
    user: decodeURIComponent(url.username),
    port: url.port,
    socket: url.pathname === '/' ? '' : url.pathname,
  };
}

/** The address as text, without credentials. */
export function formatAddress(address: EngineAddress): string {
  switch (address.type) {
    case 'unix':
      return `unix://${address.path}`;
    case 'tcp':
      return `tcp://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}${address.pathPrefix}`;
    case 'ssh':
      return `ssh://${address.user === '' ? '' : `${address.user}@`}${address.host}${address.port === '' ? '' : `:${address.port}`}${address.socket}`;
  }
}
