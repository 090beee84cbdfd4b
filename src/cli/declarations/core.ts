// The commands that raise and lower a project.
import { type AnyCommand, declareCommand, type Flags } from '../declaration.ts';
import {
  BUILD_FIRST,
  FORCE_RECREATE,
  LOCKED,
  NO_BUILD,
  NO_RECREATE,
  QUIET_PULL,
  REMOVE_ORPHANS,
  SCALE,
  SHUTDOWN_TIMEOUT,
  YES,
} from './shared.ts';

export const upFlags = {
  'abort-on-container-exit': {
    type: 'boolean',
    help: 'Stops all containers if any container was stopped. Incompatible with -d',
  },
  'abort-on-container-failure': {
    type: 'boolean',
    help: 'Stops all containers if any container exited with failure. Incompatible with -d',
  },
  'always-recreate-deps': {
    type: 'boolean',
    help: 'Recreate dependent containers. Incompatible with --no-recreate.',
  },
  attach: {
    type: 'list',
    help: 'Restrict attaching to the specified services. Incompatible with --attach-dependencies.',
  },
  'attach-dependencies': { type: 'boolean', help: 'Automatically attach to log output of dependent services' },
  build: BUILD_FIRST,
  detach: { type: 'boolean', short: 'd', help: 'Detached mode: Run containers in the background' },
  'exit-code-from': {
    type: 'string',
    help: 'Return the exit code of the selected service container. Implies --abort-on-container-exit',
  },
  'force-recreate': FORCE_RECREATE,
  locked: LOCKED,
  menu: {
    type: 'tristate',
    help: 'Enable interactive shortcuts when running attached. Incompatible with --detach. Can also be enable/disable by setting COMPOSE_MENU environment var.',
  },
  'no-attach': { type: 'list', help: 'Do not attach (stream logs) to the specified services' },
  'no-build': NO_BUILD,
  'no-color': { type: 'boolean', help: 'Produce monochrome output' },
  'no-deps': { type: 'boolean', help: "Don't start linked services" },
  'no-log-prefix': { type: 'boolean', help: "Don't print prefix in logs" },
  'no-recreate': NO_RECREATE,
  'no-start': { type: 'boolean', help: "Don't start the services after creating them" },
  plan: {
    type: 'string',
    value: 'file',
    help: 'Carry out a plan of "plan --out", and refuse if it does not hold any more',
  },
  pull: {
    type: 'string',
    help: 'Pull image before running ("always"|"missing"|"never")',
    shownDefault: '"policy"',
  },
  'quiet-build': { type: 'boolean', help: 'Suppress the build output' },
  'quiet-pull': QUIET_PULL,
  'remove-orphans': REMOVE_ORPHANS,
  'renew-anon-volumes': {
    type: 'boolean',
    short: 'V',
    help: 'Recreate anonymous volumes instead of retrieving data from the previous containers',
  },
  scale: SCALE,
  timeout: {
    type: 'int',
    short: 't',
    help: 'Use this timeout in seconds for container shutdown when attached or when containers are already running',
  },
  timestamps: { type: 'boolean', help: 'Show timestamps' },
  trace: { type: 'string', value: 'file', help: 'Write where the time went: file.json (Chrome trace) and file.html' },
  wait: { type: 'boolean', help: 'Wait for services to be running|healthy. Implies detached mode.' },
  'wait-timeout': {
    type: 'int',
    help: 'Maximum duration in seconds to wait for the project to be running|healthy',
  },
  watch: {
    type: 'boolean',
    short: 'w',
    help: 'Watch source code and rebuild/refresh containers when files are updated.',
  },
  yes: YES,
} as const satisfies Flags;

/** What decides about a plan; the rest of `up`'s flags is about carrying it out. */
export const planFlags = {
  'always-recreate-deps': upFlags['always-recreate-deps'],
  build: upFlags.build,
  down: { type: 'boolean', help: 'Show what down would remove instead' },
  'force-recreate': FORCE_RECREATE,
  format: { type: 'string', default: 'table', help: 'Format the output ("table"|"tree"|"steps"|"json")' },
  json: { type: 'boolean', help: 'Same as --format json' },
  'no-build': NO_BUILD,
  'no-deps': upFlags['no-deps'],
  'no-recreate': NO_RECREATE,
  'no-start': upFlags['no-start'],
  out: { type: 'string', short: 'o', value: 'file', help: 'Write the plan to a file, for "up --plan"' },
  pull: upFlags.pull,
  'remove-orphans': REMOVE_ORPHANS,
  'renew-anon-volumes': upFlags['renew-anon-volumes'],
  rmi: { type: 'string', value: 'string', help: 'With --down: images used by services too ("local"|"all")' },
  scale: SCALE,
  timeout: upFlags.timeout,
  volumes: { type: 'boolean', short: 'v', help: 'With --down: volumes too' },
  yes: YES,
} as const satisfies Flags;

export const downFlags = {
  'remove-orphans': REMOVE_ORPHANS,
  rmi: {
    type: 'string',
    help: 'Remove images used by services. "local" remove only images that don\'t have a custom tag ("local"|"all")',
  },
  timeout: SHUTDOWN_TIMEOUT,
  volumes: {
    type: 'boolean',
    short: 'v',
    aliases: ['volume'],
    help: 'Remove named volumes declared in the "volumes" section of the Compose file and anonymous volumes attached to containers',
  },
} as const satisfies Flags;

export const createFlags = {
  build: BUILD_FIRST,
  'force-recreate': FORCE_RECREATE,
  locked: LOCKED,
  'no-build': NO_BUILD,
  'no-recreate': NO_RECREATE,
  pull: {
    type: 'string',
    help: 'Pull image before running ("always"|"missing"|"never"|"build")',
    shownDefault: '"policy"',
  },
  'quiet-pull': QUIET_PULL,
  'remove-orphans': REMOVE_ORPHANS,
  scale: SCALE,
  yes: YES,
} as const satisfies Flags;

export const startFlags = {
  wait: { type: 'boolean', help: 'Wait for services to be running|healthy' },
  'wait-timeout': {
    type: 'int',
    help: 'Maximum duration in seconds to wait for the project to be running|healthy',
  },
} as const satisfies Flags;

export const stopFlags = { timeout: SHUTDOWN_TIMEOUT } as const satisfies Flags;

export const restartFlags = {
  'no-deps': { type: 'boolean', help: "Don't restart dependent services" },
  timeout: SHUTDOWN_TIMEOUT,
} as const satisfies Flags;

export const killFlags = {
  'remove-orphans': REMOVE_ORPHANS,
  signal: { type: 'string', short: 's', default: 'SIGKILL', help: 'SIGNAL to send to the container' },
} as const satisfies Flags;

export const rmFlags = {
  all: { type: 'boolean', short: 'a', help: 'Deprecated - no effect', hidden: true },
  force: { type: 'boolean', short: 'f', help: "Don't ask to confirm removal" },
  stop: { type: 'boolean', short: 's', help: 'Stop the containers, if required, before removing' },
  volumes: { type: 'boolean', short: 'v', help: 'Remove any anonymous volumes attached to containers' },
} as const satisfies Flags;

export const noFlags = {} as const satisfies Flags;

/** A command on services that docker compose gives the same shape: `NAME [OPTIONS] [SERVICE...]`. */
const onServices = { usage: '[OPTIONS] [SERVICE...]', args: { min: 0 }, completes: 'services' } as const;

export const coreCommands: readonly AnyCommand[] = [
  declareCommand({
    ...onServices,
    name: 'up',
    summary: 'Create and start containers',
    flags: upFlags,
    load: () => import('../commands/up.ts'),
  }),
  declareCommand({
    ...onServices,
    name: 'plan',
    summary: 'Show what up would change, in which order and why',
    flags: planFlags,
    load: () => import('../commands/plan.ts'),
  }),
  declareCommand({
    ...onServices,
    name: 'down',
    usage: '[OPTIONS] [SERVICES]',
    summary: 'Stop and remove containers, networks',
    flags: downFlags,
    load: () => import('../commands/down.ts'),
  }),
  declareCommand({
    ...onServices,
    name: 'create',
    summary: 'Creates containers for a service',
    flags: createFlags,
    load: () => import('../commands/create.ts'),
  }),
  declareCommand({
    ...onServices,
    name: 'start',
    summary: 'Start services',
    flags: startFlags,
    load: () => import('../commands/start.ts'),
  }),
  declareCommand({
    ...onServices,
    name: 'stop',
    summary: 'Stop services',
    flags: stopFlags,
    load: () => import('../commands/stop.ts'),
  }),
  declareCommand({
    ...onServices,
    name: 'restart',
    summary: 'Restart service containers',
    flags: restartFlags,
    load: () => import('../commands/restart.ts'),
  }),
  declareCommand({
    ...onServices,
    name: 'kill',
    summary: 'Force stop service containers',
    flags: killFlags,
    load: () => import('../commands/kill.ts'),
  }),
  declareCommand({
    ...onServices,
    name: 'pause',
    usage: '[SERVICE...]',
    summary: 'Pause services',
    flags: noFlags,
    load: () => import('../commands/pause.ts'),
  }),
  declareCommand({
    ...onServices,
    name: 'unpause',
    usage: '[SERVICE...]',
    summary: 'Unpause services',
    flags: noFlags,
    load: () => import('../commands/unpause.ts'),
  }),
  declareCommand({
    ...onServices,
    name: 'rm',
    summary: 'Removes stopped service containers',
    description: [
      'By default, anonymous volumes attached to containers will not be removed. You',
      'can override this with -v. To list all volumes, use "docker volume ls".',
      '',
      'Any data which is not in a volume will be lost.',
    ].join('\n'),
    flags: rmFlags,
    load: () => import('../commands/rm.ts'),
  }),
];
