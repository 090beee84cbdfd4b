// The commands about windlass itself and the ground it stands on.
import { type AnyCommand, declareCommand, type Flags } from '../declaration.ts';

export const versionFlags = {
  format: { type: 'string', short: 'f', help: 'Format the output. Values: [pretty | json]. (Default: pretty)' },
  short: { type: 'boolean', help: "Shows only Compose's version number" },
} as const satisfies Flags;

export const doctorFlags = {
  format: { type: 'string', default: 'table', help: 'Format the output. Values: [table | json]' },
} as const satisfies Flags;

export const completionFlags = {} as const satisfies Flags;

export const aboutCommands: readonly AnyCommand[] = [
  declareCommand({
    name: 'version',
    usage: '[OPTIONS]',
    summary: 'Show the version of windlass and of the docker compose it stands for',
    args: { min: 0, max: 0 },
    completes: 'none',
    flags: versionFlags,
    load: () => import('../commands/version.ts'),
  }),
  declareCommand({
    name: 'doctor',
    usage: '[OPTIONS]',
    summary: 'Tell which engines can be used, what the host offers, and what to install',
    args: { min: 0, max: 0 },
    completes: 'none',
    flags: doctorFlags,
    load: () => import('../commands/doctor.ts'),
  }),
  declareCommand({
    name: 'completion',
    usage: 'bash|zsh|fish',
    summary: 'Generate the completion script for a shell',
    description:
      'Load it in your shell:\n  bash:  source <(windlass completion bash)\n' +
      '  zsh:   source <(windlass completion zsh)\n  fish:  windlass completion fish | source',
    args: { min: 1, max: 1 },
    completes: 'none',
    flags: completionFlags,
    load: () => import('../commands/completion.ts'),
  }),
  declareCommand({
    name: '__complete',
    usage: '[WORD...]',
    summary: 'Print what may stand in place of the last word',
    hidden: true,
    args: { min: 0 },
    completes: 'none',
    passThrough: true,
    flags: completionFlags,
    load: () => import('../commands/complete.ts'),
  }),
];
