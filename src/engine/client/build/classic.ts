// The builders inside the engine: one POST with the context as a tar, to the classic one or, with a session beside it, to BuildKit.
import { Readable } from 'node:stream';
import { type DockerConfig, proxyEnvironment } from '../../../docker-config.ts';
import { record, text } from '../../../json.ts';
import { allCredentials } from '../../../registry/credentials.ts';
import type { BuildRequest } from '../../engine.ts';
import { type About, ask, type Client } from '../client.ts';
import { fromWords, interruption } from '../failures.ts';
import { jsonLines } from '../ndjson.ts';
import { guarded } from '../streams.ts';
import { contextArchive, isRemoteContext, openContext } from './context.ts';
import { nativeQuery } from './native.ts';
import type { Session } from './session.ts';
import { TraceText } from './trace.ts';

/** Query of `POST /build` for a request. */
export function buildQuery(
  request: BuildRequest,
  dockerfile: string,
  remote: string | undefined,
): Record<string, unknown> {
  const { build } = request;
  const present = <T>(key: string, value: T | undefined): Record<string, T> =>
    value === undefined ? {} : { [key]: value };
  return {
    dockerfile,
    t: [...new Set(request.tags)],
    rm: true,
    forcerm: true,
    nocache: request.noCache,
    // Any text counts as true here.
    ...(request.pull ? { pull: true } : {}),
    buildargs: request.args,
    labels: { ...build.labels, ...request.labels },
    ...present('target', build.target),
    ...present('networkmode', build.network),
    ...present('shmsize', build.shm_size),
    ...present('memory', request.memory),
    ...present('isolation', build.isolation),
    ...present('remote', remote),
    ...(build.cache_from === undefined ? {} : { cachefrom: JSON.stringify(build.cache_from) }),
    ...(build.extra_hosts === undefined
      ? {}
      : { extrahosts: build.extra_hosts.map((entry) => entry.replace('=', ':')) }),
    ...(build.ulimits === undefined ? {} : { ulimits: JSON.stringify(ulimits(build.ulimits)) }),
    ...(request.platforms[0] === undefined ? {} : { platform: request.platforms[0] }),
  };
}

function ulimits(limits: NonNullable<BuildRequest['build']['ulimits']>): object[] {
  return Object.entries(limits).map(([Name, limit]) =>
    typeof limit === 'number' ? { Name, Soft: limit, Hard: limit } : { Name, Soft: limit.soft, Hard: limit.hard },
  );
}

/**
 * Builds and returns the image's id. With `buildkit` and `native`, the engine calls back for credentials, secrets and ssh; the
 * native one for further contexts too.
 */
export async function buildInEngine(
  client: Client,
  config: DockerConfig,
  builder: 'classic' | 'buildkit' | 'native',
  request: BuildRequest,
  onOutput: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<string> {
  const about = { verb: 'buildImage', resource: `the image of service "${request.service}"`, signal };
  const context = request.build.context ?? '.';
  const remote = isRemoteContext(context) ? context : undefined;
  const source = remote === undefined ? await openContext(request.service, request.build) : undefined;
  // As docker gives them to builds; the file's own arguments win.
  const proxies = proxyEnvironment(config, client.endpoint);
  const proxied = { ...request, args: { ...proxies, ...request.args } };
  const query = buildQuery(proxied, source?.dockerfile ?? request.build.dockerfile ?? 'Dockerfile', remote);
  const registryconfig = builder === 'classic' ? await allCredentials(config, client.host, signal) : undefined;
  const session = builder === 'classic' ? undefined : await startSession(client, config, request, about);
  try {
    const archive =
      source === undefined ? Readable.from([]) : Readable.from(contextArchive(source), { objectMode: false });
    const options = {
      ...query,
      ...(session === undefined
        ? { registryconfig }
        : builder === 'native'
          ? nativeQuery(request, session.id)
          : { version: '2', session: session.id }),
    };
    const response = await ask(client, about, () => post(client, about, archive, options));
    const id = await follow(client, about, response, request.quiet ? () => undefined : onOutput);
    if (id.startsWith('sha256:')) return id;
    // Engines before API 1.29 tell the short id only, in words.
    const tag = request.tags[0] ?? id;
    return (await ask(client, about, (docker) => docker.getImage(tag).inspect())).Id;
  } finally {
    session?.close();
  }
}

async function startSession(
  client: Client,
  config: DockerConfig,
  request: BuildRequest,
  about: About,
): Promise<Session> {
  const { openSession } = await import('./session.ts');
  return await ask(client, about, () => openSession(client, config, request, about.signal));
}

/** Not through dockerode, which would open a session of its own beside BuildKit's. */
function post(
  client: Client,
  about: About,
  archive: Readable,
  options: Readonly<Record<string, unknown>>,
): Promise<AsyncIterable<Buffer>> {
  const { registryconfig, ...query } = options;
  const call = { path: '/build?', method: 'POST', file: archive, options: query, isStream: true, registryconfig };
  return new Promise((resolve, reject) => {
    client.modem.dial({ ...call, statusCodes: { 200: true }, abortSignal: about.signal }, (error, data) =>
      error === null ? resolve(data as AsyncIterable<Buffer>) : reject(error),
    );
  });
}

/** Reads the builder's lines to the end; failure comes inside the stream, under status 200. */
async function follow(
  client: Client,
  about: About,
  response: AsyncIterable<Buffer>,
  onOutput: (text: string) => void,
): Promise<string> {
  let id = '';
  const trace = new TraceText();
  for await (const line of guarded(client, about, jsonLines(response))) {
    const message = record(line);
    const failure = text(record(message.errorDetail).message) || text(message.error);
    if (failure !== '') throw fromWords(failure, { ...about, endpoint: client.endpoint });
    if (message.id === 'moby.buildkit.trace') {
      onOutput(trace.lines(Buffer.from(text(message.aux), 'base64')));
      continue;
    }
    id = text(record(message.aux).ID) || id;
    const status = text(message.status);
    const layer = text(message.id);
    // A pull inside the build: its bars would drown everything else.
    const shown =
      text(message.stream) ||
      (status !== '' && message.progressDetail === undefined ? `${layer === '' ? '' : `${layer}: `}${status}\n` : '');
    if (shown !== '') onOutput(shown);
  }
  if (about.signal?.aborted === true) throw interruption(about.signal);
  return id;
}
