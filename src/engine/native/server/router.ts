// Which handler answers a method and path. Knows the version prefix; knows no resource.
import type { Exchange } from './exchange.ts';

export type Handler = (exchange: Exchange) => Promise<void> | void;

/**
 * Path patterns as written in the API's own documents: `/containers/{id}/json`. `{name+}` takes slashes too, as does a container's
 * `{id}`: a link's name has one.
 */
export type Routes = Readonly<Record<`${'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'} /${string}`, Handler>>;

export const MIN_VERSION = 24;
export const MAX_VERSION = 47;

export type Match =
  | {
      readonly kind: 'found';
      readonly handler: Handler;
      readonly params: Record<string, string>;
      readonly version: number;
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'bad-version'; readonly message: string };

interface Compiled {
  readonly method: string;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly handler: Handler;
}

export interface Router {
  match(method: string, path: string): Match;
}

export function createRouter(routes: Routes): Router {
  const compiled = Object.entries(routes).map(([key, handler]) => compile(key, handler));
  return {
    match(method, path) {
      const prefix = /^\/v1\.(\d{1,3})(?=\/)/.exec(path);
      const version = prefix ? Number(prefix[1]) : MAX_VERSION;
      if (version > MAX_VERSION)
        return badVersion(`client version 1.${version} is too new. Maximum supported API version is 1.${MAX_VERSION}`);
      if (version < MIN_VERSION)
        return badVersion(
          `client version 1.${version} is too old. Minimum supported API version is 1.${MIN_VERSION}, please upgrade your client to a newer version`,
        );
      // The list of networks alone answers with a slash behind it, too; as in Docker.
      const rest = (prefix ? path.slice(prefix[0].length) : path).replace(/^(\/networks)\/$/, '$1');
      for (const route of compiled) {
        if (route.method !== method) continue;
        const found = route.pattern.exec(rest);
        if (!found) continue;
        const params = decodeParams(route.names, found);
        if (params) return { kind: 'found', handler: route.handler, params, version };
      }
      return { kind: 'missing' };
    },
  };
}

const badVersion = (message: string): Match => ({ kind: 'bad-version', message });

function compile(key: string, handler: Handler): Compiled {
  const [method = '', path = ''] = key.split(' ');
  const names: string[] = [];
  const pattern = path.replace(/\{(\w+)(\+?)\}/g, (_, name: string, greedy: string) => {
    names.push(name);
    return greedy || path.startsWith('/containers/{id}') ? '(.+)' : '([^/]+)';
  });
  return { method, pattern: new RegExp(`^${pattern}$`), names, handler };
}

/** Undefined when a part is not valid percent-encoding: then nothing of that name can exist. */
function decodeParams(names: readonly string[], found: RegExpExecArray): Record<string, string> | undefined {
  try {
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')]));
  } catch {
    return undefined;
  }
}
