// The commands of the native engine.
import { type CommandGroup, declareCommand, type Flags } from '../declaration.ts';

export const engineRunFlags = {
  root: {
    type: 'string',
    value: 'folder',
    default: '',
    shownDefault: '/var/lib/windlass',
    help: 'Folder that is kept: images, containers, volumes',
  },
  run: {
    type: 'string',
    value: 'folder',
    default: '',
    shownDefault: '/run/windlass',
    help: 'Folder that goes with a reboot. With --root alone: <root>/run',
  },
  socket: {
    type: 'string',
    value: 'path',
    default: '',
    shownDefault: '/run/windlass/engine.sock',
    help: 'Unix socket to listen on. With --root alone: <root>/engine.sock',
  },
} as const satisfies Flags;

export const engineCommands: CommandGroup = {
  name: 'engine',
  summary: 'Run the native engine, which needs no Docker',
  commands: [
    declareCommand({
      name: 'run',
      usage: '[OPTIONS]',
      summary: 'Serve the Docker Engine API in the foreground until interrupted; containers go on',
      args: { min: 0, max: 0 },
      completes: 'none',
      flags: engineRunFlags,
      load: () => import('../commands/engine.ts'),
    }),
  ],
};
