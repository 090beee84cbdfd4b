// What the flags of `up` and `create` mean to the planner, and which of them exclude each other.
import { UsageError } from '../../errors.ts';
import type { Project } from '../../model.ts';
import type { BuildSettings } from '../../planner/build-request.ts';
import type { PullOverride, RecreatePolicy, UpOptions } from '../../planner/options.ts';
import { against, type Conflict, checkConflicts } from '../conflicts.ts';
import type { CommandContext } from '../context.ts';
import type { FlagValues } from '../declaration.ts';
import type { createFlags, upFlags } from '../declarations/core.ts';
import type { Target } from '../project.ts';
import { serviceNames } from '../service-arguments.ts';
import { orphanPolicy, parseScale, separatorOf } from './shared-options.ts';

export type UpFlags = FlagValues<typeof upFlags>;
export type CreateFlags = FlagValues<typeof createFlags>;

const FOREGROUND = ['abort-on-container-exit', 'abort-on-container-failure', 'attach', 'attach-dependencies', 'watch'];
const FOREGROUND_WORDS =
  'cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, --attach-dependencies or --watch';

const RECREATE_CONFLICTS: readonly Conflict[] = [
  { flags: ['build', 'no-build'], message: '--build and --no-build are incompatible' },
  { flags: ['force-recreate', 'no-recreate'], message: '--force-recreate and --no-recreate are incompatible' },
];

/** In docker compose's order: the first that holds is the one that is told. */
const UP_CONFLICTS: readonly Conflict[] = [
  {
    flags: ['abort-on-container-exit', 'abort-on-container-failure'],
    message: '--abort-on-container-failure cannot be combined with --abort-on-container-exit',
  },
  ...against(
    'wait',
    ['attach-dependencies', 'abort-on-container-exit', 'attach'],
    '--wait cannot be combined with --abort-on-container-exit, --attach or --attach-dependencies',
  ),
  ...against('wait', FOREGROUND, `--wait ${FOREGROUND_WORDS}`),
  { flags: ['build', 'no-build'], message: '--build and --no-build are incompatible' },
  ...against('detach', FOREGROUND, `--detach ${FOREGROUND_WORDS}`),
  { flags: ['renew-anon-volumes', 'no-recreate'], message: '--no-recreate and --renew-anon-volumes are incompatible' },
  { flags: ['force-recreate', 'no-recreate'], message: '--force-recreate and --no-recreate are incompatible' },
  {
    flags: ['always-recreate-deps', 'no-recreate'],
    message: '--always-recreate-deps and --no-recreate are incompatible',
  },
  { flags: ['no-build', 'watch'], message: '--no-build and --watch are incompatible' },
  { flags: ['attach', 'attach-dependencies'], message: 'cannot combine --attach and --attach-dependencies' },
  ...against(
    'plan',
    [
      ...['always-recreate-deps', 'build', 'force-recreate', 'no-build', 'no-deps', 'no-recreate', 'no-start', 'pull'],
      ...['remove-orphans', 'renew-anon-volumes', 'scale', 'timeout'],
    ],
    '--plan cannot be combined with flags that a plan is made with: give them to "windlass plan"',
  ),
];

/** Throws UsageError for flags of `up` that exclude each other. */
export function checkUpFlags(flags: UpFlags): void {
  // `--exit-code-from` stops at the first exit, unless only failures are to count.
  const impliesAbort = flags['exit-code-from'] !== undefined && !flags['abort-on-container-failure'];
  checkConflicts(
    { ...flags, 'abort-on-container-exit': flags['abort-on-container-exit'] || impliesAbort },
    UP_CONFLICTS,
  );
}

/** Throws UsageError for flags of `plan` that exclude each other. */
export const checkPlanFlags = (flags: Readonly<Record<string, unknown>>): void => checkConflicts(flags, UP_CONFLICTS);

/** Throws UsageError for flags of `create` that exclude each other. */
export const checkCreateFlags = (flags: CreateFlags): void => checkConflicts(flags, RECREATE_CONFLICTS);

/** The flags that a plan depends on. */
export type PlanFlags = Pick<
  UpFlags,
  | 'always-recreate-deps'
  | 'build'
  | 'force-recreate'
  | 'no-build'
  | 'no-deps'
  | 'no-recreate'
  | 'no-start'
  | 'pull'
  | 'quiet-pull'
  | 'remove-orphans'
  | 'renew-anon-volumes'
  | 'scale'
  | 'timeout'
  | 'wait'
  | 'wait-timeout'
  | 'yes'
>;

export const upPlanOptions = (context: CommandContext, flags: PlanFlags, target: Target): Partial<UpOptions> => ({
  ...common(context, flags, target, ['always', 'missing', 'never']),
  recreate: recreatePolicy(flags['no-recreate'], flags['force-recreate'] || flags['renew-anon-volumes']),
  recreateDependencies: recreatePolicy(flags['no-recreate'], flags['always-recreate-deps']),
  noDeps: flags['no-deps'],
  renewAnonymousVolumes: flags['renew-anon-volumes'],
  timeoutSeconds: flags.timeout,
  start: !flags['no-start'],
  wait: flags.wait,
  waitTimeoutSeconds: flags['wait-timeout'] || undefined,
});

export const createPlanOptions = (context: CommandContext, flags: CreateFlags, target: Target): Partial<UpOptions> => ({
  ...common(context, flags, target, ['always', 'missing', 'never', 'build']),
  recreate: recreatePolicy(flags['no-recreate'], flags['force-recreate']),
  recreateDependencies: recreatePolicy(flags['no-recreate'], false),
  start: false,
});

function common(
  context: CommandContext,
  flags: PlanFlags | CreateFlags,
  target: Target,
  pulls: readonly PullOverride[],
): Partial<UpOptions> {
  return {
    services: target.services,
    orphans: orphanPolicy(context, flags['remove-orphans']),
    scale: parseScale(flags.scale, serviceNames(target.project)),
    pull: pullOverride(flags.pull, pulls),
    build: flags.build ? 'always' : flags['no-build'] ? 'never' : 'missing',
    quietPull: flags['quiet-pull'],
    recreateVolumes: flags.yes ? 'all' : [],
    separator: separatorOf(context),
    now: Date.now(),
  };
}

const recreatePolicy = (never: boolean, force: boolean): RecreatePolicy =>
  never ? 'never' : force ? 'force' : 'diverged';

export function pullOverride(text: string | undefined, allowed: readonly PullOverride[]): PullOverride | undefined {
  // `policy` is docker compose's name for "each service's own".
  if (text === undefined || text === 'policy') return undefined;
  const found = (text === 'if_not_present' ? [text] : allowed).find((name) => name === text);
  if (found === undefined)
    throw new UsageError(`invalid --pull option "${text}"`, { hint: `use one of ${allowed.join(', ')}` });
  return found as PullOverride;
}

export const buildSettings = (context: CommandContext, quiet: boolean): BuildSettings => ({
  quiet,
  separator: separatorOf(context),
  ...(context.env.BUILDX_BUILDER ? { builder: context.env.BUILDX_BUILDER } : {}),
});

/** Throws when there is nothing that could be started. */
export function requireServices(project: Project, allResources: boolean): void {
  if (Object.keys(project.services).length === 0 && !allResources)
    throw new UsageError('no service selected', {
      hint:
        Object.keys(project.disabledServices).length > 0
          ? 'name a service, or enable a profile with --profile'
          : 'declare a service under the top-level "services"',
    });
}
