// The registries as this engine is set up to ask them: over mirrors, with certificates of one's own, without TLS where that is
// allowed.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { debug } from '../log.ts';
import type { Credentials } from './auth.ts';
import { baseAddress, RegistryClient, RegistryError, type RegistryOptions } from './client.ts';
import { login } from './login.ts';
import { DEFAULT_REGISTRY, type Reference } from './reference.ts';
import { DEFAULT_SETTINGS, isInsecure, type RegistrySettings } from './settings.ts';
import { type Fetch, fetchWith, plainFetch, type TlsSettings } from './transport.ts';

/** Where a registry is, and how it is spoken to. */
interface Place {
  readonly base: string;
  readonly fetch?: Fetch;
}

/** Something that was read of a repository, and who else has what it names. */
export interface Reading<T> {
  readonly result: T;
  /** Who answered, then those who would have been asked next; the repository's own registry last. */
  readonly sources: readonly Source[];
}

/** Makes the client of one place where a repository is. */
export type Source = () => Promise<RegistryClient>;

const PROBE_MS = 10_000;

export class Registries {
  readonly settings: RegistrySettings;

  constructor(settings: RegistrySettings = DEFAULT_SETTINGS) {
    this.settings = settings;
  }

  /** The client of a repository, to write to it. */
  async client(reference: Reference, credentials: Credentials, signal?: AbortSignal): Promise<RegistryClient> {
    const place = await this.#place(reference.registry);
    return new RegistryClient(reference, credentials, { ...place, ...(signal ? { signal } : {}) });
  }

  /**
   * Does `work` with the first of a repository's mirrors that can, else with its own registry. Mirrors are of Docker Hub, and get no
   * credentials: they are not who the user gave them to. One that breaks later is left for the next of the `sources`. What they do ends
   * with the `signal`.
   */
  async reading<T>(
    reference: Reference,
    credentials: Credentials,
    work: (client: RegistryClient) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<Reading<T>> {
    const ended = signal ? { signal } : {};
    const mirrors = reference.registry === DEFAULT_REGISTRY ? this.settings.mirrors : [];
    const sources: Source[] = [
      ...mirrors.map(
        (mirror) => async () => new RegistryClient(reference, {}, { ...(await this.#mirror(mirror)), ...ended }),
      ),
      () => this.client(reference, credentials, signal),
    ];
    for (const [at, source] of sources.entries()) {
      try {
        const client = await source();
        return { result: await work(client), sources: [async () => client, ...sources.slice(at + 1)] };
      } catch (error) {
        if (!(error instanceof RegistryError) || at === sources.length - 1) throw error;
        debug('registry', () => `mirror ${mirrors[at]}: ${messageOf(error)}`);
      }
    }
    throw new RegistryError(0, `nobody was asked for ${reference.repository}`);
  }

  async login(registry: string, credentials: Credentials): Promise<void> {
    await login(registry, credentials, await this.#place(registry));
  }

  async #place(registry: string): Promise<Place> {
    const usual = baseAddress(registry);
    const insecure = isInsecure(this.settings.insecure, registry);
    const tls = await this.#tls(registry, !insecure);
    // On loopback without TLS, unless somebody has put certificates there for it.
    if (usual.startsWith('http:') && !tls?.authorities.length) return { base: usual };
    const place = withTls(usual.replace(/^http:/, 'https:'), tls);
    if (!insecure || (await answers(place))) return place;
    return { base: `http://${registry}` };
  }

  async #mirror(address: string): Promise<RegistryOptions> {
    const { host, protocol } = new URL(address);
    if (protocol === 'http:') return { base: address };
    return withTls(address, await this.#tls(host, !isInsecure(this.settings.insecure, host)));
  }

  /** Undefined where there is nothing to be said beyond what everybody trusts. */
  async #tls(host: string, verify: boolean): Promise<TlsSettings | undefined> {
    for (const folder of this.settings.certificates) {
      const own = join(folder, host);
      const names = (await readdir(own).catch((): string[] => [])).sort();
      if (names.length === 0) continue;
      const read = (name: string): Promise<string> => readFile(join(own, name), 'utf8');
      const authorities = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(read));
      const certificate = names.find((name) => name.endsWith('.cert'));
      const key = certificate === undefined ? undefined : certificate.replace(/\.cert$/, '.key');
      if (certificate !== undefined && key !== undefined && !names.includes(key))
        throw new RegistryError(
          0,
          `the registry's client certificate ${join(own, certificate)} is there, its key ${key} is not`,
        );
      return {
        authorities,
        verify,
        ...(certificate === undefined || key === undefined
          ? {}
          : { certificate: await read(certificate), key: await read(key) }),
      };
    }
    return verify ? undefined : { authorities: [], verify };
  }
}

const withTls = (base: string, tls: TlsSettings | undefined): Place =>
  tls ? { base, fetch: fetchWith(tls) } : { base };

/** Whether there is a registry that speaks TLS at all. */
async function answers({ base, fetch: ask = plainFetch }: Place): Promise<boolean> {
  try {
    const response = await ask(`${base}/v2/`, { signal: AbortSignal.timeout(PROBE_MS) });
    await response.body?.cancel();
    return true;
  } catch (error) {
    debug('registry', () => `${base}: ${messageOf(error)}`);
    return false;
  }
}
