// How a registry wants to be asked: the challenge of a 401, and the credentials a client sent along. Pure.

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  /** A refresh token, instead of a password. */
  readonly identitytoken?: string;
  /** A bearer token, to be used as it is. */
  readonly registrytoken?: string;
}

export type Challenge =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly parameters: Readonly<Record<string, string>> };

/** Reads `WWW-Authenticate`; undefined where it is neither scheme. */
export function parseChallenge(header: string | null): Challenge | undefined {
  const match = /^\s*(basic|bearer)\b\s*(.*)$/i.exec(header ?? '');
  if (!match) return undefined;
  if (match[1]?.toLowerCase() === 'basic') return { scheme: 'basic' };
  const parameters = Object.fromEntries(
    [...(match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
  );
  const { realm, ...rest } = parameters;
  return realm === undefined ? undefined : { scheme: 'bearer', realm, parameters: rest };
}

export const basicHeader = ({ username = '', password = '' }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** The `X-Registry-Auth` header: JSON in base64url; anything else counts as no credentials, as in Docker. */
export function parseRegistryAuth(header: string | undefined): Credentials {
  if (header === undefined || header === '') return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Credentials) : {};
  } catch {
    return {};
  }
}
