// The short form of a port, `[[HOST_IP:]HOST[-HOST]:]CONTAINER[-CONTAINER][/PROTOCOL]`, as docker's own library reads it.
import { isIpAddress } from './ip.ts';

export interface ShortPort {
  readonly mode: 'ingress';
  readonly host_ip?: string;
  readonly target: number;
  readonly published?: string;
  readonly protocol: string;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

const PORT_HINT = 'a port is a number from 1 to 65535, a range is written 8000-8010';

/** One entry per container port, in the order of `port/protocol` as text, which is docker compose's. */
export function parsePorts(text: string): ShortPort[] | { readonly problem: string; readonly hint?: string } {
  const parts = text.split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  const address = parts.join(':');
  const slash = container.indexOf('/');
  const ports = slash < 0 ? container : container.slice(0, slash);
  const protocol = (slash < 0 ? '' : (container.slice(slash + 1).split('/')[0] ?? '')).toLowerCase() || 'tcp';
  if (ports === '') return { problem: `"${text}" has no container port` };
  if (!['tcp', 'udp', 'sctp'].includes(protocol))
    return { problem: `"${protocol}" is not a protocol`, hint: 'use tcp, udp or sctp' };
  const ip = parseAddress(address);
  if (ip === undefined) {
    const example = address.includes(':')
      ? 'put an IPv6 address in brackets: "[::1]:80:80"'
      : 'write it as "127.0.0.1:80:80"';
    return { problem: `"${address}" is not an IP address`, hint: example };
  }
  const targets = parseRange(ports);
  // A host port of 0 leaves the choice to the engine; a container port of 0 means nothing.
  if (!targets || targets.first === 0)
    return { problem: `"${ports}" is not a container port or a range of ports`, hint: PORT_HINT };
  const published = host === '' ? undefined : parseRange(host);
  if (host !== '' && !published)
    return { problem: `"${host}" is not a host port or a range of ports`, hint: PORT_HINT };
  const count = targets.last - targets.first + 1;
  if (published && count > 1 && published.last - published.first !== targets.last - targets.first)
    return { problem: `the ranges "${host}" and "${ports}" differ in length` };
  const result: ShortPort[] = [];
  for (let index = 0; index < count; index++) {
    result.push({
      mode: 'ingress',
      ...(ip === '' ? {} : { host_ip: ip }),
      target: targets.first + index,
      ...(published ? { published: publishedText(published, index, count) } : {}),
      protocol,
    });
  }
  return result.sort((a, b) => (String(a.target) < String(b.target) ? -1 : 1));
}

/** A host range over one container port leaves the choice to the engine. */
function publishedText({ first, last }: Range, index: number, count: number): string {
  return count === 1 && first !== last ? `${first}-${last}` : String(first + index);
}

/** The address without brackets; undefined where it is none. */
function parseAddress(text: string): string | undefined {
  if (text === '') return '';
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1];
  if (bracketed === undefined && text.includes(':')) return undefined;
  const address = bracketed ?? text;
  return isIpAddress(address) ? address : undefined;
}

function parseRange(text: string): Range | undefined {
  const [first, last] = text.split('-');
  const range = { first: portNumber(first), last: portNumber(last ?? first) };
  if (Number.isNaN(range.first) || Number.isNaN(range.last) || range.last < range.first) return undefined;
  return range;
}

function portNumber(text: string | undefined): number {
  const value = /^\d+$/.test(text ?? '') ? Number(text) : Number.NaN;
  return value <= 65_535 ? value : Number.NaN;
}
