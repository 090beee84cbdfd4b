// `watch`: starts the project, then brings saved files into its containers, until interrupted.
import type { Engine } from '../../engine/engine.ts';
import { InterruptedError, WindlassError } from '../../errors.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { watchFlags } from '../declarations/watch.ts';
import { LogLines } from '../output/log-lines.ts';
import { perform } from '../perform.ts';
import { loadRunnable, type Target } from '../project.ts';
import type { LiveReload } from '../watch/live-reload.ts';
import { pollInterval } from '../watch/poll-interval.ts';
import { hasRules } from '../watch/watch-rules.ts';
import { commandBegan, Watcher } from '../watch/watcher.ts';
import { selectedServices } from './selected-services.ts';
import { orphanPolicy, separatorOf } from './shared-options.ts';
import { buildSettings } from './up-options.ts';

export const run: CommandRun<typeof watchFlags> = async (context, flags, args) => {
  const target = await loadRunnable(context, args);
  const { project, services } = target;
  if (!hasRules(project, services))
    throw new WindlassError(
      'WATCH_NOTHING',
      "none of the selected services is configured for watch, consider setting a 'develop' section",
      { hint: 'see docs/watch.md' },
    );
  if (context.globals.dryRun) {
    if (!flags['no-up']) await raise(context, target, flags);
    context.io.stdout.write("end of 'compose watch' output, interactive run is not supported in dry-run mode\n");
    return 0;
  }
  const engine = await context.engine(project.name);
  const lines = new LogLines({ color: false, prefix: false, timestamps: false });
  const log = (text: string, kind?: 'problem'): void =>
    lines.line(kind === 'problem' ? context.io.stderr : context.io.stdout, 'watch', text);
  const live =
    flags.reload || flags['reload-port'] !== undefined ? await liveReload(engine, target, flags, log) : undefined;
  const watcher = new Watcher(context, engine, {
    project,
    services,
    build: buildSettings(context, flags.quiet),
    prune: flags.prune,
    load: async () => (await loadRunnable(context, args)).project,
    pollMs: pollInterval(context, flags.poll),
    since: commandBegan(),
    log,
    ...(live === undefined ? {} : { onUpdated: () => live.reload() }),
    output: (stream, text) => context.io[stream].write(`${text}\n`),
  });
  // Before anything is built: what is saved during the build is not in the image, and follows.
  try {
    await watcher.prepare();
    if (!flags['no-up']) await raise(context, target, flags);
    context.signal.addEventListener('abort', () => watcher.stop(), { once: true });
    await live?.start();
    await watcher.run();
  } finally {
    watcher.stop();
    live?.close();
  }
  if (context.signal.aborted) throw new InterruptedError();
  return 0;
};

async function liveReload(
  engine: Engine,
  { project, services }: Target,
  flags: FlagValues<typeof watchFlags>,
  log: (text: string) => void,
): Promise<LiveReload> {
  const { LiveReload } = await import('../watch/live-reload.ts');
  const watched = selectedServices(project, services, true).map(({ name }) => name);
  return new LiveReload({ engine, project, services: watched, port: flags['reload-port'], log });
}

/** As `up -d`, with the images of watched services built anew. */
async function raise(context: CommandContext, target: Target, flags: FlagValues<typeof watchFlags>): Promise<void> {
  const { project, services } = target;
  const { planUp, upOptions } = await import('../../planner/reconcile.ts');
  const watched = Object.fromEntries(
    Object.entries(project.services).map(([name, service]) => [
      name,
      service.build !== undefined && service.develop !== undefined ? { ...service, pull_policy: 'build' } : service,
    ]),
  );
  const built = { ...project, services: watched };
  await context.prepare(built);
  await perform(context, {
    project: built,
    build: buildSettings(context, flags.quiet),
    plan: (observation, round) =>
      planUp(
        built,
        observation,
        upOptions({
          services,
          recreateDependencies: 'never',
          quietPull: flags.quiet,
          orphans: orphanPolicy(context, undefined),
          separator: separatorOf(context),
          now: Date.now(),
          ...round,
        }),
      ),
  });
}
