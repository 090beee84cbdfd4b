// The engine's events, as they happen.

import { record, text } from '../../json.ts';
import { LABEL } from '../../names.ts';
import { unixTime } from '../../times.ts';
import type { Engine, EngineEvent } from '../engine.ts';
import { askStream, type Client } from './client.ts';
import { jsonLines } from './ndjson.ts';
import { guarded } from './streams.ts';

export function eventVerbs(client: Client): Pick<Engine, 'events'> {
  return { events: (filter, signal) => events(client, filter, signal) };
}

async function* events(
  client: Client,
  filter: Parameters<Engine['events']>[0],
  signal: AbortSignal | undefined,
): AsyncGenerator<EngineEvent> {
  const about = { verb: 'events', resource: `project "${filter.project}"`, signal };
  const query = {
    filters: { label: [`${LABEL.project}=${filter.project}`] },
    ...(filter.since === undefined ? {} : { since: unixTime(filter.since) ?? filter.since }),
    ...(filter.until === undefined ? {} : { until: unixTime(filter.until) ?? filter.until }),
  };
  // Typed with numbers; the engine also takes dates.
  const stream = await askStream(client, about, (docker) => docker.getEvents(query as unknown as { since: number }));
  const source = jsonLines(stream as unknown as AsyncIterable<Buffer>);
  for await (const event of guarded(client, about, source)) yield engineEvent(event);
}

/** One line of `/events`. Networks are labelled by attribute, so connect and disconnect come too. */
function engineEvent(raw: unknown): EngineEvent {
  const event = record(raw);
  const actor = record(event.Actor);
  const attributes = Object.entries(record(actor.Attributes)).map(([key, value]) => [key, text(value)]);
  return {
    type: text(event.Type),
    action: text(event.Action),
    id: text(actor.ID) || text(event.id),
    attributes: Object.fromEntries(attributes),
    // JSON numbers lose the last digits of nanoseconds; the seconds are exact.
    timeNano: BigInt(Math.round(Number(event.timeNano ?? Number(event.time ?? 0) * 1e9))),
  };
}
