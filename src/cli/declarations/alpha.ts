// What docker compose calls experimental.
import { type CommandGroup, declareCommand, type Flags } from '../declaration.ts';
import { publishCommand } from './model.ts';

export const vizFlags = {
  image: { type: 'boolean', help: "Include service's image name in output graph" },
  'indentation-size': { type: 'int', default: 1, help: 'Number of tabs or spaces to use for indentation' },
  networks: { type: 'boolean', help: "Include service's attached networks in output graph" },
  ports: { type: 'boolean', help: "Include service's exposed ports in output graph" },
  spaces: {
    type: 'boolean',
    help: "If given, space character ' ' will be used to indent, otherwise tab character '\\t' will be used",
  },
} as const satisfies Flags;

export const generateFlags = {
  format: {
    type: 'string',
    default: 'yaml',
    help: 'Format the output. Values: [yaml | json]',
  },
  name: { type: 'string', default: '', help: 'Project name to set in the Compose file' },
  'project-dir': { type: 'string', default: '', help: 'Directory to use for the project' },
} as const satisfies Flags;

export const alphaCommands: CommandGroup = {
  name: 'alpha',
  summary: 'Experimental commands',
  hidden: true,
  commands: [
    declareCommand({
      name: 'generate',
      usage: '[OPTIONS] [CONTAINERS...]',
      summary: 'EXPERIMENTAL - Generate a Compose file from existing containers',
      args: { min: 0 },
      completes: 'none',
      flags: generateFlags,
      load: () => import('../commands/generate.ts'),
    }),
    publishCommand(),
    declareCommand({
      name: 'viz',
      usage: '[OPTIONS]',
      summary: 'EXPERIMENTAL - Generate a graphviz graph from your compose file',
      args: { min: 0, max: 0 },
      completes: 'none',
      flags: vizFlags,
      load: () => import('../commands/viz.ts'),
    }),
  ],
};
