// The query of `POST /build?version=2` → a request in BuildKit's own terms. Pure.
import { badRequest } from '../../server/api-error.ts';
import { isStringList, isStringMap, isTrue, json } from '../../server/query.ts';
import type { Exporter } from './exporter-options.ts';
import type { SolveRequest } from './solve.ts';

/** Contexts that are no address: the session's folder, and what another request uploads. */
export const [CLIENT_SESSION, UPLOAD_REQUEST] = ['client-session', 'upload-request'];
/** Stands for the archive that comes with the request itself, or with another one. */
const BODY = 'http://buildkit-session/request-body';

export interface QueryFacts {
  readonly ref: string;
  /** What `host-gateway` stands for. */
  readonly hostGateway: string;
}

/** @throws ApiError */
export function queryRequest(query: URLSearchParams, { ref, hostGateway }: QueryFacts): SolveRequest {
  const text = (name: string): string => query.get(name) ?? '';
  if (isTrue(query.get('squash'))) throw badRequest('squash is only supported with experimental mode');
  const network = text('networkmode');
  if (!['', 'default', 'host', 'none'].includes(network))
    throw badRequest(`network mode "${network}" not supported by buildkit`);
  const remote = text('remote');
  const args = stringsOf(query, 'buildargs');
  const ulimits = (json(query, 'ulimits', Array.isArray) ?? []).map((limit: unknown) => {
    const { Name = '', Soft = 0, Hard = 0 } = (limit ?? {}) as { Name?: string; Soft?: number; Hard?: number };
    return `${Name}=${Soft}:${Hard}`;
  });
  const attributes: readonly (readonly [string, string])[] = [
    ['target', text('target')],
    ['filename', text('dockerfile') === '.' ? '' : text('dockerfile')],
    ['context', remote === CLIENT_SESSION ? '' : remote === '' || remote === UPLOAD_REQUEST ? BODY : remote],
    ['cache-from', (json(query, 'cachefrom', isStringList) ?? []).join(',')],
    ['image-resolve-mode', isTrue(query.get('pull')) ? 'pull' : 'default'],
    ['platform', text('platform')],
    ['force-network-mode', network === 'default' ? '' : network],
    ['add-hosts', extraHosts(query, hostGateway).join(',')],
    ['shm-size', text('shmsize')],
    ['ulimit', ulimits.join(',')],
    ['cgroup-parent', text('cgroupparent')],
    ...prefixed('build-arg:', args),
    ...prefixed('label:', stringsOf(query, 'labels')),
  ];
  const set = new Map(attributes.filter(([name, value]) => value !== '' || name.includes(':')));
  if (isTrue(query.get('nocache'))) set.set('no-cache', '');
  return {
    ref,
    session: text('session'),
    frontend: 'dockerfile.v0',
    attributes: set,
    inputs: new Map(),
    hasDefinition: false,
    exporters: exportersOf(query),
    cacheExports: isTrue(args.get('BUILDKIT_INLINE_CACHE')) ? [{ type: 'inline', attributes: new Map() }] : [],
  };
}

/** An argument without a value is one that the client's environment does not have. */
const stringsOf = (query: URLSearchParams, name: string): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(json(query, name, isStringMap) ?? {}).flatMap(([key, value]) =>
      value === null ? [] : [[key, value]],
    ),
  );

const prefixed = (prefix: string, values: ReadonlyMap<string, string>): [string, string][] =>
  [...values].map(([name, value]) => [prefix + name, value]);

/** As BuildKit writes them: `name=address`. */
function extraHosts(query: URLSearchParams, hostGateway: string): string[] {
  return query.getAll('extrahosts').map((text) => {
    const [, name = '', address = ''] = /^([^:=]+)[:=](.+)$/.exec(text) ?? [];
    if (name === '') throw badRequest(`invalid host ${text}`);
    return `${name}=${address === 'host-gateway' ? hostGateway : address}`;
  });
}

/** None means the engine's own store; `cacheonly` means none at all. */
function exportersOf(query: URLSearchParams): readonly Exporter[] {
  const outputs: readonly unknown[] = json(query, 'outputs', Array.isArray) ?? [];
  if (outputs.length > 1) throw badRequest('multiple outputs not supported');
  const [output] = outputs as readonly ({ readonly Type?: string; readonly Attrs?: Record<string, string> } | null)[];
  const type = output?.Type ?? 'moby';
  if (type === 'cacheonly') return [];
  const attributes = new Map(Object.entries(output?.Attrs ?? {}));
  const tags = query.getAll('t').filter((tag) => tag !== '');
  if (type === 'moby' && tags.length > 0) attributes.set('name', tags.join(','));
  return [{ type, attributes }];
}
