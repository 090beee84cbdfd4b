// `events`: what the engine reports about the project's containers, as it happens. One-off containers are left out.
import type { EngineEvent } from '../../engine/engine.ts';
import { LABEL } from '../../names.ts';
import type { CommandRun } from '../declaration.ts';
import type { eventsFlags } from '../declarations/view.ts';
import { goJson } from '../output/go-json.ts';
import { localMicroseconds, rfc3339Nano } from '../output/time.ts';
import { projectName } from '../project-name.ts';
import { engineTimestamp } from '../timestamp.ts';

export const run: CommandRun<typeof eventsFlags> = async (context, flags, args) => {
  const since = engineTimestamp('--since', flags.since);
  const until = engineTimestamp('--until', flags.until);
  const name = await projectName(context);
  const engine = await context.engine(name);
  const filter = {
    project: name,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
  for await (const event of engine.events(filter, context.signal)) {
    const service = event.attributes[LABEL.service] ?? '';
    if (event.type !== 'container' || event.attributes[LABEL.oneOff] === 'True') continue;
    if (args.length > 0 && !args.includes(service)) continue;
    context.io.stdout.write(flags.json ? `${jsonLine(event, service)}\n` : `${plainLine(event)}\n\n`);
  }
  return context.signal.aborted ? 130 : 0;
};

/** Attributes without Compose's own labels. */
const shownAttributes = (event: EngineEvent): [string, string][] =>
  Object.entries(event.attributes)
    .filter(([key]) => !key.startsWith('com.docker.compose.'))
    .sort(([a], [b]) => (a < b ? -1 : 1));

export const jsonLine = (event: EngineEvent, service: string): string =>
  goJson({
    action: event.action,
    attributes: Object.fromEntries(shownAttributes(event)),
    id: event.id,
    service,
    time: rfc3339Nano(event.timeNano),
    type: 'container',
  });

/** docker compose leaves an empty line after each; so do we. */
export function plainLine(event: EngineEvent): string {
  const attributes = shownAttributes(event).map(([key, value]) => `${key}=${value}`);
  return `${localMicroseconds(event.timeNano)} container ${event.action} ${event.id} (${attributes.join(', ')})`;
}
