// The commands that show what is there and change nothing.
import { type AnyCommand, declareCommand, type Flags } from '../declaration.ts';

/** docker's text for flags that take `table`, `json` or a template. */
const FORMAT_HELP =
  "Format output using a custom template: 'table': Print output in table format with column headers (default) " +
  "'table TEMPLATE': Print output in table format using the given Go template 'json': Print in JSON format " +
  "'TEMPLATE': Print output using the given Go template. Refer to https://docs.docker.com/go/formatting/ for more " +
  'information about formatting output with templates';
const LIST_FORMAT = { type: 'string', default: 'table', help: 'Format the output. Values: [table | json]' } as const;
const SINCE = 'Show logs since timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)';
const UNTIL = 'Show logs before a timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)';

export const psFlags = {
  all: {
    type: 'boolean',
    short: 'a',
    help: 'Show all stopped containers (including those created by the run command)',
  },
  filter: { type: 'string', help: 'Filter services by a property (supported filters: status)' },
  format: { type: 'string', default: 'table', help: FORMAT_HELP },
  'no-trunc': { type: 'boolean', help: "Don't truncate output" },
  orphans: { type: 'boolean', default: true, help: 'Include orphaned services (not declared by project)' },
  quiet: { type: 'boolean', short: 'q', help: 'Only display IDs' },
  services: { type: 'boolean', help: 'Display services' },
  status: {
    type: 'list',
    help: 'Filter services by status. Values: [paused | restarting | removing | running | dead | created | exited]',
  },
} as const satisfies Flags;

export const logsFlags = {
  follow: { type: 'boolean', short: 'f', help: 'Follow log output' },
  grep: {
    type: 'list',
    help: 'Show only lines that match this regular expression; several must all match, and !PATTERN must not',
  },
  index: { type: 'int', default: 0, help: 'index of the container if service has multiple replicas' },
  level: {
    type: 'string',
    help: 'Show only lines of at least this level (trace, debug, info, warn, error, fatal), as the lines tell it',
  },
  'no-color': { type: 'boolean', help: 'Produce monochrome output' },
  'no-log-prefix': { type: 'boolean', help: "Don't print prefix in logs" },
  since: { type: 'string', help: SINCE },
  tail: {
    type: 'string',
    short: 'n',
    default: 'all',
    help: 'Number of lines to show from the end of the logs for each container',
  },
  timestamps: { type: 'boolean', short: 't', help: 'Show timestamps' },
  until: { type: 'string', help: UNTIL },
} as const satisfies Flags;

export const lsFlags = {
  all: { type: 'boolean', short: 'a', help: 'Show all stopped Compose projects' },
  filter: { type: 'list', value: 'filter', help: 'Filter output based on conditions provided' },
  format: LIST_FORMAT,
  quiet: { type: 'boolean', short: 'q', help: 'Only display project names' },
} as const satisfies Flags;

export const imagesFlags = {
  format: LIST_FORMAT,
  quiet: { type: 'boolean', short: 'q', help: 'Only display IDs' },
} as const satisfies Flags;

export const portFlags = {
  index: { type: 'int', default: 0, help: 'Index of the container if service has multiple replicas' },
  protocol: { type: 'string', default: 'tcp', help: 'tcp or udp' },
} as const satisfies Flags;

export const topFlags = { format: LIST_FORMAT } as const satisfies Flags;

export const statsFlags = {
  all: { type: 'boolean', short: 'a', help: 'Show all containers (default shows just running)' },
  format: { type: 'string', help: FORMAT_HELP },
  'no-stream': { type: 'boolean', help: 'Disable streaming stats and only pull the first result' },
  'no-trunc': { type: 'boolean', help: 'Do not truncate output' },
} as const satisfies Flags;

export const eventsFlags = {
  json: { type: 'boolean', help: 'Output events as a stream of json objects' },
  since: { type: 'string', help: 'Show all events created since timestamp' },
  until: { type: 'string', help: 'Stream events until this timestamp' },
} as const satisfies Flags;

export const volumesFlags = {
  format: { type: 'string', default: 'table', help: FORMAT_HELP },
  quiet: { type: 'boolean', short: 'q', help: 'Only display volume names' },
} as const satisfies Flags;

const SERVICES = { args: { min: 0 }, completes: 'services', usage: '[OPTIONS] [SERVICE...]' } as const;

export const viewCommands: readonly AnyCommand[] = [
  declareCommand({
    name: 'ps',
    ...SERVICES,
    summary: 'List containers',
    flags: psFlags,
    load: () => import('../commands/ps.ts'),
  }),
  declareCommand({
    name: 'logs',
    ...SERVICES,
    summary: 'View output from containers',
    description: 'Lines of all containers are shown in the order in which they were written.',
    flags: logsFlags,
    load: () => import('../commands/logs.ts'),
  }),
  declareCommand({
    name: 'ls',
    usage: '[OPTIONS]',
    summary: 'List running compose projects',
    args: { min: 0, max: 0 },
    completes: 'none',
    flags: lsFlags,
    load: () => import('../commands/ls.ts'),
  }),
  declareCommand({
    name: 'images',
    ...SERVICES,
    summary: 'List images used by the created containers',
    flags: imagesFlags,
    load: () => import('../commands/images.ts'),
  }),
  declareCommand({
    name: 'port',
    usage: '[OPTIONS] SERVICE PRIVATE_PORT',
    summary: 'Print the public port for a port binding',
    args: { min: 2 },
    completes: 'services',
    flags: portFlags,
    load: () => import('../commands/port.ts'),
  }),
  declareCommand({
    name: 'top',
    ...SERVICES,
    summary: 'Display the running processes',
    flags: topFlags,
    load: () => import('../commands/top.ts'),
  }),
  declareCommand({
    name: 'stats',
    usage: '[OPTIONS] [SERVICE]',
    summary: 'Display a live stream of container(s) resource usage statistics',
    args: { min: 0, max: 1 },
    completes: 'services',
    flags: statsFlags,
    load: () => import('../commands/stats.ts'),
  }),
  declareCommand({
    name: 'events',
    ...SERVICES,
    summary: 'Receive real time events from containers',
    flags: eventsFlags,
    load: () => import('../commands/events.ts'),
  }),
  declareCommand({
    name: 'volumes',
    ...SERVICES,
    summary: 'List volumes',
    flags: volumesFlags,
    load: () => import('../commands/volumes.ts'),
  }),
];
