// What a client asks of BuildKit's Dockerfile frontend, as attributes by name → what the builder takes. Pure.
import { isIP } from 'node:net';
import type { HostConfig } from '../../containers/types.ts';
import { badRequest } from '../../server/api-error.ts';
import { isTrue } from '../../server/query.ts';
import { contextName } from '../context-name.ts';
import { isRemoteContext } from '../remote/remote-context.ts';
import { type BuildOptions, platformList } from '../request.ts';
import { resultOf } from './result.ts';

export type Attributes = ReadonlyMap<string, string>;

/** Where a build gets its files. */
export interface Sources {
  /** The Dockerfile's path within its folder. */
  readonly filename: string;
  /** Name of the client's folder with the Dockerfile; undefined where that is in the context. */
  readonly dockerfile: string | undefined;
  /** The context: a folder of the client by name, or an archive it has put up, by path. */
  readonly context: { readonly folder: string } | { readonly upload: string } | { readonly address: string };
  /** Sessions of folders that are not served by the build's own one. */
  readonly sessions: ReadonlyMap<string, string>;
}

export interface FrontendRequest {
  readonly options: BuildOptions;
  readonly sources: Sources;
}

/** @throws ApiError for what this engine has not. */
export function frontendRequest(attributes: Attributes, inputs: ReadonlyMap<string, Buffer>): FrontendRequest {
  const text = (name: string): string => attributes.get(name) ?? '';
  const request = text('requestid');
  if (request !== '')
    throw badRequest(`unsupported request ${request}: the windlass native engine builds, and does not describe`);
  for (const name of attributes.keys())
    if (name.startsWith('attest:'))
      throw badRequest(
        `attestations (${name.slice('attest:'.length)}) are not supported by the windlass native engine`,
      );
  const noCache = attributes.get('no-cache');
  const args = new Map(prefixed(attributes, 'build-arg:'));
  return {
    options: {
      ...{ dockerfile: '', tags: [], quiet: false, remote: '', session: '' },
      noCache: noCache === '',
      noCacheFilter: (noCache ?? '')
        .toLowerCase()
        .split(',')
        .filter((name) => name !== ''),
      pull: text('image-resolve-mode') === 'pull',
      target: text('target'),
      platforms: platformList(text('platform')),
      // Those for BuildKit itself are no variables of the Dockerfile that somebody forgot to declare.
      args: new Map([...args].filter(([name]) => !name.startsWith('BUILDKIT_'))),
      labels: Object.fromEntries(prefixed(attributes, 'label:')),
      ...{ cacheFrom: [], cacheTo: [] },
      keepGitFolder: isTrue(args.get('BUILDKIT_CONTEXT_KEEP_GIT_DIR')),
      network: networkOf(text('force-network-mode')),
      limits: limitsOf(text),
      contexts: new Map(
        prefixed(attributes, 'context:').map(([name, source]) => [
          // A name may say for which platform; there is but one.
          contextName(name.split('::', 1)[0] ?? name),
          contextSource(name, source, inputs),
        ]),
      ),
    },
    sources: sourcesOf(attributes, text),
  };
}

const prefixed = (attributes: Attributes, prefix: string): [string, string][] =>
  [...attributes].flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : []));

function sourcesOf(attributes: Attributes, text: (name: string) => string): Sources {
  const given = text(text('contextkey') || 'context');
  const upload = /^https?:\/\/buildkit-session(\/.+)$/.exec(given)?.[1];
  const address = given !== '' && upload === undefined ? given : undefined;
  if (address !== undefined && !isRemoteContext(address))
    throw badRequest(`the context "${address}" is of a kind that the windlass native engine does not fetch`);
  const forced = attributes.get('dockerfilekey');
  return {
    filename: text('filename') || 'Dockerfile',
    // What is fetched as a whole has its Dockerfile in it.
    dockerfile: given === '' ? (forced ?? 'dockerfile') : forced,
    context:
      upload !== undefined
        ? { upload }
        : address !== undefined
          ? { address }
          : { folder: text('contextkey') || 'context' },
    sessions: new Map(prefixed(attributes, 'local-sessionid:')),
  };
}

function contextSource(name: string, source: string, inputs: ReadonlyMap<string, Buffer>): string {
  if (source.startsWith('docker-image://')) return source;
  if (isRemoteContext(source)) return `remote:${source}`;
  if (source.startsWith('local:')) return `client:${source.slice('local:'.length)}`;
  const input = source.startsWith('input:') ? inputs.get(source.slice('input:'.length)) : undefined;
  const result = input && resultOf(input);
  if (result !== undefined) return `result:${result}`;
  throw badRequest(
    `the context ${name}=${source} is of a kind that the windlass native engine does not fetch: it takes folders, images (docker-image://), git repositories, addresses of archives, and other targets`,
  );
}

function networkOf(mode: string): string {
  if (mode === '' || mode === 'sandbox') return 'default';
  if (mode === 'none' || mode === 'host') return mode;
  throw badRequest(`invalid netmode ${mode}`);
}

function limitsOf(text: (name: string) => string): HostConfig {
  const shm = Number(text('shm-size') || 0);
  if (!Number.isSafeInteger(shm) || shm < 0) throw badRequest(`failed to parse shm size: "${text('shm-size')}"`);
  const hosts = fieldsOf(text('add-hosts')).map((field) => {
    const [, host = '', address = ''] = /^([^=]+)=(.+)$/.exec(field) ?? [];
    if (isIP(address.replace(/^\[(.*)\]$/, '$1')) === 0)
      throw badRequest(`failed to parse additional hosts: "${field}"`);
    return `${host}:${address}`;
  });
  const ulimits = fieldsOf(text('ulimit')).map((field) => {
    const [, Name = '', soft = '', hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(field) ?? [];
    if (Name === '') throw badRequest(`failed to parse ulimit: "${field}"`);
    return { Name, Soft: Number(soft), Hard: Number(hard) };
  });
  return {
    ShmSize: shm,
    CgroupParent: text('cgroup-parent'),
    ...(hosts.length > 0 ? { ExtraHosts: hosts } : {}),
    ...(ulimits.length > 0 ? { Ulimits: ulimits } : {}),
  };
}

/** Fields of a line of comma-separated values. */
const fieldsOf = (text: string): string[] =>
  text
    .split(',')
    .map((field) => field.trim().replace(/^"(.*)"$/, '$1'))
    .filter((field) => field !== '');
