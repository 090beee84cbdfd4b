// Which registries are asked how: mirrors, registries without (proper) TLS, certificates. Pure.
import { isIP } from 'node:net';

export interface RegistrySettings {
  /** Asked before Docker Hub, in this order: `https://mirror.example`. */
  readonly mirrors: readonly string[];
  /** `host[:port]` or `10.0.0.0/8`: certificates are not checked, and plain HTTP will do. */
  readonly insecure: readonly string[];
  /** Folders with one per registry, `<host[:port]>/`: `*.crt` authorities, `*.cert` and `*.key` of the client. */
  readonly certificates: readonly string[];
}

export const DEFAULT_CERTIFICATES: readonly string[] = ['/etc/windlass/certs.d', '/etc/docker/certs.d'];

export const DEFAULT_SETTINGS: RegistrySettings = { mirrors: [], insecure: [], certificates: DEFAULT_CERTIFICATES };

/** As in Docker's daemon.json, but for the last. */
export const REGISTRY_KEYS: readonly string[] = ['registry-mirrors', 'insecure-registries', 'registry-certificates'];

/** What the fields of a configuration say of registries. `refuse` throws for what they cannot be. */
export function registrySettings(
  fields: ReadonlyMap<string, unknown>,
  refuse: (reason: string) => never,
): RegistrySettings {
  const list = (key: string): readonly string[] | undefined => {
    const given = fields.get(key);
    if (given === undefined) return undefined;
    if (Array.isArray(given) && given.every((item) => typeof item === 'string')) return given;
    return refuse(`"${key}" is no list of texts`);
  };
  const mirrors = (list('registry-mirrors') ?? []).map((mirror) => mirror.replace(/\/+$/, ''));
  for (const mirror of mirrors)
    if (!/^https?:\/\/[^/?#@]+(?:\/[^?#]*)?$/.test(mirror))
      refuse(`"${mirror}" is no address of a mirror such as "https://mirror.example"`);
  const insecure = list('insecure-registries') ?? [];
  for (const registry of insecure)
    if (registry.includes('//'))
      refuse(`"${registry}" is no registry: write host[:port] or a range such as 10.0.0.0/8`);
  return { mirrors, insecure, certificates: list('registry-certificates') ?? DEFAULT_CERTIFICATES };
}

/** Whether a registry, `host[:port]`, is among those that need no proper TLS. */
export function isInsecure(insecure: readonly string[], registry: string): boolean {
  const host = registry.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return insecure.some((entry) => entry === registry || entry === host || holds(entry, host));
}

/** IPv4 ranges alone: a range of names there is none. */
function holds(range: string, host: string): boolean {
  const [base = '', digits = ''] = range.split('/');
  const prefix = /^\d{1,2}$/.test(digits) ? Number(digits) : 33;
  if (isIP(base) !== 4 || isIP(host) !== 4 || prefix > 32) return false;
  const block = 2 ** (32 - prefix);
  return Math.floor(numberOf(base) / block) === Math.floor(numberOf(host) / block);
}

const numberOf = (address: string): number => address.split('.').reduce((value, part) => value * 256 + Number(part), 0);
