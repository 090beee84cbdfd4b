// `logs`: what the project's containers have written, merged in the order of time.
import type { Engine, ObservedContainer } from '../../engine/engine.ts';
import { byName, serviceOf } from '../../engine/project-container.ts';
import { EngineError, UsageError } from '../../errors.ts';
import type { Project } from '../../model.ts';
import { noSuchService } from '../../no-such-service.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { logsFlags } from '../declarations/view.ts';
import { anySignal } from '../interrupts.ts';
import { lineFilter } from '../logs/filter.ts';
import { LogFollower } from '../logs/follow.ts';
import { mergeByTime } from '../logs/merge.ts';
import { LogPrinter } from '../logs/printer.ts';
import type { LogRecord } from '../logs/record.ts';
import { recordsOf } from '../logs/source.ts';
import { LogLines } from '../output/log-lines.ts';
import { projectOrName } from '../project-name.ts';
import { oneContainer, selectContainers, shortName } from '../select-containers.ts';
import { checkServices } from '../service-arguments.ts';
import { engineTimestamp } from '../timestamp.ts';

interface Request {
  readonly engine: Engine;
  readonly printer: LogPrinter;
  readonly tail: string;
  readonly since: string | undefined;
  readonly until: string | undefined;
}

export const run: CommandRun<typeof logsFlags> = async (context, flags, args) => {
  if (flags.index > 0 && args.length !== 1) throw new UsageError('--index requires one service to be selected');
  const accept = lineFilter(flags);
  checkTail(flags.tail);
  const [since, until] = [engineTimestamp('--since', flags.since), engineTimestamp('--until', flags.until)];
  const seen = await projectOrName(context, args);
  const { name, project } = seen;
  const services = shownServices(project, args);
  const engine = await context.engine(name);
  const printer = new LogPrinter({
    out: context.io.stdout,
    lines: new LogLines({ color: wantsColor(context, flags), prefix: !flags['no-log-prefix'], timestamps: false }),
    timestamps: flags.timestamps,
    accept,
  });
  const request: Request = { engine, printer, tail: flags.tail, since, until };
  const list = () => engine.listContainers(name, context.signal);
  if (project === undefined && args.length > 0) checkServices(context, args, seen, await list());
  const pick = async () => choose(await list(), services, flags.index, args);
  if (flags.follow) await follow(context, request, name, services, pick);
  else await history(context, request, await pick(), () => {});
  return 0;
};

/** An engine takes any other text for "all", and so a slip of the fingers for a flood. Below zero means all, as in docker. */
function checkTail(text: string): void {
  if (/^(all|[+-]?\d+|)$/.test(text)) return;
  throw new UsageError(`invalid value for "--tail": "${text}" is not a number of lines`, {
    hint: 'give a whole number, or "all"',
  });
}

const wantsColor = ({ globals, io }: CommandContext, flags: FlagValues<typeof logsFlags>): boolean =>
  !flags['no-color'] && globals.color && (globals.ansi === 'always' || io.stdout.isTTY);

/** Undefined means all, orphans included: only when no Compose file tells which services there are. */
function shownServices(project: Project | undefined, args: readonly string[]): readonly string[] | undefined {
  if (project === undefined) return args.length === 0 ? undefined : args;
  const names = Object.keys(project.services);
  const missing = args.find((service) => !names.includes(service));
  if (missing !== undefined) throw noSuchService(missing, names);
  return args.length > 0 ? args : names.filter((service) => project.services[service]?.attach !== false);
}

function choose(
  containers: readonly ObservedContainer[],
  services: readonly string[] | undefined,
  index: number,
  args: readonly string[],
): ObservedContainer[] {
  const want = { oneOffs: false, stopped: true };
  if (index > 0) return [oneContainer(containers, args[0] ?? '', index, want)];
  return selectContainers(containers, { ...want, services: [] })
    .filter((container) => services === undefined || services.includes(serviceOf(container)))
    .sort(byName);
}

/** Shows what has been written so far; `onRecord` hears of every line, shown or filtered out. */
async function history(
  context: CommandContext,
  { engine, printer, tail, since, until }: Request,
  containers: readonly ObservedContainer[],
  onRecord: (id: string, record: LogRecord) => void,
): Promise<void> {
  for (const container of containers) printer.register(shortName(container));
  const options = {
    follow: false,
    tail,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
  const logs = containers.map((source) => ({
    source,
    batches: readable(context, source, recordsOf(engine, source.id, options, context.signal)),
  }));
  for await (const { source, record } of mergeByTime(logs)) {
    onRecord(source.id, record);
    printer.record(shortName(source), record);
    if (printer.full) await printer.flush();
  }
  await printer.flush();
}

/** A logging driver that cannot be read costs a warning, not the other containers' lines. */
async function* readable(
  context: CommandContext,
  container: ObservedContainer,
  batches: AsyncIterable<readonly LogRecord[]>,
): AsyncGenerator<readonly LogRecord[]> {
  try {
    yield* batches;
  } catch (error) {
    if (!(error instanceof EngineError && error.kind === 'unsupported')) throw error;
    context.warn(`cannot retrieve logs for "${container.name}": ${error.message}`);
  }
}

async function follow(
  context: CommandContext,
  request: Request,
  name: string,
  services: readonly string[] | undefined,
  pick: () => Promise<readonly ObservedContainer[]>,
): Promise<void> {
  const { engine, printer } = request;
  const failure = new AbortController();
  const signal = anySignal([context.signal, failure.signal]);
  const follower = new LogFollower({
    ...request,
    signal,
    onFailure: (error) => failure.abort(error),
    wants: (service) => services === undefined || services.includes(service),
  });
  // Listening starts before looking, so that nothing that starts in between is missed.
  const events = engine.events({ project: name }, signal)[Symbol.asyncIterator]();
  let next = events.next();
  next.catch((error) => failure.abort(error));
  const containers = await pick();
  for (const container of containers) follower.add(container);
  await history(context, request, containers, (id, record) => follower.seen(id, record));

  const listening = (async () => {
    for (let event = await next; event.done !== true; event = await next) {
      await follower.handle(event.value);
      next = events.next();
    }
  })();
  listening.catch((error) => failure.abort(error));
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    await Promise.race([follower.run(), stopped]);
  } finally {
    await printer.flush();
    failure.abort();
  }
}
