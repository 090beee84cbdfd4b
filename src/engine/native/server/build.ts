// `/build`, `/build/cancel`, `/session`, `/grpc`, `/build/prune`.
import type { Credentials } from '../../../registry/auth.ts';
import { DEFAULT_REGISTRY } from '../../../registry/reference.ts';
import type { BuildkitServer } from '../builder/buildkit/serve.ts';
import { pruneCache } from '../builder/prune.ts';
import { buildOptions } from '../builder/request.ts';
import type { NativeEngine } from '../engine.ts';
import { DEFAULT_NETWORK } from '../networks/record.ts';
import { badRequest } from './api-error.ts';
import { BuildSessions } from './build-session.ts';
import type { Exchange } from './exchange.ts';
import { parseFilters } from './filters.ts';
import { ENGINE_VERSION } from './identity.ts';
import type { Routes } from './router.ts';

export function buildRoutes(engine: NativeEngine): Routes {
  const sessions = new BuildSessions();
  // What speaks BuildKit's protocol is loaded with the first client that does.
  let loading: Promise<BuildkitServer> | undefined;
  const buildkit = (): Promise<BuildkitServer> => {
    loading ??= import('../builder/buildkit/serve.ts').then(({ buildkitServer }) =>
      buildkitServer({
        ...{ builder: engine.builder, host: engine.host, images: engine.images, version: ENGINE_VERSION },
        ...{ architecture: engine.machine.imageArchitecture, registries: engine.registries },
        hostGateway: () => engine.networks.find(DEFAULT_NETWORK).ipam[0]?.Gateway ?? '',
        session: (id, signal) => sessions.wait(id, signal),
        adoptSession: (id, connection) => sessions.adopt(id, connection),
      }),
    );
    return loading;
  };
  return {
    'POST /session': (exchange) => sessions.open(exchange),
    'POST /build': async (exchange) =>
      builderVersion(exchange.query) === 1
        ? build(engine, sessions, exchange)
        : (await buildkit()).http.build({
            ...{ query: exchange.query, body: exchange.body, gone: exchange.gone },
            credentials: registryCredentials(exchange.headers['x-registry-config']),
            begin: () => exchange.stream(200, 'application/json'),
          }),
    'POST /build/cancel': async (exchange) => {
      (await buildkit()).http.cancel(exchange.query.get('id') ?? '');
      exchange.reply(200);
    },
    'POST /grpc': async (exchange) => {
      if (exchange.headers.upgrade !== 'h2c') throw badRequest('BuildKit needs a connection that is upgraded to h2c');
      const { serve } = await buildkit();
      serve(exchange.hijack('application/vnd.docker.raw-stream', 'h2c').output);
    },
    'POST /build/prune': (exchange) => prune(engine, exchange),
  };
}

/** Which builder a client asks for: 1, the classic one, or 2, BuildKit. */
function builderVersion(query: URLSearchParams): 1 | 2 {
  const version = query.get('version') || '1';
  if (version !== '1' && version !== '2') throw badRequest(`invalid version "${version}"`);
  return version === '1' ? 1 : 2;
}

async function build(engine: NativeEngine, sessions: BuildSessions, exchange: Exchange): Promise<void> {
  const options = buildOptions(exchange.query);
  const session = sessions.find(options.session);
  const given = registryCredentials(exchange.headers['x-registry-config']);
  await engine.builder.build({
    options,
    body: exchange.body,
    credentials: async (registry) => {
      const sent = given(registry);
      return Object.keys(sent).length > 0 ? sent : ((await session?.credentials(registry)) ?? {});
    },
    session,
    begin: () => exchange.stream(200, 'application/json'),
    gone: exchange.gone,
  });
}

/** The `X-Registry-Config` header: credentials by registry, JSON in base64url. */
function registryCredentials(header: string | string[] | undefined): (registry: string) => Credentials {
  const text = Array.isArray(header) ? header[0] : header;
  let known: Record<string, Credentials> = {};
  try {
    const value: unknown = JSON.parse(Buffer.from(text ?? '', 'base64url').toString('utf8') || '{}');
    if (typeof value === 'object' && value !== null) known = value as Record<string, Credentials>;
  } catch {
    // As Docker takes it: a header that cannot be read holds no credentials.
  }
  return (registry) => {
    const hub = registry === DEFAULT_REGISTRY ? ['https://index.docker.io/v1/', 'index.docker.io'] : [];
    const name = [registry, `https://${registry}`, ...hub].find((candidate) => Object.hasOwn(known, candidate));
    return (name === undefined ? undefined : known[name]) ?? {};
  };
}

/** Removes the cache; with `all` unset, what no image uses is enough. */
async function prune(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const filters = parseFilters(exchange.query.get('filters'));
  const now = Date.now();
  const before = filters.until(now) ?? filters.until(now, 'unused-for');
  const all = ['1', 'true'].includes(exchange.query.get('all') ?? '');
  const { entries, freed } = await pruneCache(engine, { all, before });
  exchange.reply(200, { CachesDeleted: entries.map(({ key }) => key), SpaceReclaimed: freed });
}
