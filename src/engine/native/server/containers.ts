// `/containers/…`: making, listing and steering them. Streams are in container-streams.ts.
import { aborted } from 'node:util';
import { wantedProfile } from '../containers/apparmor.ts';
import { type CreateRequest, createContainer } from '../containers/create.ts';
import { eventAttributes } from '../containers/event-attributes.ts';
import { inspectContainer } from '../containers/inspect.ts';
import { limitWarnings } from '../containers/limit-features.ts';
import { linkNames, shownLinks } from '../containers/link-names.ts';
import { isListed, summarise } from '../containers/list.ts';
import { containerSizes } from '../containers/sizes.ts';
import type { ContainerRecord, MountSpec } from '../containers/types.ts';
import type { NativeEngine } from '../engine.ts';
import { findImage } from '../images/lookup.ts';
import { ApiError, badRequest } from './api-error.ts';
import { bodyOf, CREATE_CONTAINER } from './body.ts';
import type { Exchange } from './exchange.ts';
import { type Filters, parseFilters } from './filters.ts';
import { isTrue } from './query.ts';
import type { Routes } from './router.ts';

/** What a request means that was written for an older version of the API: before 1.44, mounts below a read-only one were left alone. */
function inWordsOf(version: number, request: CreateRequest): CreateRequest {
  const { HostConfig: host } = request;
  if (version >= 44 || !host?.Mounts) return request;
  const older = (spec: MountSpec): MountSpec =>
    spec.Type === 'bind' && spec.ReadOnly && !spec.BindOptions?.NonRecursive
      ? { ...spec, BindOptions: { ...spec.BindOptions, ReadOnlyNonRecursive: true } }
      : spec;
  return { ...request, HostConfig: { ...host, Mounts: host.Mounts.map(older) } };
}

export function containerRoutes(engine: NativeEngine): Routes {
  const { store, lifecycle } = engine;
  const idOf = (exchange: Exchange): string => store.find(exchange.params.id ?? '').id;
  const seconds = (exchange: Exchange): number | undefined => {
    const text = exchange.query.get('t');
    if (text === null || text === '') return undefined;
    if (!/^-?\d+$/.test(text)) throw badRequest(`invalid time-out "${text}"`);
    return Number(text);
  };
  return {
    'GET /containers/json': async (exchange) => exchange.reply(200, await list(engine, exchange)),
    'POST /containers/create': async (exchange) => {
      const request = inWordsOf(exchange.version, await bodyOf<CreateRequest>(exchange, CREATE_CONTAINER));
      if (Object.keys(request).length === 0) throw badRequest('Config cannot be empty in order to create a container');
      const asked = {
        name: (exchange.query.get('name') ?? '').replace(/^\//, ''),
        platform: exchange.query.get('platform') ?? '',
      };
      const record = await createContainer(engine, asked, asThen(request, exchange.version));
      engine.events.emit('container', 'create', record.id, eventAttributes(record));
      exchange.reply(201, { Id: record.id, Warnings: limitWarnings(request.HostConfig ?? {}, engine.machine) });
    },
    'GET /containers/{id}/json': async (exchange) => {
      const record = store.find(exchange.params.id ?? '');
      const sizes = isTrue(exchange.query.get('size')) ? { sizes: await containerSizes(engine, record) } : {};
      const facts = {
        paths: engine.paths.container(record.id),
        runtime: engine.machine.runtimes[0].name,
        cgroupMode: engine.machine.cgroupMode,
        layers: [...record.layers].reverse().map((diffId) => engine.images.layerDiff(diffId)),
        apparmor: (engine.machine.apparmor && wantedProfile(record.hostConfig)) || '',
        execs: engine.execs.unended(record.id),
        links: shownLinks(record, store),
        ...sizes,
      };
      exchange.reply(200, inspectContainer(record, facts));
    },
    'POST /containers/{id}/start': async (exchange) => {
      exchange.reply((await lifecycle.start(idOf(exchange))) ? 204 : 304);
    },
    'POST /containers/{id}/stop': async (exchange) => {
      const stopped = await lifecycle.stop(idOf(exchange), {
        seconds: seconds(exchange),
        signal: exchange.query.get('signal') ?? undefined,
      });
      exchange.reply(stopped ? 204 : 304);
    },
    'POST /containers/{id}/restart': async (exchange) => {
      await lifecycle.restart(idOf(exchange), seconds(exchange), exchange.query.get('signal') ?? undefined);
      exchange.reply(204);
    },
    'POST /containers/{id}/kill': async (exchange) => {
      await lifecycle.kill(exchange.params.id ?? '', exchange.query.get('signal') || 'SIGKILL');
      exchange.reply(204);
    },
    'POST /containers/{id}/pause': async (exchange) => {
      await lifecycle.pause(exchange.params.id ?? '');
      exchange.reply(204);
    },
    'POST /containers/{id}/unpause': async (exchange) => {
      await lifecycle.unpause(exchange.params.id ?? '');
      exchange.reply(204);
    },
    'POST /containers/{id}/rename': (exchange) => rename(engine, exchange),
    'POST /containers/{id}/wait': (exchange) => waitFor(engine, exchange),
    'DELETE /containers/{id}': (exchange) => remove(engine, exchange),
    'POST /containers/prune': (exchange) => prune(engine, exchange),
  };
}

/** What a client of an older version means where it says nothing. */
function asThen(request: CreateRequest, version: number): CreateRequest {
  const host = request.HostConfig ?? {};
  return version < 40 && !host.IpcMode ? { ...request, HostConfig: { ...host, IpcMode: 'shareable' } } : request;
}

const FILTERS = [
  'ancestor',
  'before',
  'expose',
  'exited',
  'health',
  'id',
  'isolation',
  'is-task',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
];

const STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const HEALTHS = ['none', 'starting', 'healthy', 'unhealthy'];

/** Values that no container can have are mistakes, not empty lists. */
function checkValues(filters: Filters): void {
  for (const value of filters.get('status'))
    if (!STATES.includes(value)) throw badRequest(`invalid filter 'status=${value}'`);
  for (const value of filters.get('health'))
    if (!HEALTHS.includes(value)) throw badRequest(`invalid filter 'health=${value}'`);
  for (const value of filters.get('exited'))
    if (!/^-?\d+$/.test(value)) throw badRequest(`invalid filter 'exited=${value}'`);
  for (const key of ['publish', 'expose'])
    for (const value of filters.get(key))
      if (!/^\d+(-\d+)?(\/\w+)?$/.test(value)) throw badRequest(`invalid filter '${key}=${value}'`);
  filters.flag('is-task');
}

async function list(engine: NativeEngine, exchange: Exchange): Promise<unknown[]> {
  const { store, images } = engine;
  const filters = parseFilters(exchange.query.get('filters'), FILTERS);
  checkValues(filters);
  const limit = Number(exchange.query.get('limit') ?? 0);
  if (!Number.isInteger(limit)) throw badRequest(`invalid limit "${exchange.query.get('limit')}"`);
  const named = (key: string): ContainerRecord | undefined => {
    const reference = filters.get(key)[0];
    return reference === undefined ? undefined : store.find(reference);
  };
  const [before, since] = [named('before'), named('since')];
  const context = {
    all: isTrue(exchange.query.get('all')) || limit > 0,
    filters,
    ancestors: new Set(filters.get('ancestor').flatMap((name) => findImage(images, name)?.id ?? [])),
    ...(before ? { before } : {}),
    ...(since ? { since } : {}),
  };
  const listed = store
    .all()
    .filter((record) => isListed(record, context))
    .sort((a, b) => (a.created < b.created ? 1 : -1));
  const now = Date.now();
  const names = linkNames(store);
  const shown = limit > 0 ? listed.slice(0, limit) : listed;
  const sizes = isTrue(exchange.query.get('size'));
  return Promise.all(
    shown.map(async (record) => {
      const line = summarise(record, imageName(engine, record), now, names.get(record.id));
      if (!sizes) return line;
      const { own, all } = await containerSizes(engine, record);
      return { ...line, SizeRw: own, SizeRootFs: all };
    }),
  );
}

/** The name the container was made from, or the image's id where that name now means another image. */
function imageName(engine: NativeEngine, record: ContainerRecord): string {
  const name = record.config.Image ?? '';
  const image = findImage(engine.images, name);
  return image && image.id !== record.imageId ? record.imageId : name;
}

function rename(engine: NativeEngine, exchange: Exchange): void {
  const name = (exchange.query.get('name') ?? '').replace(/^\//, '');
  const before = engine.store.find(exchange.params.id ?? '');
  if (name === '') throw badRequest('Neither old nor new names may be empty');
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name))
    throw badRequest(
      `Error when allocating new name: Invalid container name (/${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  if (before.name === name) throw badRequest('Renaming a container with the same name as its current name');
  const after = renamed(engine, before.id, name);
  engine.lifecycle.renamed(after);
  engine.events.emit('container', 'rename', after.id, { ...eventAttributes(after), oldName: `/${before.name}` });
  exchange.reply(204);
}

function renamed(engine: NativeEngine, id: string, name: string): ContainerRecord {
  try {
    return engine.store.rename(id, name);
  } catch (error) {
    throw error instanceof ApiError
      ? new ApiError(error.status, `Error when allocating new name: ${error.message}`)
      : error;
  }
}

/** Answers the head at once, so that a client knows that its wait has begun before it starts the container. */
async function waitFor(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const { id } = engine.store.find(exchange.params.id ?? '');
  const condition = exchange.query.get('condition') || 'not-running';
  const ended = WAITS[condition]?.(engine, id, exchange.gone);
  if (!ended) throw badRequest(`invalid condition: "${condition}"`);
  const response = exchange.stream(200, 'application/json');
  const record = await Promise.race([ended, aborted(exchange.gone, exchange)]);
  if (record) response.end(`${JSON.stringify({ StatusCode: record.state.exitCode })}\n`);
}

type Wait = (engine: NativeEngine, id: string, gone: AbortSignal) => Promise<ContainerRecord>;

const WAITS: Readonly<Record<string, Wait>> = {
  'not-running': (engine, id, gone) => engine.lifecycle.exited(id, gone),
  'next-exit': (engine, id, gone) => engine.lifecycle.nextExit(id, gone),
  removed: (engine, id, gone) => engine.lifecycle.removal(id, gone),
};

async function remove(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  if (isTrue(query.get('link'))) throw badRequest('removing links is not served: they go with their container');
  const options = { force: isTrue(query.get('force')), volumes: isTrue(query.get('v')) };
  await engine.lifecycle.remove(exchange.params.id ?? '', options);
  exchange.reply(204);
}

async function prune(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const filters = parseFilters(exchange.query.get('filters'), ['label', 'label!', 'until']);
  const until = filters.until(Date.now());
  const deleted: string[] = [];
  let reclaimed = 0;
  for (const record of engine.store.all()) {
    if (!['created', 'exited', 'dead'].includes(record.state.status)) continue;
    const labels = record.config.Labels ?? {};
    if (!filters.labels('label', labels) || !filters.withoutLabels(labels)) continue;
    if (until !== undefined && Date.parse(record.created) > until) continue;
    const { own } = await containerSizes(engine, record);
    await engine.lifecycle.remove(record.id, { force: false, volumes: false }).then(
      () => {
        deleted.push(record.id);
        reclaimed += own;
      },
      () => undefined, // started meanwhile: it stays
    );
  }
  exchange.reply(200, { ContainersDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimed });
}
