// What watching has done to a project besides copying files: builds, restarts, commands.
import type { Engine } from '../../engine/engine.ts';
import { messageOf, WindlassError } from '../../errors.ts';
import type { Project } from '../../model.ts';
import type { BuildSettings } from '../../planner/build-request.ts';
import type { CompiledRule } from '../../watch/rules.ts';
import type { WatchActions } from '../../watch/session.ts';
import { planBuild } from '../commands/image-plans.ts';
import { separatorOf } from '../commands/shared-options.ts';
import type { CommandContext } from '../context.ts';
import { LineCutter } from '../output/log-lines.ts';
import { silentProgress } from '../output/progress.ts';
import { perform } from '../perform.ts';

export interface ActionOptions {
  readonly context: CommandContext;
  readonly engine: Engine;
  readonly project: Project;
  readonly build: BuildSettings;
  /** Images that a rebuild leaves without a name are removed. */
  readonly prune: boolean;
  readonly log: (text: string) => void;
  readonly problem: (text: string) => void;
  /** A line that a command inside a container wrote. */
  readonly output: (stream: 'stdout' | 'stderr', text: string) => void;
}

export function watchActions(options: ActionOptions): WatchActions {
  return {
    rebuild: (services, signal) => rebuild(options, services, signal),
    restart: (services, signal) => restart(options, services, signal),
    exec: async (rule, containers, signal) => {
      await Promise.all(containers.map((container) => exec(options, rule, container, signal)));
    },
    run: () => Promise.reject(new Error('no rule runs a command yet')),
  };
}

async function rebuild(options: ActionOptions, services: readonly string[], signal: AbortSignal): Promise<void> {
  const { context, engine, project, build, log } = options;
  const quiet = { signal, progress: silentProgress, warnings: false } as const;
  const definitions = services.flatMap((name) => project.services[name] ?? []);
  const { imageOf } = await import('../../planner/services.ts');
  const images = definitions.map((service) => imageOf(project, service, separatorOf(context)));
  const before = await Promise.all(images.map((image) => engine.findImage(image, signal)));
  try {
    await perform(context, {
      ...quiet,
      project,
      build,
      exclusive: false,
      onOutput: (_, text) => (build.quiet ? undefined : log(text)),
      plan: () => planBuild(project, definitions, separatorOf(context)),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new WindlassError('WATCH_BUILD', `Build failed. Error: ${messageOf(error)}`, { cause: error });
  }
  log(`service(s) [${services.map((name) => JSON.stringify(name)).join(' ')}] successfully built`);
  try {
    await replace(options, services, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new WindlassError('WATCH_RECREATE', `Failed to recreate services after update. Error: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (options.prune) for (const image of before) await removeUnnamed(engine, image?.id, signal);
}

async function replace(options: ActionOptions, services: readonly string[], signal: AbortSignal): Promise<void> {
  const { context, project, log } = options;
  const { planUp, upOptions } = await import('../../planner/reconcile.ts');
  await perform(context, {
    project,
    signal,
    progress: silentProgress,
    warnings: false,
    onOutput: (source, text) => log(`${source} ${text}`),
    plan: (observation, round) =>
      planUp(
        project,
        observation,
        upOptions({
          services,
          recreate: 'force',
          recreateDependencies: 'never',
          noDeps: true,
          build: 'never',
          orphans: 'ignore',
          separator: separatorOf(context),
          ...round,
          imagesReady: true,
        }),
      ),
  });
}

/** The image that had the name before: gone, unless something else uses it or names it. */
async function removeUnnamed(engine: Engine, id: string | undefined, signal: AbortSignal): Promise<void> {
  const image = id === undefined ? undefined : await engine.findImage(id, signal);
  if (id === undefined || image === undefined || image.tags.length > 0) return;
  // A conflict: a container still runs it, or an image is built upon it.
  await engine.removeImage(id, { force: false }, signal).catch(() => undefined);
}

async function restart(options: ActionOptions, services: readonly string[], signal: AbortSignal): Promise<void> {
  const { context, project, log } = options;
  const { planRestart } = await import('../../planner/reconcile.ts');
  await perform(context, {
    project,
    signal,
    progress: silentProgress,
    warnings: false,
    onOutput: (source, text) => log(`${source} ${text}`),
    plan: (observation) => planRestart(project, observation, { services }),
  });
}

async function exec(options: ActionOptions, rule: CompiledRule, container: string, signal: AbortSignal): Promise<void> {
  const { engine, output } = options;
  const hook = rule.exec ?? {};
  const command = hook.command ?? [];
  const exec = await engine.createExec(
    container,
    {
      command,
      environment: Object.entries(hook.environment ?? {}).map(([key, value]) =>
        value === null ? key : `${key}=${value}`,
      ),
      ...(hook.user === undefined ? {} : { user: hook.user }),
      ...(hook.working_dir === undefined ? {} : { workingDir: hook.working_dir }),
      ...(hook.privileged === undefined ? {} : { privileged: hook.privileged }),
      tty: false,
      attachStdin: false,
      attachOutput: true,
    },
    signal,
  );
  const streams = await exec.start({ detach: false, tty: false });
  if (streams !== undefined) {
    const close = (): void => streams.close();
    signal.addEventListener('abort', close, { once: true });
    await Promise.all([
      copyLines(streams.stdout, (line) => output('stdout', line)),
      copyLines(streams.stderr, (line) => output('stderr', line)),
    ]).finally(() => signal.removeEventListener('abort', close));
  }
  const exitCode = await exec.exitCode();
  if (exitCode !== 0)
    throw new WindlassError(
      'WATCH_EXEC',
      `"${command.join(' ')}" in service "${rule.service}": exit status ${exitCode}`,
    );
}

async function copyLines(from: AsyncIterable<Uint8Array>, take: (line: string) => void): Promise<void> {
  const cutter = new LineCutter(take);
  for await (const chunk of from) cutter.write(chunk);
  cutter.end();
}
