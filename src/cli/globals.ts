// The flags that stand before the command, and the COMPOSE_* settings that stand in for them.
import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import type { Flags, FlagValues } from './declaration.ts';

export const DRY_RUN = { type: 'boolean', help: 'Execute command in dry run mode' } as const;

export const globalFlags = {
  'all-resources': { type: 'boolean', help: 'Include all resources, even those not used by services' },
  ansi: {
    type: 'string',
    help: 'Control when to print ANSI control characters ("never"|"always"|"auto")',
    shownDefault: '"auto"',
  },
  compatibility: { type: 'tristate', help: 'Run compose in backward compatibility mode' },
  'dry-run': DRY_RUN,
  engine: { type: 'string', help: 'Engine to use ("docker"|"native")' },
  'env-file': { type: 'list', help: 'Specify an alternate environment file' },
  file: { type: 'list', short: 'f', help: 'Compose configuration files' },
  parallel: { type: 'int', help: 'Control max parallelism, -1 for unlimited (default -1)' },
  profile: { type: 'list', help: 'Specify a profile to enable' },
  progress: { type: 'string', help: 'Set type of progress output (auto, tty, plain, json, quiet)' },
  'project-directory': {
    type: 'string',
    help: 'Specify an alternate working directory (default: the path of the, first specified, Compose file)',
  },
  'project-name': { type: 'string', short: 'p', help: 'Project name' },
  strict: { type: 'boolean', help: 'Treat warnings about the Compose files as errors' },
  workdir: { type: 'string', help: 'DEPRECATED! USE --project-directory INSTEAD', hidden: true },
  verbose: { type: 'boolean', help: 'Show more output', hidden: true },
  'insecure-registry': {
    type: 'list',
    help: 'Registry to read Compose projects from without TLS, as host[:port]',
    hidden: true,
  },
  version: { type: 'boolean', short: 'v', help: 'Show version information', hidden: true },
  'no-ansi': { type: 'boolean', help: 'Do not print ANSI control characters (DEPRECATED)', hidden: true },
} as const satisfies Flags;

export type ProgressMode = 'auto' | 'tty' | 'plain' | 'json' | 'quiet';
export type AnsiMode = 'never' | 'always' | 'auto';

/** What the global flags and the environment say together. */
export interface GlobalOptions {
  readonly files: readonly string[];
  readonly projectName: string | undefined;
  readonly projectDirectory: string | undefined;
  readonly profiles: readonly string[];
  readonly envFiles: readonly string[];
  readonly allResources: boolean;
  readonly compatibility: boolean;
  readonly strict: boolean;
  readonly dryRun: boolean;
  readonly engine: string | undefined;
  /** Registries without TLS that artifacts are read from. */
  readonly insecureRegistries: readonly string[];
  /** Steps at a time; 0 when not limited. */
  readonly parallel: number;
  readonly progress: ProgressMode;
  readonly ansi: AnsiMode;
  /** Colours are welcome where there is a terminal. */
  readonly color: boolean;
}

type Environment = Readonly<Record<string, string>>;

/** The files that are named: with `-f`, else in COMPOSE_FILE. */
export function namedFiles({ files }: GlobalOptions, env: Environment): readonly string[] {
  if (files.length > 0) return files;
  return (env.COMPOSE_FILE ?? '').split(env.COMPOSE_PATH_SEPARATOR || ':').filter((file) => file !== '');
}

/** docker compose's reading of a boolean variable: `1`, `t`, `true`, `y`, `yes` (any case). */
export const isTrue = (value: string | undefined): boolean => /^(1|t|true|y|yes)$/i.test((value ?? '').trim());

/** Joins flags and environment. `notice` receives deprecation texts. */
export function resolveGlobals(
  flags: FlagValues<typeof globalFlags>,
  env: Environment,
  cwd: string,
  notice: (text: string) => void,
): GlobalOptions {
  if (flags.workdir !== undefined) {
    if (flags['project-directory'] !== undefined)
      throw new UsageError(
        'cannot specify DEPRECATED "--workdir" and "--project-directory". Please use only "--project-directory" instead',
      );
    notice("option '--workdir' is DEPRECATED at root level! Please use '--project-directory' instead.");
  }
  const ansi = ansiMode(flags, env, notice);
  const envFiles =
    flags['env-file'].length > 0 ? flags['env-file'] : (env.COMPOSE_ENV_FILES ?? '').split(',').filter(Boolean);
  const projectDirectory = flags['project-directory'] ?? flags.workdir;
  return {
    files: flags.file,
    projectName: flags['project-name'] || undefined,
    projectDirectory:
      projectDirectory === undefined || projectDirectory === '' ? undefined : resolve(cwd, projectDirectory),
    profiles: flags.profile,
    envFiles: envFiles.map((file) => resolve(cwd, file)),
    allResources: flags['all-resources'],
    compatibility: flags.compatibility ?? isTrue(env.COMPOSE_COMPATIBILITY),
    strict: flags.strict,
    dryRun: flags['dry-run'],
    engine: flags.engine,
    insecureRegistries: flags['insecure-registry'],
    parallel: parallelLimit(flags.parallel, env),
    progress: progressMode(flags.progress, env, ansi),
    ansi,
    color: ansi === 'always' || (ansi === 'auto' && !env.NO_COLOR),
  };
}

function ansiMode(flags: FlagValues<typeof globalFlags>, env: Environment, notice: (text: string) => void): AnsiMode {
  if (flags['no-ansi']) {
    if (flags.ansi !== undefined && flags.ansi !== 'auto')
      throw new UsageError('cannot specify DEPRECATED "--no-ansi" and "--ansi". Please use only "--ansi"');
    notice("option '--no-ansi' is DEPRECATED ! Please use '--ansi' instead.");
    return 'never';
  }
  const chosen = flags.ansi ?? env.COMPOSE_ANSI ?? 'auto';
  // docker compose takes any other word for "auto".
  return chosen === 'never' || chosen === 'always' ? chosen : 'auto';
}

function parallelLimit(flag: number | undefined, env: Environment): number {
  let limit = flag;
  if (limit === undefined && env.COMPOSE_PARALLEL_LIMIT) {
    limit = Number(env.COMPOSE_PARALLEL_LIMIT);
    if (!Number.isInteger(limit))
      throw new UsageError(`COMPOSE_PARALLEL_LIMIT must be an integer (found: "${env.COMPOSE_PARALLEL_LIMIT}")`);
  }
  return limit === undefined || limit < 0 ? 0 : limit;
}

function progressMode(flag: string | undefined, env: Environment, ansi: AnsiMode): ProgressMode {
  const chosen = (flag ?? env.COMPOSE_PROGRESS) || 'auto';
  switch (chosen) {
    case 'auto':
      return ansi === 'never' ? 'plain' : ansi === 'always' ? 'tty' : 'auto';
    case 'tty':
      if (ansi === 'never') throw new UsageError("can't use --progress tty while ANSI support is disabled");
      return 'tty';
    case 'plain':
      if (ansi === 'always') throw new UsageError("can't use --progress plain while ANSI support is forced");
      return 'plain';
    case 'quiet':
    case 'none':
      return 'quiet';
    case 'json':
      return 'json';
    default:
      throw new UsageError(`unsupported --progress value "${chosen}"`, {
        hint: 'use one of auto, tty, plain, json, quiet',
      });
  }
}
