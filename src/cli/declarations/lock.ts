// The commands about the lock of a project.
import { type AnyCommand, declareCommand, type Flags } from '../declaration.ts';

export const lockFlags = {
  check: { type: 'boolean', help: 'Write nothing, and fail unless the lock covers the project' },
} as const satisfies Flags;

export const outdatedFlags = {
  format: { type: 'string', default: 'table', help: 'Format the output ("table"|"json")' },
} as const satisfies Flags;

export const updateFlags = {} as const satisfies Flags;

export const lockCommands: readonly AnyCommand[] = [
  declareCommand({
    name: 'lock',
    usage: '[OPTIONS]',
    summary: 'Write compose.lock.yaml: every image by digest',
    description:
      'Images that are locked already stay as they are; "windlass update" moves them. "windlass up --locked", or COMPOSE_LOCKED=1, uses exactly what is locked.',
    args: { min: 0, max: 0 },
    completes: 'none',
    flags: lockFlags,
    load: () => import('../commands/lock.ts'),
  }),
  declareCommand({
    name: 'outdated',
    usage: '[OPTIONS]',
    summary: 'List what is locked and has moved since: images and remote Compose files',
    args: { min: 0, max: 0 },
    completes: 'none',
    flags: outdatedFlags,
    load: () => import('../commands/outdated.ts'),
  }),
  declareCommand({
    name: 'update',
    usage: '[OPTIONS] [SERVICE...]',
    summary: 'Move what is locked to what its tags and branches lead to now',
    args: { min: 0 },
    completes: 'services',
    flags: updateFlags,
    load: () => import('../commands/update.ts'),
  }),
];
