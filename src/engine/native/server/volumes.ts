// `/volumes/…`
import { bytesBelow } from '../disk-usage.ts';
import type { NativeEngine } from '../engine.ts';
import { ANONYMOUS_LABEL, type VolumeRecord, type VolumeRequest } from '../volumes/store.ts';
import { conflict } from './api-error.ts';
import { bodyOf, CREATE_VOLUME } from './body.ts';
import type { Exchange } from './exchange.ts';
import { parseFilters } from './filters.ts';
import { isTrue } from './query.ts';
import type { Routes } from './router.ts';

export function volumeRoutes(engine: NativeEngine): Routes {
  const { volumes, events } = engine;
  const users = (name: string): string[] =>
    engine.store.all().flatMap((record) => (record.mounts.some((point) => point.Name === name) ? [record.id] : []));
  return {
    'GET /volumes': (exchange) => exchange.reply(200, list(engine, exchange)),
    'GET /volumes/{name}': (exchange) =>
      exchange.reply(200, describe(engine, volumes.find(exchange.params.name ?? ''))),
    'POST /volumes/create': async (exchange) => {
      const { record, made } = await volumes.create(await bodyOf<VolumeRequest>(exchange, CREATE_VOLUME));
      if (made) events.emit('volume', 'create', record.name, { driver: 'local' });
      exchange.reply(201, describe(engine, record));
    },
    'DELETE /volumes/{name}': async (exchange) => {
      const name = exchange.params.name ?? '';
      if (!volumes.get(name) && isTrue(exchange.query.get('force'))) return exchange.reply(204);
      volumes.find(name);
      const holders = users(name);
      if (holders.length > 0) throw conflict(`remove ${name}: volume is in use - [${holders.join(', ')}]`);
      await volumes.remove(name);
      events.emit('volume', 'destroy', name, { driver: 'local' });
      exchange.reply(204);
    },
    'POST /volumes/prune': async (exchange) => {
      const filters = parseFilters(exchange.query.get('filters'), ['label', 'label!', 'all']);
      // Since API 1.42 volumes with a name are kept unless `all` is given.
      const everything = exchange.version < 42 || filters.flag('all') === true;
      const deleted: string[] = [];
      let reclaimed = 0;
      for (const record of volumes.all()) {
        const fits = filters.labels('label', record.labels) && filters.withoutLabels(record.labels);
        if (!fits || users(record.name).length > 0 || !(everything || ANONYMOUS_LABEL in record.labels)) continue;
        reclaimed += await bytesBelow(engine.host, volumes.mountpoint(record.name));
        await volumes.remove(record.name);
        events.emit('volume', 'destroy', record.name, { driver: 'local' });
        deleted.push(record.name);
      }
      exchange.reply(200, { VolumesDeleted: deleted, SpaceReclaimed: reclaimed });
    },
  };
}

const FILTERS = ['dangling', 'driver', 'label', 'name'];

function list(engine: NativeEngine, exchange: Exchange): unknown {
  const filters = parseFilters(exchange.query.get('filters'), FILTERS);
  const dangling = filters.flag('dangling');
  const used = new Set(engine.store.all().flatMap((record) => record.mounts.flatMap((point) => point.Name ?? [])));
  const found = engine.volumes
    .all()
    .filter(
      (record) =>
        filters.any('name', (value) => record.name.includes(value)) &&
        filters.any('driver', (value) => value === 'local') &&
        filters.labels('label', record.labels) &&
        (dangling === undefined || dangling === !used.has(record.name)),
    );
  return { Volumes: found.map((record) => describe(engine, record)), Warnings: null };
}

const describe = (engine: NativeEngine, record: VolumeRecord): Record<string, unknown> => ({
  CreatedAt: record.created.replace(/\.\d+Z$/, 'Z'),
  Driver: 'local',
  Labels: Object.keys(record.labels).length > 0 ? record.labels : null,
  Mountpoint: engine.volumes.mountpoint(record.name),
  Name: record.name,
  Options: Object.keys(record.options).length > 0 ? record.options : null,
  Scope: 'local',
});
