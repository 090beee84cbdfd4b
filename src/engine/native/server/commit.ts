// `/commit` and `/containers/{id}/changes`.
import { familiarTag, parseReference } from '../../../registry/reference.ts';
import { commitContainer } from '../builder/commit.ts';
import { listChanges } from '../containers/changes.ts';
import { eventAttributes } from '../containers/event-attributes.ts';
import type { ContainerRecord } from '../containers/types.ts';
import type { NativeEngine } from '../engine.ts';
import { exists } from '../host.ts';
import type { RunConfig } from '../images/image-config.ts';
import { badRequest } from './api-error.ts';
import { bodyOf, CREATE_CONTAINER } from './body.ts';
import type { Exchange } from './exchange.ts';
import type { Routes } from './router.ts';

export function commitRoutes(engine: NativeEngine): Routes {
  return {
    'GET /containers/{id}/changes': (exchange) => changes(engine, exchange),
    'POST /commit': (exchange) => commit(engine, exchange),
  };
}

async function changes(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const record = engine.store.find(exchange.params.id ?? '');
  const { upper } = engine.paths.container(record.id);
  const written = await exists(engine.host.files, upper);
  const layers = [...record.layers].reverse().map((diffId) => engine.images.layerDiff(diffId));
  const found = written ? await listChanges(engine.host, upper, layers) : [];
  exchange.reply(200, found.length > 0 ? found : null);
}

async function commit(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const config = await bodyOf<RunConfig>(exchange, CREATE_CONTAINER);
  const container = query.get('container') ?? '';
  if (container === '') throw badRequest('invalid name or ID supplied: ""');
  const record = engine.store.find(container);
  const name = query.get('repo') ?? '';
  const reference = name === '' ? undefined : parseReference(query.get('tag') ? `${name}:${query.get('tag')}` : name);
  if (name !== '' && (!reference || reference.digest !== undefined)) throw badRequest('invalid reference format');
  const image = await paused(engine, record, !['0', 'false'].includes(query.get('pause') ?? ''), () =>
    commitContainer(engine.host, engine.images, {
      record,
      upper: engine.paths.container(record.id).upper,
      author: query.get('author') ?? '',
      comment: query.get('comment') ?? '',
      changes: query.getAll('changes'),
      config,
    }),
  );
  if (reference) await engine.images.setReference(familiarTag(reference), image.id);
  engine.events.emit('container', 'commit', record.id, {
    ...eventAttributes(record),
    comment: query.get('comment') ?? '',
    imageID: image.id,
    imageRef: reference ? familiarTag(reference) : '',
  });
  exchange.reply(201, { Id: image.id });
}

/** A running container holds still meanwhile, so that its files fit together. */
async function paused<T>(
  engine: NativeEngine,
  record: ContainerRecord,
  wanted: boolean,
  work: () => Promise<T>,
): Promise<T> {
  if (!wanted || record.state.status !== 'running') return work();
  await engine.lifecycle.pause(record.id);
  try {
    return await work();
  } finally {
    await engine.lifecycle.unpause(record.id);
  }
}
