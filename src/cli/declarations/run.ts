// The commands that run something inside a service's containers, or wait for it.
import { type AnyCommand, declareCommand, type Flags } from '../declaration.ts';
import { BUILD_FIRST, QUIET_PULL, REMOVE_ORPHANS } from './shared.ts';

export const runFlags = {
  build: { ...BUILD_FIRST, help: 'Build image before starting container' },
  'cap-add': { type: 'list', value: 'list', help: 'Add Linux capabilities' },
  'cap-drop': { type: 'list', value: 'list', help: 'Drop Linux capabilities' },
  detach: { type: 'boolean', short: 'd', help: 'Run container in background and print container ID' },
  entrypoint: { type: 'string', help: 'Override the entrypoint of the image' },
  env: { type: 'list', short: 'e', help: 'Set environment variables' },
  'env-from-file': { type: 'list', help: 'Set environment variables from file' },
  interactive: {
    type: 'tristate',
    short: 'i',
    help: 'Keep STDIN open even if not attached',
    shownDefault: 'true',
  },
  label: { type: 'list', short: 'l', help: 'Add or override a label', aliases: ['labels'] },
  name: { type: 'string', help: 'Assign a name to the container' },
  'no-TTY': {
    type: 'tristate',
    short: 'T',
    help: 'Disable pseudo-TTY allocation (default: auto-detected)',
    aliases: ['no-tty'],
  },
  'no-deps': { type: 'boolean', help: "Don't start linked services" },
  publish: { type: 'list', short: 'p', help: "Publish a container's port(s) to the host" },
  pull: {
    type: 'string',
    help: 'Pull image before running ("always"|"missing"|"never")',
    shownDefault: '"policy"',
  },
  quiet: { type: 'boolean', short: 'q', help: "Don't print anything to STDOUT" },
  'quiet-build': { type: 'boolean', help: 'Suppress progress output from the build process' },
  'quiet-pull': QUIET_PULL,
  'remove-orphans': REMOVE_ORPHANS,
  rm: { type: 'boolean', help: 'Automatically remove the container when it exits' },
  'rm-deps': {
    type: 'boolean',
    help: 'Stop and remove the services that this command started, when it ends. Incompatible with --detach',
  },
  'service-ports': {
    type: 'boolean',
    short: 'P',
    help: "Run command with all service's ports enabled and mapped to the host",
  },
  tty: { type: 'tristate', short: 't', help: 'Allocate a pseudo-TTY', hidden: true },
  'use-aliases': {
    type: 'boolean',
    help: "Use the service's network useAliases in the network(s) the container connects to",
  },
  user: { type: 'string', short: 'u', help: 'Run as specified username or uid' },
  volume: { type: 'list', short: 'v', help: 'Bind mount a volume', aliases: ['volumes'] },
  workdir: { type: 'string', short: 'w', help: 'Working directory inside the container' },
} as const satisfies Flags;

export const execFlags = {
  all: {
    type: 'boolean',
    help: 'Run the command in every running container of the service, output prefixed; the highest exit code counts',
  },
  detach: { type: 'boolean', short: 'd', help: 'Detached mode: Run command in the background' },
  env: { type: 'list', short: 'e', help: 'Set environment variables' },
  index: { type: 'int', default: 0, help: 'Index of the container if service has multiple replicas' },
  interactive: { type: 'tristate', short: 'i', help: 'Keep STDIN open even if not attached', hidden: true },
  'no-tty': {
    type: 'tristate',
    short: 'T',
    help: "Disable pseudo-TTY allocation. By default 'exec' allocates a TTY where there is one.",
    aliases: ['no-TTY'],
  },
  privileged: { type: 'boolean', help: 'Give extended privileges to the process' },
  tty: { type: 'tristate', short: 't', help: 'Allocate a pseudo-TTY', hidden: true },
  user: { type: 'string', short: 'u', help: 'Run the command as this user' },
  workdir: { type: 'string', short: 'w', help: 'Path to workdir directory for this command' },
} as const satisfies Flags;

export const attachFlags = {
  'detach-keys': { type: 'string', help: 'Override the key sequence for detaching from a container.' },
  index: { type: 'int', default: 0, help: 'index of the container if service has multiple replicas.' },
  'no-stdin': { type: 'boolean', help: 'Do not attach STDIN' },
  'sig-proxy': { type: 'boolean', default: true, help: 'Proxy all received signals to the process' },
} as const satisfies Flags;

export const waitFlags = {
  'down-project': { type: 'boolean', help: 'Drops project when the first container stops' },
} as const satisfies Flags;

export const scaleFlags = {
  'no-deps': { type: 'boolean', help: "Don't start linked services" },
} as const satisfies Flags;

export const runCommands: readonly AnyCommand[] = [
  declareCommand({
    name: 'run',
    usage: '[OPTIONS] SERVICE [COMMAND] [ARGS...]',
    summary: 'Run a one-off command on a service',
    args: { min: 1 },
    completes: 'service-then-files',
    passThrough: true,
    flags: runFlags,
    load: () => import('../commands/run.ts'),
  }),
  declareCommand({
    name: 'exec',
    usage: '[OPTIONS] SERVICE COMMAND [ARGS...]',
    summary: 'Execute a command in a running container',
    args: { min: 2 },
    completes: 'service-then-files',
    passThrough: true,
    flags: execFlags,
    load: () => import('../commands/exec.ts'),
  }),
  declareCommand({
    name: 'attach',
    usage: '[OPTIONS] SERVICE',
    summary: "Attach local standard input, output, and error streams to a service's running container",
    args: { min: 1 },
    completes: 'services',
    flags: attachFlags,
    load: () => import('../commands/attach.ts'),
  }),
  declareCommand({
    name: 'wait',
    usage: 'SERVICE [SERVICE...] [OPTIONS]',
    summary: 'Block until containers of all (or specified) services stop.',
    args: { min: 1 },
    completes: 'services',
    flags: waitFlags,
    load: () => import('../commands/wait.ts'),
  }),
  declareCommand({
    name: 'scale',
    usage: '[SERVICE=REPLICAS...]',
    summary: 'Scale services',
    args: { min: 1 },
    completes: 'services',
    flags: scaleFlags,
    load: () => import('../commands/scale.ts'),
  }),
];
