// The commands about what is in a project's volumes.
import { type CommandGroup, declareCommand, type Flags } from '../declaration.ts';

export const volumeSnapshotFlags = {
  compression: { type: 'string', help: 'How to compress it ("zstd"|"gzip"|"none")', shownDefault: 'zstd' },
  name: { type: 'string', help: 'Name to keep it under', shownDefault: 'the time, as 20260102T150405Z' },
  output: {
    type: 'string',
    short: 'o',
    value: 'file',
    help: 'Write this file instead; ".gz", ".tar" or ".zst" at its end chooses the compression',
  },
} as const satisfies Flags;

export const volumeRestoreFlags = {
  timeout: { type: 'int', short: 't', help: 'Seconds that containers get to stop' },
} as const satisfies Flags;

export const volumeCloneFlags = {} as const satisfies Flags;

export const volumeLsFlags = {
  format: { type: 'string', default: 'table', help: 'Format the output ("table"|"json")' },
  quiet: { type: 'boolean', short: 'q', help: 'Only display names of snapshots' },
  size: { type: 'boolean', short: 's', help: 'Measure the volumes, where that takes no container' },
} as const satisfies Flags;

export const volumeRmFlags = {
  force: { type: 'boolean', short: 'f', help: "Don't ask" },
} as const satisfies Flags;

export const volumeCommands: CommandGroup = {
  name: 'volume',
  summary: "What is in a project's volumes: snapshots, and copies",
  commands: [
    declareCommand({
      name: 'snapshot',
      usage: '[OPTIONS] [VOLUME...]',
      summary: 'Keep the contents of volumes as they are at one moment',
      description:
        'Services that write to the volumes are paused while they are read, unless x-windlass.snapshot of a volume says how it comes to rest.',
      args: { min: 0 },
      completes: 'none',
      flags: volumeSnapshotFlags,
      load: () => import('../commands/volume-snapshot.ts'),
    }),
    declareCommand({
      name: 'restore',
      usage: '[OPTIONS] SNAPSHOT|FILE [VOLUME...]',
      summary: 'Bring volumes back to what they were',
      description:
        'What is in the volumes now is lost. The whole snapshot is checked first; containers that use the volumes are stopped for the exchange, and started again.',
      args: { min: 1 },
      completes: 'none',
      flags: volumeRestoreFlags,
      load: () => import('../commands/volume-restore.ts'),
    }),
    declareCommand({
      name: 'clone',
      usage: '[OPTIONS] SOURCE TARGET',
      summary: 'Copy a volume into another one, which is new or empty',
      args: { min: 2, max: 2 },
      completes: 'none',
      flags: volumeCloneFlags,
      load: () => import('../commands/volume-clone.ts'),
    }),
    declareCommand({
      name: 'ls',
      aliases: ['list'],
      usage: '[OPTIONS]',
      summary: "List the project's volumes and their snapshots",
      args: { min: 0, max: 0 },
      completes: 'none',
      flags: volumeLsFlags,
      load: () => import('../commands/volume-ls.ts'),
    }),
    declareCommand({
      name: 'rm',
      usage: '[OPTIONS] SNAPSHOT...',
      summary: 'Remove snapshots',
      args: { min: 1 },
      completes: 'none',
      flags: volumeRmFlags,
      load: () => import('../commands/volume-rm.ts'),
    }),
  ],
};
