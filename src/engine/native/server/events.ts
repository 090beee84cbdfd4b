// `/events`: what happened since a time, and what happens until another.
import { timerDelay } from '../../../timers.ts';
import { parseTime } from '../containers/log-file.ts';
import type { NativeEngine } from '../engine.ts';
import type { ApiEvent } from '../events.ts';
import { badRequest } from './api-error.ts';
import type { Exchange } from './exchange.ts';
import { type Filters, parseFilters } from './filters.ts';
import type { Routes } from './router.ts';

/** What is held for a client that does not read. Beyond it the answer breaks off, and the client knows that it missed some. */
const MOST_HELD_BYTES = 16 * 1024 * 1024;

export const eventRoutes = (engine: Pick<NativeEngine, 'events'>): Routes => ({
  'GET /events': (exchange) => events(engine, exchange),
});

function events(engine: Pick<NativeEngine, 'events'>, exchange: Exchange): void {
  const filters = parseFilters(exchange.query.get('filters'));
  const since = timeOf(exchange, 'since');
  const until = timeOf(exchange, 'until');
  if (since !== undefined && until !== undefined && since > until)
    throw badRequest(
      '`since` time (' +
        exchange.query.get('since') +
        ') cannot be after `until` time (' +
        exchange.query.get('until') +
        ')',
    );
  const response = exchange.stream(200, 'application/json');
  const tell = (event: ApiEvent): void => {
    if (!isWanted(event, filters)) return;
    response.write(`${JSON.stringify(event)}\n`);
    if (response.writableLength > MOST_HELD_BYTES) response.destroy();
  };
  if (since !== undefined)
    for (const event of engine.events.past())
      if (event.timeNano >= since && (until === undefined || event.timeNano <= until)) tell(event);
  const left = until === undefined ? undefined : until / 1e6 - Date.now();
  if (left !== undefined && left <= 0) {
    response.end();
    return;
  }
  const stop = engine.events.listen(tell);
  const timer = left === undefined ? undefined : setTimeout(() => response.end(), timerDelay(left));
  exchange.gone.addEventListener('abort', () => {
    stop();
    clearTimeout(timer);
  });
}

function timeOf(exchange: Exchange, name: string): number | undefined {
  const text = exchange.query.get(name);
  if (text === null || text === '') return undefined;
  const value = parseTime(text);
  if (value === undefined) throw badRequest(`invalid value for "${name}": "${text}"`);
  return Number(value);
}

function isWanted(event: ApiEvent, filters: Filters): boolean {
  const { ID: id, Attributes: attributes } = event.Actor;
  const about = (type: string, value: string): boolean =>
    event.Type === type && (id.startsWith(value) || attributes.name === value);
  return (
    filters.any('type', (value) => event.Type === value) &&
    // "exec_create" stands for "exec_create: sh -c …".
    filters.any('event', (value) => event.Action === value || event.Action.startsWith(`${value}:`)) &&
    filters.any('container', (value) => about('container', value)) &&
    filters.any('image', (value) => about('image', value) || attributes.image === value) &&
    filters.any('network', (value) => about('network', value)) &&
    filters.any('volume', (value) => about('volume', value)) &&
    filters.any('scope', (value) => value === 'local') &&
    filters.labels('label', attributes)
  );
}
