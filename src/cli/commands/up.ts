// `up`: makes the project what its files say, starts it, and shows its output until it ends or the user stops it.
import { cleaningUp } from '../../cleaning-up.ts';
import { UsageError } from '../../errors.ts';
import type { Project } from '../../model.ts';
import { noSuchService } from '../../no-such-service.ts';
import type { Observation } from '../../planner/observation.ts';
import { type UpOptions, upOptions } from '../../planner/options.ts';
import type { Plan } from '../../planner/plan.ts';
import { type AttachedOptions, runAttached } from '../attached/session.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun } from '../declaration.ts';
import type { upFlags } from '../declarations/core.ts';
import { isTrue } from '../globals.ts';
import { LogLines } from '../output/log-lines.ts';
import { silentProgress } from '../output/progress.ts';
import { perform as performWork, type Round, type Work } from '../perform.ts';
import { loadRunnable } from '../project.ts';
import { confirmRemote } from '../remote-project.ts';
import { serviceNames } from '../service-arguments.ts';
import type { TraceRecorder } from '../trace/recorder.ts';
import { askAboutVolumes } from './ask-about-volumes.ts';
import { buildSettings, checkUpFlags, requireServices, type UpFlags, upPlanOptions } from './up-options.ts';

export const run: CommandRun<typeof upFlags> = async (context, flags, given) => {
  const started = performance.now();
  checkUpFlags(flags);
  const kept = flags.plan === undefined ? undefined : await (await import('../kept-plan.ts')).readKeptPlan(flags.plan);
  if (kept !== undefined && given.length > 0)
    throw new UsageError('a plan that was kept says which services it is for', { hint: 'leave the services out' });
  const args = kept?.options.services ?? given;
  if (flags.locked) context.hold(true);
  const target = await loadRunnable(context, args);
  const { project, services } = target;
  await confirmRemote(context, project, flags.yes);
  requireServices(project, context.globals.allResources);
  if (flags['exit-code-from'] !== undefined && project.services[flags['exit-code-from']] === undefined)
    throw noSuchService(flags['exit-code-from'], serviceNames(project));
  await context.prepare(project);
  const attached = !flags.detach && !flags.wait && !flags['no-start'];
  const lines = logLines(context, flags);
  const watching = attached
    ? await (await import('../watch/beside-up.ts')).watchingBeside(context, target, args, lines, flags)
    : undefined;
  const attachTo = attached ? await servicesToAttach(project, services, flags) : [];

  const { planUp } = await import('../../planner/reconcile.ts');
  const options = { ...upPlanOptions(context, flags, target), ...kept?.choices };
  const volumes = askAboutVolumes(context, project, flags.yes);
  let known: Round | undefined;
  const plan = (observation: Observation, round: Round, changes: Partial<UpOptions>): Plan => {
    known = round;
    return planUp(
      project,
      observation,
      upOptions({ ...options, ...round, recreateVolumes: volumes.answer(), ...changes }),
    );
  };
  // Attached, everything is created before anything is started, so that no line of output is missed.
  const createFirst = attached && !context.globals.dryRun;
  const trace =
    flags.trace === undefined ? undefined : new (await import('../trace/recorder.ts')).TraceRecorder(started);
  const work: Work = {
    project,
    trace,
    build: buildSettings(context, flags['quiet-build']),
    before: async (observation) => {
      kept?.check(project, observation);
      await volumes.ask(observation);
    },
    plan: (observation, round) => plan(observation, round, createFirst ? { start: false } : {}),
  };
  const perform = (given: Work): Promise<void> =>
    cleaningUp(
      () => performWork(context, given),
      async () => trace && flags.trace !== undefined && saveTrace(context, flags.trace, project.name, trace),
    );
  await perform(work);
  if (!attached) return 0;
  if (context.globals.dryRun) {
    context.io.stdout.write("end of 'compose up' output, interactive run is not supported in dry-run mode\n");
    return 0;
  }
  return runAttached(context, {
    ...attachedOptions(context, project, services, flags),
    lines,
    watching,
    attachTo,
    start: (signal, onOutput) =>
      perform({
        ...work,
        signal,
        onOutput,
        progress: silentProgress,
        warnings: false,
        plan: (observation, round) => plan(observation, { ...round, ...known }, START_ONLY),
      }),
  });
};

async function saveTrace(context: CommandContext, file: string, project: string, trace: TraceRecorder): Promise<void> {
  const { traceFiles, writeTrace } = await import('../trace/write.ts');
  await writeTrace(file, `up of project ${project}`, trace.spans);
  const { json, html } = traceFiles(file);
  context.io.stderr.write(`where the time went: ${html}, ${json}\n`);
}

/** For the second half of an attached `up`: what was to be made anew has been made anew. */
const START_ONLY: Partial<UpOptions> = {
  start: true,
  imagesReady: true,
  recreate: 'never',
  recreateDependencies: 'never',
  renewAnonymousVolumes: false,
  recreateVolumes: [],
  orphans: 'ignore',
};

function logLines({ globals, io }: CommandContext, flags: UpFlags): LogLines {
  return new LogLines({
    color: !flags['no-color'] && globals.color && (globals.ansi === 'always' || io.stdout.isTTY),
    prefix: !flags['no-log-prefix'],
    timestamps: flags.timestamps,
  });
}

function attachedOptions(
  context: CommandContext,
  project: Project,
  services: readonly string[],
  flags: UpFlags,
): Omit<AttachedOptions, 'start' | 'attachTo' | 'lines' | 'watching'> {
  return {
    project,
    services,
    onExit: flags['abort-on-container-failure']
      ? 'stop-on-failure'
      : flags['abort-on-container-exit'] || flags['exit-code-from'] !== undefined
        ? 'stop'
        : 'ignore',
    exitCodeFrom: flags['exit-code-from'],
    timeoutSeconds: flags.timeout,
    menu: wantsMenu(context, flags),
  };
}

/** `--attach`, or the named services (with their dependencies where asked), less those that want no attaching. */
async function servicesToAttach(project: Project, services: readonly string[], flags: UpFlags): Promise<string[]> {
  const enabled = Object.keys(project.services).sort();
  const unknown = flags.attach.filter((name) => !enabled.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`cannot attach to services not included in up: ${unknown.join(', ')}`, {
      hint: `the services are: ${enabled.join(', ')}`,
    });
  const chosen = flags.attach.length > 0 ? flags.attach : await defaultAttach(project, services, flags, enabled);
  return chosen.filter((name) => !flags['no-attach'].includes(name));
}

async function defaultAttach(
  project: Project,
  services: readonly string[],
  flags: UpFlags,
  enabled: readonly string[],
): Promise<string[]> {
  let meant = services.length === 0 ? enabled : services;
  if (flags['attach-dependencies']) {
    const { selectServices } = await import('../../planner/services.ts');
    meant = Object.keys(selectServices(project, { services, with: 'dependencies' }).services);
  }
  return meant.filter((name) => project.services[name]?.attach !== false);
}

/** On a terminal unless refused by flag or COMPOSE_MENU. */
function wantsMenu({ io, env }: CommandContext, flags: UpFlags): boolean {
  if (!io.stdout.isTTY || !io.stdin.isTTY) return false;
  return flags.menu ?? (env.COMPOSE_MENU === undefined || isTrue(env.COMPOSE_MENU));
}
