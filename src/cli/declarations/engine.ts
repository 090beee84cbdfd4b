// The commands of the native engine.
import { type CommandGroup, declareCommand, type Flags } from '../declaration.ts';

/** Which engine is meant: every command of the group takes them. */
export const enginePlaceFlags = {
  root: {
    type: 'string',
    value: 'folder',
    default: '',
    shownDefault: '/var/lib/windlass',
    help: 'Folder that is kept: images, containers, volumes (WINDLASS_ROOT)',
  },
  run: {
    type: 'string',
    value: 'folder',
    default: '',
    shownDefault: '/run/windlass',
    help: 'Folder that goes with a reboot (WINDLASS_RUN). With --root alone: <root>/run',
  },
  socket: {
    type: 'string',
    value: 'path',
    default: '',
    shownDefault: '/run/windlass/engine.sock',
    help: 'Unix socket to listen on (WINDLASS_SOCKET). With --root alone: <root>/engine.sock',
  },
} as const satisfies Flags;

/** How an engine serves. */
const engineServeFlags = {
  group: {
    type: 'string',
    default: '',
    shownDefault: '"windlass" if there is one, else root',
    help: 'Group that may use the socket, by name or number',
  },
  host: { type: 'list', value: 'address', help: 'Listen there too: tcp://ADDRESS[:PORT]' },
  tls: { type: 'boolean', help: 'Speak TLS on tcp:// addresses, and let every client in' },
  tlsverify: { type: 'boolean', help: 'Speak TLS, and let in who shows a certificate signed by --tlscacert' },
  tlscacert: { type: 'string', value: 'file', default: '', help: 'Certificate of the authority that signs clients' },
  tlscert: { type: 'string', value: 'file', default: '', help: "The engine's certificate" },
  tlskey: { type: 'string', value: 'file', default: '', help: "The engine's key" },
  'insecure-tcp': { type: 'boolean', help: 'Allow tcp:// without TLS on addresses that others can reach' },
  'userns-remap': {
    type: 'string',
    value: 'user[:group]',
    default: '',
    shownDefault: '"userns-remap" of the configuration file, else the host\'s own ids',
    help: 'Give containers the subordinate ids of this user, "default" for one that is made for it',
  },
  'idle-timeout': { type: 'int', value: 'seconds', default: 0, help: 'End after so long without work; 0 = never' },
} as const satisfies Flags;

export const engineRunFlags = {
  ...enginePlaceFlags,
  ...engineServeFlags,
  restart: { type: 'boolean', help: 'Start it again when it crashes or is killed; its sockets stay open meanwhile' },
} as const satisfies Flags;

export const engineStartFlags = { ...enginePlaceFlags, ...engineServeFlags } as const satisfies Flags;

export const engineStopFlags = {
  ...enginePlaceFlags,
  containers: {
    type: 'boolean',
    help: 'Stop its containers too; the next engine starts those with a restart policy again',
  },
  timeout: { type: 'int', short: 't', value: 'seconds', help: 'Wait so long for each container before killing it' },
} as const satisfies Flags;

export const engineStatusFlags = {
  ...enginePlaceFlags,
  format: { type: 'string', default: 'table', help: 'Output format: "table", "json"' },
} as const satisfies Flags;

export const engineInstallFlags = {
  ...engineStartFlags,
  print: { type: 'boolean', help: 'Print the systemd unit and change nothing' },
} as const satisfies Flags;

const PLAIN = { usage: '[OPTIONS]', args: { min: 0, max: 0 }, completes: 'none' } as const;

export const engineCommands: CommandGroup = {
  name: 'engine',
  summary: 'The native engine, which needs no Docker',
  commands: [
    declareCommand({
      ...PLAIN,
      name: 'run',
      summary: 'Serve the Docker Engine API in the foreground until interrupted; containers go on',
      flags: engineRunFlags,
      load: () => import('../commands/engine-run.ts'),
    }),
    declareCommand({
      ...PLAIN,
      name: 'start',
      summary: 'Start the engine in the background, and wait until it answers',
      flags: engineStartFlags,
      load: () => import('../commands/engine-start.ts'),
    }),
    declareCommand({
      ...PLAIN,
      name: 'stop',
      summary: 'End the engine; containers go on',
      flags: engineStopFlags,
      load: () => import('../commands/engine-stop.ts'),
    }),
    declareCommand({
      ...PLAIN,
      name: 'status',
      summary: 'Tell whether the engine runs, since when, and with how many containers',
      flags: engineStatusFlags,
      load: () => import('../commands/engine-status.ts'),
    }),
    declareCommand({
      ...PLAIN,
      name: 'install',
      summary: 'Have systemd start the engine at boot, so that containers come back after a reboot',
      flags: engineInstallFlags,
      load: () => import('../commands/engine-install.ts'),
    }),
    declareCommand({
      ...PLAIN,
      name: 'uninstall',
      summary: 'Take back what install did; containers go on',
      flags: {},
      load: () => import('../commands/engine-uninstall.ts'),
    }),
  ],
};
