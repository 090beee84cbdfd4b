// `run`: a one-off container of a service, with its dependencies, attached to this terminal or in the background.
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { cleaningUp } from '../../cleaning-up.ts';
import type { Engine } from '../../engine/engine.ts';
import { UsageError, WindlassError } from '../../errors.ts';
import type { Project } from '../../model.ts';
import { oneOffName } from '../../names.ts';
import { noSuchService } from '../../no-such-service.ts';
import type { UpOptions } from '../../planner/options.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun } from '../declaration.ts';
import type { runFlags } from '../declarations/run.ts';
import type { Io } from '../io.ts';
import { perform } from '../perform.ts';
import { loadRunnable } from '../project.ts';
import { confirmRemote } from '../remote-project.ts';
import { startAttached } from '../run/attached.ts';
import { dependencyNames, notRunning, removeDependencies, startDependencies } from '../run/dependencies.ts';
import { runEnvironment } from '../run/environment.ts';
import { type RunFlags, withRunService } from '../run/service.ts';
import { serviceNames } from '../service-arguments.ts';
import { chooseTty } from '../terminal/choose-tty.ts';
import { detachKeysFor } from '../terminal/configured-keys.ts';
import { orphanPolicy, separatorOf } from './shared-options.ts';
import { buildSettings, pullOverride } from './up-options.ts';

/** What is decided before anything is done. */
interface Prepared {
  readonly service: string;
  readonly name: string;
  readonly slug: string;
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly detachKeys: string;
  /** With the service as the container is made from it. */
  readonly project: Project;
}

export const run: CommandRun<typeof runFlags> = async (context, flags, [service = '', ...command]) => {
  const prepared = await prepare(context, flags, service, command);
  const { project } = prepared;
  await context.prepare(project);
  const engine = await context.engine(project.name);
  const dependencies = flags['no-deps'] ? [] : await dependencyNames(project, service);
  const before = flags['rm-deps'] ? await engine.listContainers(project.name, context.signal) : [];
  const toRemove = flags['rm-deps'] ? notRunning(dependencies, before) : [];
  const { dryRun } = context.globals;
  return cleaningUp(
    async () => {
      const options = { ...imageOptions(context, flags), orphans: orphanPolicy(context, flags['remove-orphans']) };
      await startDependencies(context, project, dependencies, { ...options, quiet: flags.quiet });
      await createContainer(context, prepared, flags);
      return dryRun ? 0 : start(context, engine, prepared, flags);
    },
    async () => dryRun || removeDependencies(context, project, toRemove, flags.quiet),
  );
};

async function prepare(
  context: CommandContext,
  flags: RunFlags,
  service: string,
  command: readonly string[],
): Promise<Prepared> {
  if (flags.publish.length > 0 && flags['service-ports'])
    throw new UsageError('--service-ports and --publish are incompatible');
  if (flags['rm-deps'] && flags.detach) throw new UsageError('--rm-deps and --detach are incompatible');
  const { detach } = flags;
  const interactive = flags.interactive ?? true;
  const tty = chooseTty({ noTty: flags['no-TTY'], tty: flags.tty, interactive, detach }, context.io);
  const detachKeys = await detachKeysFor(context.env, undefined);
  const { project } = await loadRunnable(context, [service]);
  await confirmRemote(context, project, false);
  const found = project.services[service];
  if (found === undefined) throw noSuchService(service, serviceNames(project));
  const environment = await runEnvironment({
    entries: flags.env,
    files: flags['env-from-file'],
    cwd: context.cwd,
    known: project.environment,
  });
  const slug = randomBytes(32).toString('hex');
  const name = flags.name || oneOffName(project.name, service, slug.slice(0, 12), separatorOf(context));
  const request = {
    ...{ flags, command, containerName: name, environment, tty, interactive },
    ...{ cwd: context.cwd, home: context.env.HOME ?? '' },
  };
  return { service, name, slug, tty, interactive, detachKeys, project: withRunService(project, found, request) };
}

function imageOptions(context: CommandContext, flags: RunFlags): Partial<UpOptions> {
  const pull = pullOverride(flags.pull, ['always', 'missing', 'never']);
  return {
    ...(pull === undefined ? {} : { pull }),
    build: flags.build ? 'always' : 'missing',
    quietPull: flags['quiet-pull'],
    separator: separatorOf(context),
    now: Date.now(),
  };
}

async function createContainer(context: CommandContext, prepared: Prepared, flags: RunFlags): Promise<void> {
  const { project, service, name, slug, tty, interactive } = prepared;
  const { planRun } = await import('../../planner/reconcile.ts');
  const oneOff = {
    ...{ slug, tty, openStdin: interactive, autoRemove: flags.rm, useAliases: flags['use-aliases'] },
    attachStdin: interactive && !flags.detach,
  };
  await perform(context, {
    project,
    quiet: flags.quiet,
    build: buildSettings(context, flags['quiet-build'] || flags.quiet),
    plan: (observation, round) =>
      planRun(project, observation, {
        ...imageOptions(context, flags),
        ...round,
        ...{ service, name, oneOff, noDeps: flags['no-deps'] },
      }),
  });
}

async function start(context: CommandContext, engine: Engine, prepared: Prepared, flags: RunFlags): Promise<number> {
  const created = await engine.findContainer(prepared.name, context.signal);
  if (created === undefined)
    throw new WindlassError('RUN_GONE', `container "${prepared.name}" was removed before it could be started`);
  const { id } = created;
  const io = flags.quiet ? silenced(context.io) : context.io;
  try {
    if (!flags.detach)
      return await startAttached(context, engine, {
        ...{ id, io, tty: prepared.tty, detachKeys: prepared.detachKeys },
        ...{ stdin: prepared.interactive, autoRemove: flags.rm },
      });
    await engine.startContainer(id, context.signal);
    io.stdout.write(`${id}\n`);
    return 0;
  } catch (error) {
    // One that never ran is not removed by the engine.
    if (flags.rm) await engine.removeContainer(id, { force: true, volumes: true }).catch(() => {});
    throw error;
  }
}

/** The same streams, with standard output going nowhere. */
function silenced(io: Io): Io {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  return { ...io, stdin: io.stdin, stdout: { ...io.stdout, isTTY: false, stream, write: () => {} } };
}
