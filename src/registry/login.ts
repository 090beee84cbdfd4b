// Whether a registry takes a user's credentials: what `docker login` asks.
import { basicHeader, type Credentials, parseChallenge } from './auth.ts';
import { baseAddress, RegistryError } from './client.ts';
import { type Fetch, plainFetch } from './transport.ts';

const DEADLINE_MS = 30_000;

/** Where the registry is instead of its usual address, and how it is spoken to. */
export interface LoginPlace {
  readonly base?: string;
  readonly fetch?: Fetch;
}

/**
 * Resolves when the registry accepts the credentials. A refusal is a RegistryError with status 401; one with status 0 tells that it
 * cannot be reached. No message holds the password.
 */
export async function login(registry: string, credentials: Credentials, place: LoginPlace = {}): Promise<void> {
  const address = `${place.base ?? baseAddress(registry)}/v2/`;
  const ask = (url: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
    get(place.fetch ?? plainFetch, url, headers);
  const first = await ask(address, {});
  if (first.ok) return;
  const challenge = parseChallenge(first.headers.get('www-authenticate'));
  if (first.status !== 401 || !challenge)
    throw new RegistryError(first.status, `login attempt to ${address} failed with status: ${first.status}`);
  const authorization = { authorization: basicHeader(credentials) };
  if (challenge.scheme === 'basic') return accepted(address, await ask(address, authorization));
  if (!URL.canParse(challenge.realm))
    throw new RegistryError(
      0,
      `login attempt to ${address} failed: it sends for a token to "${challenge.realm}", which is no address`,
    );
  const realm = new URL(challenge.realm);
  const { service } = challenge.parameters;
  if (service !== undefined) realm.searchParams.set('service', service);
  if (credentials.username) realm.searchParams.set('account', credentials.username);
  accepted(address, await ask(realm.href, authorization));
}

function accepted(address: string, { ok, status }: Response): void {
  if (!ok)
    throw new RegistryError(
      401,
      `login attempt to ${address} failed with status: ${status} ${status === 401 ? 'Unauthorized' : ''}`.trim(),
    );
}

async function get(by: Fetch, address: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  try {
    const response = await by(address, { headers, signal: AbortSignal.timeout(DEADLINE_MS) });
    await response.body?.cancel();
    return response;
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new RegistryError(0, `Get "${address}": ${reason}`, { cause: error });
  }
}
