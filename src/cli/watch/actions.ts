// What watching has done to a project besides copying files: builds, restarts, commands.
import type { Engine } from '../../engine/engine.ts';
import { messageOf, WindlassError } from '../../errors.ts';
import type { Hook, Project } from '../../model.ts';
import type { BuildSettings } from '../../planner/build-request.ts';
import { hookRequest } from '../../planner/hook-request.ts';
import type { CompiledRule, OwnCommand } from '../../watch/rules.ts';
import type { WatchActions } from '../../watch/session.ts';
import { planBuild } from '../commands/image-plans.ts';
import { separatorOf } from '../commands/shared-options.ts';
import type { CommandContext } from '../context.ts';
import { cutLines } from '../output/log-lines.ts';
import { silentProgress } from '../output/progress.ts';
import { perform } from '../perform.ts';
import { selectContainers } from '../select-containers.ts';

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
      const hook = { where: rule.service, ...rule.exec };
      await Promise.all(containers.map((container) => exec(options, hook, container, signal)));
    },
    run: (rule, paths, signal) => runOwn(options, rule, paths, signal),
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

/** Work that is done beside watching: no progress, and what containers say goes into the log. */
const beside = ({ project, log }: ActionOptions, signal: AbortSignal) =>
  ({
    project,
    signal,
    progress: silentProgress,
    warnings: false,
    onOutput: (source: string, text: string) => log(`${source} ${text}`),
  }) as const;

async function replace(options: ActionOptions, services: readonly string[], signal: AbortSignal): Promise<void> {
  const { context, project } = options;
  const { planUp, upOptions } = await import('../../planner/reconcile.ts');
  await perform(context, {
    ...beside(options, signal),
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
  const { context, project } = options;
  const { planRestart } = await import('../../planner/reconcile.ts');
  await perform(context, {
    ...beside(options, signal),
    plan: (observation) => planRestart(project, observation, { services }),
  });
}

/** The command of a rule in `x-windlass.watch`. */
async function runOwn(
  options: ActionOptions,
  { run }: CompiledRule,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (run?.where === 'host') await runHere(options, run, paths, signal);
  else if (run !== undefined) {
    const { engine, project } = options;
    const containers = selectContainers(await engine.listContainers(project.name, signal), {
      services: [run.service],
      oneOffs: false,
      stopped: false,
    });
    if (containers.length === 0)
      throw new WindlassError('WATCH_EXEC', `cannot run a command in service "${run.service}": it is not running`);
    const hook = { where: run.service, ...run.hook };
    await Promise.all(containers.map(({ id }) => exec(options, hook, id, signal)));
  }
}

/** Paths in the environment beyond this are left out: the kernel takes no longer variable (MAX_ARG_STRLEN). */
const MOST_PATH_BYTES = 96 * 1024;

async function runHere(
  { output }: ActionOptions,
  { command, directory }: Extract<OwnCommand, { where: 'host' }>,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const [program = '', ...args] = command;
  const { realHost } = await import('../../host.ts');
  const changed = Buffer.from(paths.join('\n')).subarray(0, MOST_PATH_BYTES).toString();
  const env = { ...(process.env as Record<string, string>), WINDLASS_CHANGED: changed };
  const { exitCode, stdout, stderr } = await realHost.run(program, args, { cwd: directory, env, signal });
  for (const line of lines(stdout)) output('stdout', line);
  for (const line of lines(stderr)) output('stderr', line);
  if (exitCode !== 0) throw new WindlassError('WATCH_RUN', `"${command.join(' ')}": exit status ${exitCode}`);
}

const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

async function exec(
  { engine, output }: ActionOptions,
  hook: Partial<Hook> & { readonly where: string },
  container: string,
  signal: AbortSignal,
): Promise<void> {
  const exec = await engine.createExec(container, hookRequest(hook, false), signal);
  const streams = await exec.start({ detach: false, tty: false });
  if (streams !== undefined) {
    const close = (): void => streams.close();
    signal.addEventListener('abort', close, { once: true });
    await Promise.all([
      cutLines(streams.stdout, (line) => output('stdout', line)),
      cutLines(streams.stderr, (line) => output('stderr', line)),
    ]).finally(() => signal.removeEventListener('abort', close));
  }
  const exitCode = await exec.exitCode();
  if (exitCode !== 0)
    throw new WindlassError(
      'WATCH_EXEC',
      `"${(hook.command ?? []).join(' ')}" in service "${hook.where}": exit status ${exitCode}`,
    );
}
