// Projects as something else than containers of an engine.
import { type CommandGroup, declareCommand, type Flags } from '../declaration.ts';

export const convertFlags = {
  output: { type: 'string', short: 'o', default: 'out', help: 'The output directory for the Kubernetes resources' },
  templates: { type: 'string', help: 'Directory containing transformation templates' },
  transformation: {
    type: 'list',
    short: 't',
    help: 'Transformation image to apply to compose model (default: none is needed, windlass writes Kubernetes resources itself)',
  },
} as const satisfies Flags;

export const listTransformationsFlags = {
  format: { type: 'string', default: 'table', help: 'Format the output. Values: [table | json]' },
  quiet: { type: 'boolean', short: 'q', help: 'Only display transformer names' },
} as const satisfies Flags;

export const createTransformationFlags = {
  from: {
    type: 'string',
    short: 'f',
    default: '',
    shownDefault: 'docker/compose-bridge-kubernetes',
    help: 'Existing transformation to copy',
  },
} as const satisfies Flags;

export const bridgeCommands: CommandGroup = {
  name: 'bridge',
  summary: 'Convert compose files into another model',
  commands: [
    declareCommand({
      name: 'convert',
      usage: '[OPTIONS]',
      summary: 'Convert compose files to Kubernetes manifests, Helm charts, or another model',
      args: { min: 0, max: 0 },
      completes: 'none',
      flags: convertFlags,
      load: () => import('../commands/bridge-convert.ts'),
    }),
  ],
  groups: [
    {
      name: 'transformations',
      summary: 'Manage transformation images',
      commands: [
        declareCommand({
          name: 'create',
          usage: '[OPTIONS] PATH',
          summary: 'Create a new transformation',
          args: { min: 1, max: 1 },
          completes: 'none',
          flags: createTransformationFlags,
          load: () => import('../commands/bridge-create.ts'),
        }),
        declareCommand({
          name: 'list',
          aliases: ['ls'],
          usage: '[OPTIONS]',
          summary: 'List available transformations',
          args: { min: 0, max: 0 },
          completes: 'none',
          flags: listTransformationsFlags,
          load: () => import('../commands/bridge-list.ts'),
        }),
      ],
    },
  ],
};
