// The builder inside the engine: one POST with the context as a tar.
import { Readable } from 'node:stream';
import type { BuildRequest } from '../../engine.ts';
import { type About, ask, askStream, type Client } from '../client.ts';
import { allCredentials } from '../credentials.ts';
import type { DockerConfig } from '../docker-config.ts';
import { fromWords, interruption } from '../failures.ts';
import { jsonLines, record, text } from '../ndjson.ts';
import { guarded } from '../streams.ts';
import { contextArchive, isRemoteContext, openContext } from './context.ts';

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
    ...present('memory', request.memory === undefined ? undefined : bytes(request.memory)),
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

const UNITS: Readonly<Record<string, number>> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `512m` → 536870912, as `--memory` is written. */
export function bytes(size: string): number {
  const [, digits = '0', unit = 'b'] = /^([\d.]+)\s*([bkmgt])?i?b?$/i.exec(size) ?? [];
  return Math.trunc(Number(digits) * (UNITS[unit.toLowerCase()] ?? 1));
}

/** Builds and returns the image's id. */
export async function buildClassic(
  client: Client,
  config: DockerConfig,
  request: BuildRequest,
  onOutput: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<string> {
  const about = { verb: 'buildImage', resource: `the image of service "${request.service}"`, signal };
  const context = request.build.context ?? '.';
  const remote = isRemoteContext(context) ? context : undefined;
  const source = remote === undefined ? await openContext(request.service, request.build) : undefined;
  const query = buildQuery(request, source?.dockerfile ?? request.build.dockerfile ?? 'Dockerfile', remote);
  const registryconfig = await allCredentials(config, client.host, signal);
  const archive =
    source === undefined ? Readable.from([]) : Readable.from(contextArchive(source), { objectMode: false });
  const response = await askStream(client, about, (docker) =>
    docker.buildImage(archive, { ...query, registryconfig } as Parameters<typeof docker.buildImage>[1]),
  );
  const id = await follow(
    client,
    about,
    response as unknown as AsyncIterable<Buffer>,
    request.quiet ? () => undefined : onOutput,
  );
  if (id.startsWith('sha256:')) return id;
  // Engines before API 1.29 tell the short id only, in words.
  const tag = request.tags[0] ?? id;
  return (await ask(client, about, (docker) => docker.getImage(tag).inspect())).Id;
}

/** Reads the builder's lines to the end; failure comes inside the stream, under status 200. */
async function follow(
  client: Client,
  about: About,
  response: AsyncIterable<Buffer>,
  onOutput: (text: string) => void,
): Promise<string> {
  let id = '';
  for await (const line of guarded(client, about, jsonLines(response))) {
    const message = record(line);
    const failure = text(record(message.errorDetail).message) || text(message.error);
    if (failure !== '') throw fromWords(failure, { ...about, endpoint: client.endpoint });
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
