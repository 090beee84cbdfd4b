// `stats`: what the project's containers use, once or live.
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../../engine/engine.ts';
import { byName } from '../../engine/project-container.ts';
import { InterruptedError } from '../../errors.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { statsFlags } from '../declarations/view.ts';
import { anySignal } from '../interrupts.ts';
import { formatStats } from '../output/stats-row.ts';
import { projectSeen } from '../project-name.ts';
import { selectContainers } from '../select-containers.ts';
import { checkServices } from '../service-arguments.ts';
import { measureOnce, StatsCollector } from '../stats-collector.ts';

type StatsFlags = FlagValues<typeof statsFlags>;

const REFRESH_MS = 500;
const CURSOR_HOME = '\x1b[H';
const CLEAR_REST_OF_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

export const run: CommandRun<typeof statsFlags> = async (context, flags, [service = '']) => {
  const format = flags.format || 'table';
  const seen = await projectSeen(context);
  const { name } = seen;
  const engine = await context.engine(name);
  const containers = await engine.listContainers(name, context.signal);
  checkServices(context, service === '' ? [] : [service], seen, containers);
  if (!flags['no-stream']) return watch(context, engine, { name, service, format, flags });
  const chosen = choose(containers, service, flags.all);
  const measured = await measureOnce(engine, chosen, context.signal);
  context.io.stdout.write(formatStats(measured, format, !flags['no-trunc']));
  return 0;
};

const choose = (containers: Parameters<typeof selectContainers>[0], service: string, all: boolean) =>
  selectContainers(containers, { services: service === '' ? [] : [service], oneOffs: true, stopped: all }).sort(byName);

interface Watching {
  readonly name: string;
  readonly service: string;
  readonly format: string;
  readonly flags: StatsFlags;
}

async function watch(context: CommandContext, engine: Engine, watching: Watching): Promise<number> {
  const { name, service, format, flags } = watching;
  const failure = new AbortController();
  const signal = anySignal([context.signal, failure.signal]);
  const onFailure = (error: unknown) => failure.abort(error);
  const collector = new StatsCollector({ engine, signal, all: flags.all, service, onFailure });
  const listening = (async () => {
    for await (const event of engine.events({ project: name }, signal)) collector.handle(event);
  })();
  listening.catch(onFailure);
  const containers = await engine.listContainers(name, signal);
  for (const container of choose(containers, service, flags.all)) collector.add(container.id, container.name);
  try {
    await collector.settled();
    for (;;) {
      const text = formatStats(collector.snapshot(Date.now()), format, !flags['no-trunc']);
      context.io.stdout.write(context.io.stdout.isTTY ? frame(text) : text);
      await delay(REFRESH_MS, undefined, { signal });
    }
  } catch (error) {
    if (context.signal.aborted) {
      // The terminal has written ^C where the table ends.
      if (context.io.stdout.isTTY) context.io.stdout.write('\n');
      throw new InterruptedError();
    }
    throw failure.signal.aborted ? failure.signal.reason : error;
  } finally {
    failure.abort();
  }
}

/** Draws over what was there; lines that are shorter now, and lines that are no more, are wiped. */
const frame = (text: string): string =>
  `${CURSOR_HOME}${text
    .split('\n')
    .map((line) => `${line}${CLEAR_REST_OF_LINE}`)
    .join('\n')}${CLEAR_BELOW}`;
