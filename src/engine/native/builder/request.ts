// What a client asks of a build: the query of POST /build, checked. Pure.
import type { HostConfig } from '../containers/types.ts';
import { parsePlatform } from '../images/platforms.ts';
import { badRequest } from '../server/api-error.ts';
import { isStringList, isStringMap, isTrue, json } from '../server/query.ts';
import { contextName } from './context-name.ts';
import { isRemoteContext } from './remote/remote-context.ts';

export interface BuildOptions {
  readonly dockerfile: string;
  readonly tags: readonly string[];
  readonly quiet: boolean;
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly target: string;
  /** `linux/arm64`, each as it was written; none means the machine's. */
  readonly platforms: readonly string[];
  readonly args: ReadonlyMap<string, string>;
  readonly labels: Readonly<Record<string, string>>;
  readonly cacheFrom: readonly string[];
  /** Caches to write, by the names of registries; of all steps with `max`. */
  readonly cacheTo: readonly { readonly ref: string; readonly mode: 'min' | 'max' }[];
  /** `default`, `none`, `host`, a network's name, `container:<id>`. */
  readonly network: string;
  /** Limits and settings of the containers that commands run in. */
  readonly limits: HostConfig;
  /** Address of a context that the engine is to fetch. */
  readonly remote: string;
  readonly session: string;
  /** Further contexts by name: an image as `docker-image://name`, `client:name` for what the session gives, `remote:` with an address, or a result. */
  readonly contexts: ReadonlyMap<string, string>;
  /** Stages, by name, that are built anew. */
  readonly noCacheFilter: readonly string[];
  /** The folder `.git` of a context that is a git repository comes along. */
  readonly keepGitFolder: boolean;
}

export function buildOptions(query: URLSearchParams): BuildOptions {
  if (isTrue(query.get('squash'))) throw badRequest('squash is only supported with experimental mode');
  if ((query.get('outputs') ?? '') !== '' && query.get('outputs') !== '[]')
    throw badRequest('"outputs" is not supported: the image is kept in the engine');
  const number = (name: string): number => {
    const value = Number(query.get(name) || 0);
    if (!Number.isFinite(value)) throw badRequest(`invalid value for "${name}": ${query.get(name)}`);
    return value;
  };
  const args = json(query, 'buildargs', isStringMap) ?? {};
  const ulimits = json(query, 'ulimits', Array.isArray) as HostConfig['Ulimits'] | undefined;
  const extraHosts = extraHostsOf(query);
  const limits: HostConfig = {
    Memory: number('memory'),
    MemorySwap: number('memswap'),
    CpuShares: number('cpushares'),
    CpuPeriod: number('cpuperiod'),
    CpuQuota: number('cpuquota'),
    CpusetCpus: query.get('cpusetcpus') ?? '',
    CpusetMems: query.get('cpusetmems') ?? '',
    CgroupParent: query.get('cgroupparent') ?? '',
    ShmSize: number('shmsize'),
    ...(ulimits ? { Ulimits: ulimits } : {}),
    ...(extraHosts.length > 0 ? { ExtraHosts: extraHosts } : {}),
  };
  return {
    dockerfile: query.get('dockerfile') || 'Dockerfile',
    tags: query.getAll('t').filter((tag) => tag !== ''),
    quiet: isTrue(query.get('q')),
    noCache: isTrue(query.get('nocache')),
    pull: isTrue(query.get('pull')),
    target: query.get('target') ?? '',
    platforms: knownPlatforms(query.get('platform')),
    // An argument without a value is one that the client's environment does not have.
    args: new Map(Object.entries(args).flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
    labels: (json(query, 'labels', isStringMap) ?? {}) as Record<string, string>,
    cacheFrom: json(query, 'cachefrom', isStringList) ?? [],
    cacheTo: (json(query, 'cacheto', isStringList) ?? []).flatMap(cacheTarget),
    network: query.get('networkmode') || 'default',
    limits,
    remote: query.get('remote') ?? '',
    session: query.get('session') ?? '',
    contexts: contextsOf(query),
    keepGitFolder: isTrue(args.BUILDKIT_CONTEXT_KEEP_GIT_DIR),
    noCacheFilter: (json(query, 'nocachefilter', isStringList) ?? []).map((name) => name.toLowerCase()),
  };
}

function knownPlatforms(text: string | null): readonly string[] {
  const platforms = platformList(text);
  for (const platform of platforms) parsePlatform(platform, '');
  return platforms;
}

/** Names of platforms, separated by commas, each once. */
export const platformList = (text: string | null): string[] =>
  [...new Set((text ?? '').split(',').map((one) => one.trim()))].filter((one) => one !== '');

/** `type=registry,ref=name,mode=max`, or a name alone. An image's own history stands for `type=inline`. */
function cacheTarget(text: string): BuildOptions['cacheTo'] {
  const fields = new Map(
    (text.includes('=') ? text : `type=registry,ref=${text}`).split(',').map((field): [string, string] => {
      const equals = field.indexOf('=');
      return [field.slice(0, equals), field.slice(equals + 1)];
    }),
  );
  const [type, ref = '', mode = 'min'] = ['type', 'ref', 'mode'].map((name) => fields.get(name));
  if (type === 'inline') return [];
  if (type !== 'registry' || ref === '' || (mode !== 'min' && mode !== 'max'))
    throw badRequest(`invalid value for "cacheto": ${text}`);
  return [{ ref, mode }];
}

function contextsOf(query: URLSearchParams): Map<string, string> {
  const contexts = Object.entries(json(query, 'buildcontexts', isStringMap) ?? {});
  for (const [name, source] of contexts)
    if (source !== 'client' && !source?.startsWith('docker-image://') && !isRemoteContext(source ?? ''))
      throw badRequest(`invalid value for "buildcontexts": ${name}: ${source}`);
  return new Map(contexts.map(([name, source]) => [contextName(name), contextOf(name, source ?? '')]));
}

const contextOf = (name: string, source: string): string =>
  source === 'client' ? `client:${name}` : source.startsWith('docker-image://') ? source : `remote:${source}`;

function extraHostsOf(query: URLSearchParams): string[] {
  return query.getAll('extrahosts').flatMap((text) => {
    if (!text.startsWith('[')) return text.split(',').filter((entry) => entry !== '');
    return json(new URLSearchParams({ extrahosts: text }), 'extrahosts', isStringList) ?? [];
  });
}
