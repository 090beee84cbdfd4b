// The commands that bring files into containers and take them out.
import { type AnyCommand, declareCommand, type Flags } from '../declaration.ts';

const INDEX = { type: 'int', default: 0, help: 'index of the container if service has multiple replicas.' } as const;

export const cpFlags = {
  all: { type: 'boolean', help: 'Include containers created by the run command' },
  archive: { type: 'boolean', short: 'a', help: 'Archive mode (copy all uid/gid information)' },
  'follow-link': { type: 'boolean', short: 'L', help: 'Always follow symbol link in SRC_PATH' },
  index: INDEX,
} as const satisfies Flags;

export const commitFlags = {
  author: { type: 'string', short: 'a', help: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")' },
  change: { type: 'list', value: 'list', short: 'c', help: 'Apply Dockerfile instruction to the created image' },
  index: INDEX,
  message: { type: 'string', short: 'm', help: 'Commit message' },
  pause: { type: 'boolean', short: 'p', default: true, help: 'Pause container during commit' },
} as const satisfies Flags;

export const exportFlags = {
  index: INDEX,
  output: { type: 'string', short: 'o', help: 'Write to a file, instead of STDOUT' },
} as const satisfies Flags;

export const contentCommands: readonly AnyCommand[] = [
  declareCommand({
    name: 'cp',
    usage: '[OPTIONS] SERVICE:SRC_PATH DEST_PATH|-   or   cp [OPTIONS] SRC_PATH|- SERVICE:DEST_PATH',
    summary: 'Copy files/folders between a service container and the local filesystem',
    args: { min: 2, max: 2 },
    completes: 'service-then-files',
    flags: cpFlags,
    load: () => import('../commands/cp.ts'),
  }),
  declareCommand({
    name: 'commit',
    usage: '[OPTIONS] SERVICE [REPOSITORY[:TAG]]',
    summary: "Create a new image from a service container's changes",
    args: { min: 1, max: 2 },
    completes: 'services',
    flags: commitFlags,
    load: () => import('../commands/commit.ts'),
  }),
  declareCommand({
    name: 'export',
    usage: '[OPTIONS] SERVICE',
    summary: "Export a service container's filesystem as a tar archive",
    args: { min: 1 },
    completes: 'services',
    flags: exportFlags,
    load: () => import('../commands/export.ts'),
  }),
];
