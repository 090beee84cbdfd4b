// The engine's small files inside a container: /etc/hosts, /etc/hostname, /etc/resolv.conf. Pure.
import { EMBEDDED_DNS } from '../../../network/bridge.ts';
import type { HostConfig } from './types.ts';

export interface HostsFacts {
  readonly hostname: string;
  readonly domainname: string;
  /** The container's own addresses. */
  readonly addresses: readonly string[];
  /** `name:address` or `name=address`; `host-gateway` stands for `gateway`. */
  readonly extraHosts: readonly string[];
  readonly gateway: string | undefined;
  /** Linked containers on the default bridge: address and names. */
  readonly links: readonly { readonly address: string; readonly names: readonly string[] }[];
}

export function hostsFile(facts: HostsFacts): string {
  const extra = facts.extraHosts.flatMap((entry) => {
    const match = /^([^:=]+)[:=](.+)$/.exec(entry);
    if (!match) return [];
    const address = (match[2] ?? '').replace(/^\[(.*)\]$/, '$1');
    return [`${address === 'host-gateway' ? (facts.gateway ?? '') : address}\t${match[1]}`];
  });
  return [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'ff00::0\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
    ...extra,
    ...facts.links.map((link) => `${link.address}\t${link.names.join(' ')}`),
    ...ownLines(facts),
    '',
  ].join('\n');
}

/** A container's own addresses with its names. */
export function ownLines(facts: Pick<HostsFacts, 'hostname' | 'domainname' | 'addresses'>): string[] {
  const { hostname, domainname } = facts;
  const dot = hostname.indexOf('.');
  const full = domainname === '' ? hostname : `${hostname}.${domainname}`;
  const short = domainname === '' && dot > 0 ? hostname.slice(0, dot) : hostname;
  const own = full === short ? full : `${full} ${short}`;
  return facts.addresses.map((address) => `${address}\t${own}`);
}

/** With an embedded resolver the container asks 127.0.0.11 and the host's servers are upstream; without, it asks them itself. */
export function resolvConf(hostText: string, hostConfig: HostConfig, embedded: boolean): string {
  const given = hostConfig.Dns ?? [];
  const usable = lines(hostText, 'nameserver').filter((server) => !/^(?:127\.|::1$)/.test(server));
  const servers = embedded
    ? [EMBEDDED_DNS]
    : given.length > 0
      ? given
      : usable.length > 0
        ? usable
        : ['8.8.8.8', '8.8.4.4'];
  const search = hostConfig.DnsSearch?.length ? hostConfig.DnsSearch : lines(hostText, 'search');
  const options = hostConfig.DnsOptions?.length ? hostConfig.DnsOptions : lines(hostText, 'options');
  const kept = embedded
    ? [...EMBEDDED_OPTIONS.filter((own) => !options.some((o) => nameOf(o) === nameOf(own))), ...options]
    : options;
  return [
    ...(search.length > 0 && !(search.length === 1 && search[0] === '.') ? [`search ${search.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(kept.length > 0 ? [`options ${kept.join(' ')}`] : []),
    '',
  ].join('\n');
}

/**
 * Plain names are asked as they are. A question that was lost while the engine was started anew is asked again after one
 * second, not after the C library's five.
 */
const EMBEDDED_OPTIONS = ['ndots:0', 'timeout:1', 'attempts:5'];
const nameOf = (option: string): string => option.split(':', 1)[0] ?? '';

const lines = (text: string, keyword: string): string[] =>
  text.split('\n').flatMap((line) => {
    const [word, ...values] = line.trim().split(/\s+/);
    return word === keyword ? values : [];
  });
