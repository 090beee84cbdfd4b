// The command that looks at files while they are being worked on.
import { type AnyCommand, declareCommand, type Flags } from '../declaration.ts';

export const watchFlags = {
  'no-up': { type: 'boolean', help: 'Do not build & start services before watching' },
  poll: {
    type: 'boolean',
    help: 'Look at the files every second (WINDLASS_WATCH_POLL: so many milliseconds) instead of being told of changes by the system',
  },
  prune: { type: 'boolean', default: true, help: 'Prune dangling images on rebuild' },
  quiet: { type: 'boolean', help: 'hide build output' },
  reload: {
    type: 'boolean',
    help: 'Serve pages of published ports through a proxy that reloads them in the browser after a change',
  },
  'reload-port': { type: 'int', help: 'Port of the first such proxy (default: the published port + 10000)' },
} as const satisfies Flags;

export const watchCommands: readonly AnyCommand[] = [
  declareCommand({
    name: 'watch',
    usage: '[SERVICE...]',
    summary: 'Watch build context for service and rebuild/refresh containers when files are updated',
    args: { min: 0 },
    completes: 'services',
    flags: watchFlags,
    load: () => import('../commands/watch.ts'),
  }),
];
