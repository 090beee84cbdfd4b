// Carries out what a command decided: observe, plan, show, execute, until the plan says it is complete.
import type { Engine } from '../engine/engine.ts';
import { InterruptedError, WindlassError } from '../errors.ts';
import { type ProgressEvent, STATUS } from '../events.ts';
import { debug } from '../log.ts';
import type { Project } from '../model.ts';
import type { BuildSettings } from '../planner/build-request.ts';
import type { ProjectLock } from '../planner/lock.ts';
import type { Observation } from '../planner/observation.ts';
import type { Plan, Step, StepId, StepOutcome, StepProgress } from '../planner/plan.ts';
import type { CommandContext } from './context.ts';
import { linesBySource } from './output/log-lines.ts';
import { type Progress, withProgress } from './output/progress.ts';
import { readOnlyEngine } from './read-only-engine.ts';
import type { TraceRecorder } from './trace/recorder.ts';

/** What earlier rounds of the same work have found out. */
export interface Round {
  readonly imagesReady: boolean;
  readonly providerVariables: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Work {
  readonly project: Project;
  /** Pure; asked again with a new observation as long as its plans say that they continue. */
  readonly plan: (observation: Observation, round: Round) => Plan;
  /** The head of the live view. */
  readonly title?: string;
  readonly quiet?: boolean;
  /** Stops the work; the command's own signal unless given. */
  readonly signal?: AbortSignal;
  readonly build?: BuildSettings;
  /** Lines of hooks and builders, where they belong somewhere else than below the progress. */
  readonly onOutput?: (source: string, text: string) => void;
  /** Shows progress in a view that is already there. */
  readonly progress?: Progress;
  /** Called with the first observation, before anything is planned or shown: the place for questions. */
  readonly before?: (observation: Observation) => Promise<void>;
  /** False: the plan's warnings have been told already. */
  readonly warnings?: false;
  /** False for work that may go on beside other commands on the same project. */
  readonly exclusive?: false;
  /** Keeps when what was done. */
  readonly trace?: TraceRecorder | undefined;
  /** Sees every plan before it is carried out. */
  readonly onPlan?: (plan: Plan) => void;
  /** Sees what became of every step, before failures are thrown. */
  readonly onResult?: (plan: Plan, outcomes: ReadonlyMap<StepId, StepOutcome>) => void;
}

/** Does the work and shows it. Throws what failed, or InterruptedError. */
export async function perform(context: CommandContext, work: Work): Promise<void> {
  const signal = work.signal ?? context.signal;
  const engine = await context.engine(work.project.name);
  const lock = work.exclusive === false || context.globals.dryRun ? undefined : await lockFor(context, work, engine);
  try {
    await observeAndDo(context, work, engine, signal);
  } finally {
    lock?.release();
  }
}

/** Keeps other commands from changing the project until it is released. */
export async function lockFor(
  context: CommandContext,
  work: Pick<Work, 'project' | 'signal'>,
  engine: Engine,
): Promise<ProjectLock> {
  const { lockProject } = await import('../planner/lock.ts');
  return lockProject({
    endpoint: engine.endpoint,
    project: work.project.name,
    command: context.command,
    signal: work.signal ?? context.signal,
    onWait: ({ pid, command }) =>
      context.warn(
        `waiting for "windlass ${command}" (process ${pid}), which is changing project "${work.project.name}"`,
      ),
  });
}

async function observeAndDo(context: CommandContext, work: Work, engine: Engine, signal: AbortSignal): Promise<void> {
  const reader = context.globals.dryRun ? readOnlyEngine(engine) : engine;
  const { observeProject } = await import('../planner/observe.ts');
  const look = () => observeProject(reader, work.project, signal);
  const observe = () => (work.trace === undefined ? look() : work.trace.look('observe the project', look));
  // Before the view is there: a question, or the news that nothing can be done, would get in its way.
  const observation = await observe();
  debug('cli', () => `observed project "${work.project.name}"`);
  await work.before?.(observation);
  const first = planned(context, work, observation, { imagesReady: false, providerVariables: {} }, new Set());
  const job: Job = { context, work, signal, engine, observe };
  if (first.plan.steps.length > 0) {
    const { engineLimits } = await import('./engine-limits.ts');
    for (const limit of engineLimits(first.plan, work.project, await engine.capabilities(signal))) context.warn(limit);
  }
  if (work.progress !== undefined) return rounds(job, first, work.progress);
  const { title, quiet } = work;
  const options = { ...(title === undefined ? {} : { title }), ...(quiet === undefined ? {} : { quiet }) };
  return withProgress(context, options, (progress) => rounds(job, first, progress));
}

interface Job {
  readonly context: CommandContext;
  readonly work: Work;
  readonly signal: AbortSignal;
  readonly engine: Engine;
  readonly observe: () => Promise<Observation>;
}

interface Planned {
  readonly plan: Plan;
  readonly round: Round;
  /** Warnings told so far. */
  readonly warned: Set<string>;
}

/** A plan that never gets complete is a bug; this many rounds are far more than images and providers ask for. */
const MOST_ROUNDS = 8;

async function rounds(job: Job, first: Planned, progress: Progress): Promise<void> {
  let { plan, round } = first;
  for (let count = 0; count < MOST_ROUNDS; count++) {
    for (const verdict of plan.verdicts) announce(verdict.progress, progress, 'done');
    round = job.context.globals.dryRun ? rehearse(plan, round, progress) : await execute(job, plan, round, progress);
    if (!plan.continues) return;
    ({ plan } = planned(job.context, job.work, await job.observe(), round, first.warned));
  }
  throw new Error(`the plan for "${job.work.project.name}" is not complete after ${MOST_ROUNDS} rounds`);
}

function planned(
  context: CommandContext,
  work: Work,
  observation: Observation,
  round: Round,
  warned: Set<string>,
): Planned {
  const plan = work.plan(observation, round);
  debug('cli', () => `planned ${plan.operation}: ${plan.steps.length} steps`);
  for (const warning of work.warnings === false ? [] : plan.warnings) if (!warned.has(warning)) context.warn(warning);
  for (const warning of plan.warnings) warned.add(warning);
  work.onPlan?.(plan);
  return { plan, round, warned };
}

async function execute(job: Job, plan: Plan, round: Round, progress: Progress): Promise<Round> {
  if (plan.steps.length === 0) return round;
  const { context, work, signal, engine } = job;
  const [{ executePlan }, { realHost }] = await Promise.all([import('../planner/executor.ts'), import('../host.ts')]);
  const note = (source: string, line: string) => line.trim() !== '' && progress.note(`${source}  ${line}`);
  const output = linesBySource(work.onOutput ?? note);
  const result = await executePlan(plan, {
    engine,
    project: work.project,
    onEvent: progress.onEvent,
    signal,
    parallel: context.globals.parallel,
    host: realHost,
    providerVariables: round.providerVariables,
    onOutput: output.write,
    ...(work.trace === undefined ? {} : { onTiming: work.trace.step }),
    ...(work.build === undefined ? {} : { build: work.build }),
  });
  output.end();
  if (result.cancelled || signal.aborted) throw new InterruptedError();
  work.onResult?.(plan, result.outcomes);
  throwFailures(result.errors);
  return { imagesReady: true, providerVariables: { ...round.providerVariables, ...result.providerVariables } };
}

/** Shows the steps as docker compose's dry run does: as if they had been done. */
function rehearse(plan: Plan, round: Round, progress: Progress): Round {
  for (const step of plan.steps)
    for (const words of wordsOf(step)) {
      announce(words, progress, 'working');
      announce(words, progress, 'done');
    }
  return { ...round, imagesReady: true };
}

/** Pulls tell of themselves, layer by layer, when they are really done. */
const wordsOf = (step: Step): readonly (StepProgress | undefined)[] =>
  step.action === 'pull-image'
    ? step.services.map((id) => ({ id, working: STATUS.pulling, done: STATUS.pulled }))
    : [step.progress];

function announce(words: StepProgress | undefined, progress: Progress, which: 'working' | 'done'): void {
  const status = words?.[which];
  if (words === undefined || status === undefined) return;
  const event: ProgressEvent = { id: words.id, status, kind: which };
  progress.onEvent(event);
}

/** Throws the failure, or all of them as one, each with its hint. */
export function throwFailures(errors: readonly WindlassError[]): void {
  const [first, ...others] = errors;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const texts = errors.map((error) =>
    error.hint === undefined ? error.message : `${error.message}\n  hint: ${error.hint}`,
  );
  throw new WindlassError(first.code, texts.join('\n'), { cause: first, exitCode: first.exitCode });
}
