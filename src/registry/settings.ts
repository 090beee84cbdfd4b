// Which registries are asked how: mirrors, registries without (proper) TLS, certificates. Pure.
import { isIP } from 'node:net';
import { WindlassError } from '../errors.ts';

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

const KEYS = ['registry-mirrors', 'insecure-registries', 'registry-certificates'];

/** The engine's configuration, whose names are those of Docker's daemon.json. Throws for what it does not know. */
export function registrySettings(text: string, file: string): RegistrySettings {
  const refuse = (reason: string): never => {
    throw new WindlassError('ENGINE_CONFIG', `the engine's configuration ${file} cannot be used: ${reason}`, {
      hint: `it is a JSON object with ${KEYS.map((key) => `"${key}"`).join(', ')}, each a list of texts`,
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('it is no JSON object');
  const fields = new Map(Object.entries(value));
  const unknown = [...fields.keys()].find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return refuse(`"${unknown}" is not known`);
  const list = (key: string): readonly string[] | undefined => {
    const given: unknown = fields.get(key);
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
