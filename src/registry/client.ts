// A registry of the OCI distribution specification, for one repository: manifests and blobs, down and up.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isAbort, WindlassError } from '../errors.ts';
import { basicHeader, type Credentials, parseChallenge } from './auth.ts';
import { DEFAULT_REGISTRY, familiarName, type Reference } from './reference.ts';
import { type Fetch, plainFetch } from './transport.ts';

const MANIFEST_TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
];
/** Manifests, lists and tokens are small; anything larger is none. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_TAG_PAGES = 1000;

export interface Manifest {
  readonly mediaType: string;
  readonly digest: string;
  readonly text: string;
}

/** A registry said no, or nothing. `status` 0: it could not be reached. */
export class RegistryError extends WindlassError {
  readonly status: number;
  constructor(status: number, message: string, options: { readonly cause?: unknown } = {}) {
    super('REGISTRY', message, options);
    this.status = status;
  }
}

export interface RegistryOptions {
  /** Without TLS although the registry is not on loopback. */
  readonly plainHttp?: boolean;
  /** Where the registry, or a mirror of it, is instead: `https://mirror.example`. */
  readonly base?: string;
  readonly fetch?: Fetch;
  readonly signal?: AbortSignal;
}

export class RegistryClient {
  readonly #reference: Reference;
  readonly #credentials: Credentials;
  readonly #base: string;
  readonly #fetch: Fetch;
  readonly #signal: { readonly signal?: AbortSignal };
  #authorization: string | undefined;

  constructor(reference: Reference, credentials: Credentials, options: RegistryOptions = {}) {
    this.#reference = reference;
    this.#credentials = credentials;
    this.#base = options.base ?? (options.plainHttp ? `http://${reference.registry}` : baseAddress(reference.registry));
    this.#fetch = options.fetch ?? plainFetch;
    this.#signal = options.signal === undefined ? {} : { signal: options.signal };
  }

  /** A manifest by tag or digest; a digest is checked. */
  async manifest(reference: string): Promise<Manifest> {
    const headers = { accept: MANIFEST_TYPES.join(', ') };
    const response = await this.#call('pull', `manifests/${reference}`, { headers });
    if (!response.ok) throw await this.#refusal(response, reference);
    const text = await boundedText(response);
    const digest = digestOf(text);
    if (reference.startsWith('sha256:') && digest !== reference)
      throw new RegistryError(0, `manifest of ${this.#name} has digest ${digest}, expected ${reference}`);
    return { mediaType: mediaTypeOf(response, this.#json(text, 'a manifest')), digest, text };
  }

  /** Every tag of the repository, in the registry's order; as many pages as it takes. */
  async tags(): Promise<string[]> {
    const found: string[] = [];
    let path: string | undefined = 'tags/list';
    for (let page = 0; path !== undefined && page < MAX_TAG_PAGES; page++) {
      const response: Response = await this.#call('pull', path, {});
      if (!response.ok) throw await this.#refusal(response, 'tags');
      const { tags } = this.#json(await boundedText(response), 'tags');
      if (Array.isArray(tags)) found.push(...tags.filter((tag) => typeof tag === 'string'));
      const next: string | undefined = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get('link') ?? '')?.[1];
      path = next === undefined ? undefined : new URL(next, response.url).href;
    }
    return found;
  }

  /** A blob from `offset` on. The answer may start at 0 nevertheless. */
  async blob(
    digest: string,
    offset = 0,
  ): Promise<{ readonly stream: Readable; readonly offset: number; readonly size: number }> {
    const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
    const response = await this.#call('pull', `blobs/${digest}`, { headers });
    if (!response.ok || !response.body) throw await this.#refusal(response, digest);
    const from = response.status === 206 ? offset : 0;
    const size = Number(response.headers.get('content-length') ?? 0) + from;
    return { stream: Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), offset: from, size };
  }

  async hasBlob(digest: string): Promise<boolean> {
    const response = await this.#call('pull,push', `blobs/${digest}`, { method: 'HEAD' });
    await response.body?.cancel();
    return response.ok;
  }

  /** Uploads a blob. `open` may be asked for the content again, after a challenge. */
  async putBlob(digest: string, open: () => Readable): Promise<void> {
    const begun = await this.#call('pull,push', 'blobs/uploads/', { method: 'POST' });
    if (!begun.ok) throw await this.#refusal(begun, digest);
    await begun.body?.cancel();
    const headers = { 'content-type': 'application/octet-stream' };
    const sent = await this.#call('pull,push', this.#location(begun), { method: 'PATCH', headers, open });
    if (!sent.ok) throw await this.#refusal(sent, digest);
    await sent.body?.cancel();
    const address = new URL(this.#location(sent));
    address.searchParams.set('digest', digest);
    const done = await this.#call('pull,push', address.href, { method: 'PUT' });
    if (!done.ok) throw await this.#refusal(done, digest);
    await done.body?.cancel();
  }

  async putManifest(reference: string, mediaType: string, text: string): Promise<string> {
    const headers = { 'content-type': mediaType };
    const response = await this.#call('pull,push', `manifests/${reference}`, { method: 'PUT', headers, text });
    if (!response.ok) throw await this.#refusal(response, reference);
    await response.body?.cancel();
    return digestOf(text);
  }

  /** An object that the registry sent as `what`. */
  #json(text: string, what: string): Readonly<Record<string, unknown>> {
    const value = ((): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        return undefined;
      }
    })();
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new RegistryError(0, `registry of ${this.#name} sent something else than ${what}`);
    return value as Readonly<Record<string, unknown>>;
  }

  get #name(): string {
    return familiarName(this.#reference);
  }

  #location(response: Response): string {
    return new URL(response.headers.get('location') ?? '', response.url).href;
  }

  async #call(actions: string, path: string, request: RequestParts): Promise<Response> {
    const address = /^https?:/.test(path) ? path : `${this.#base}/v2/${this.#reference.repository}/${path}`;
    const first = await this.#send(address, request);
    if (first.status !== 401) return first;
    await first.body?.cancel();
    this.#authorization = await this.#authorize(first.headers.get('www-authenticate'), actions);
    return this.#authorization === undefined ? first : this.#send(address, request);
  }

  async #send(address: string, request: RequestParts): Promise<Response> {
    // An upload may go to a storage of somebody else's, who is given no credentials and takes none.
    const isOwn = new URL(address).origin === new URL(this.#base).origin;
    const headers = {
      ...request.headers,
      ...(this.#authorization === undefined || !isOwn ? {} : { authorization: this.#authorization }),
    };
    const body = request.open
      ? { body: Readable.toWeb(request.open()) as ReadableStream, duplex: 'half' as const }
      : request.text === undefined
        ? {}
        : { body: request.text };
    const method = request.method ?? 'GET';
    return this.#reach(address, `${this.#base}/v2/`, { method, headers, ...body } as RequestInit);
  }

  /** `what` is the address as messages give it. */
  async #reach(address: string | URL, what: string, request: RequestInit): Promise<Response> {
    try {
      return await this.#fetch(address, { ...request, ...this.#signal });
    } catch (error) {
      if (isAbort(error)) throw error;
      const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new RegistryError(0, `Get "${what}": ${reason}`, { cause: error });
    }
  }

  async #authorize(header: string | null, actions: string): Promise<string | undefined> {
    const challenge = parseChallenge(header);
    const { username, identitytoken, registrytoken } = this.#credentials;
    if (registrytoken) return `Bearer ${registrytoken}`;
    if (challenge?.scheme === 'basic') return username ? basicHeader(this.#credentials) : undefined;
    if (!challenge) return undefined;
    if (!URL.canParse(challenge.realm))
      throw new RegistryError(
        0,
        `registry of ${this.#name} sends for a token to "${challenge.realm}", which is no address`,
      );
    const address = new URL(challenge.realm);
    const { service } = challenge.parameters;
    if (service !== undefined) address.searchParams.set('service', service);
    address.searchParams.set('scope', `repository:${this.#reference.repository}:${actions}`);
    const response = identitytoken
      ? await this.#reach(address, challenge.realm, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({
            grant_type: 'refresh_token',
            refresh_token: identitytoken,
            client_id: 'windlass',
            ...Object.fromEntries(address.searchParams),
          }),
        })
      : await this.#reach(
          address,
          challenge.realm,
          username ? { headers: { authorization: basicHeader(this.#credentials) } } : {},
        );
    if (!response.ok) throw new RegistryError(response.status, `${this.#name}: unauthorized: authentication required`);
    const answer = this.#json(await boundedText(response), 'a token');
    const token = answer.token ?? answer.access_token;
    return typeof token === 'string' ? `Bearer ${token}` : undefined;
  }

  /** Docker's words, on which clients decide. */
  async #refusal(response: Response, what: string): Promise<RegistryError> {
    const text = await boundedText(response).catch(() => '');
    const detail = errorText(text);
    if (response.status === 401 || response.status === 403)
      return new RegistryError(
        404,
        `pull access denied for ${this.#name}, repository does not exist or may require 'docker login': denied: ${detail || 'requested access to the resource is denied'}`,
      );
    if (response.status === 404)
      return new RegistryError(
        404,
        `manifest for ${this.#name}${what.startsWith('sha256:') ? '@' : ':'}${what} not found: ${detail || 'manifest unknown'}`,
      );
    return new RegistryError(
      response.status,
      `registry of ${this.#name} answered ${response.status} for ${what}: ${detail}`,
    );
  }
}

interface RequestParts {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly open?: () => Readable;
}

/** Plain HTTP on loopback, as Docker allows; TLS everywhere else. */
export function baseAddress(registry: string): string {
  if (registry === DEFAULT_REGISTRY) return 'https://registry-1.docker.io';
  const name = registry.replace(/:\d+$/, '');
  return `${/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(name) ? 'http' : 'https'}://${registry}`;
}

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

async function boundedText(response: Response): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  if (response.body === null) return '';
  for await (const chunk of Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])) {
    size += chunk.length;
    if (size > MAX_MANIFEST_BYTES)
      throw new RegistryError(0, `the registry's answer is larger than ${MAX_MANIFEST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function mediaTypeOf(response: Response, { mediaType }: Readonly<Record<string, unknown>>): string {
  const header = (response.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
  if (MANIFEST_TYPES.includes(header)) return header;
  return typeof mediaType === 'string' ? mediaType : header;
}

function errorText(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] };
    return (errors ?? [])
      .map(({ code = '', message = '' }) => `${code.toLowerCase().replaceAll('_', ' ')}: ${message}`)
      .join('; ');
  } catch {
    return '';
  }
}
