// The commands about the Compose files themselves.
import { type AnyCommand, declareCommand, type Flags } from '../declaration.ts';

export const configFlags = {
  environment: { type: 'boolean', help: 'Print environment used for interpolation.' },
  explain: { type: 'boolean', help: 'Print where each value comes from; arguments are paths such as web.image' },
  format: { type: 'string', help: 'Format the output. Values: [yaml | json]' },
  hash: { type: 'string', help: 'Print the service config hash, one per line.' },
  images: { type: 'boolean', help: 'Print the image names, one per line.' },
  'lock-image-digests': { type: 'boolean', help: 'Produces an override file with image digests' },
  models: { type: 'boolean', help: 'Print the model names, one per line.' },
  networks: { type: 'boolean', help: 'Print the network names, one per line.' },
  'no-consistency': {
    type: 'boolean',
    help: "Don't check model consistency - warning: may produce invalid Compose output",
  },
  'no-env-resolution': { type: 'boolean', help: "Don't resolve service env files" },
  'no-interpolate': { type: 'boolean', help: "Don't interpolate environment variables" },
  'no-normalize': { type: 'boolean', help: "Don't normalize compose model" },
  'no-path-resolution': { type: 'boolean', help: "Don't resolve file paths" },
  output: { type: 'string', short: 'o', help: 'Save to file (default to stdout)' },
  profiles: { type: 'boolean', help: 'Print the profile names, one per line.' },
  quiet: { type: 'boolean', short: 'q', help: "Only validate the configuration, don't print anything" },
  'resolve-image-digests': { type: 'boolean', help: 'Pin image tags to digests' },
  services: { type: 'boolean', help: 'Print the service names, one per line.' },
  variables: { type: 'boolean', help: 'Print model variables and default values.' },
  volumes: { type: 'boolean', help: 'Print the volume names, one per line.' },
} as const satisfies Flags;

export const graphFlags = {
  format: {
    type: 'string',
    help: 'Format the output ("text"|"mermaid"|"dot"|"svg"|"html"|"json")',
    shownDefault: '"text"',
  },
  live: { type: 'boolean', help: 'Colour the services by the state of their containers' },
  output: { type: 'string', short: 'o', value: 'file', help: 'Save to a file; its ending tells the format' },
} as const satisfies Flags;

export const publishFlags = {
  app: { type: 'boolean', help: 'Published compose application (includes referenced images)' },
  'oci-version': {
    type: 'string',
    help: 'OCI image/artifact specification version (automatically determined by default)',
  },
  'resolve-image-digests': { type: 'boolean', help: 'Pin image tags to digests' },
  'with-env': { type: 'boolean', help: 'Include environment variables in the published OCI artifact' },
  yes: { type: 'boolean', short: 'y', help: 'Assume "yes" as answer to all prompts', aliases: ['y'] },
  'insecure-registry': {
    type: 'list',
    help: 'Registry to publish to without TLS, as host[:port]',
    hidden: true,
  },
} as const satisfies Flags;

/** `publish`, which docker compose also has below `alpha`. */
export const publishCommand = (): AnyCommand =>
  declareCommand({
    name: 'publish',
    usage: '[OPTIONS] REPOSITORY[:TAG]',
    summary: 'Publish compose application',
    args: { min: 1, max: 1 },
    completes: 'none',
    flags: publishFlags,
    load: () => import('../commands/publish.ts'),
  });

export const modelCommands: readonly AnyCommand[] = [
  declareCommand({
    name: 'graph',
    usage: '[OPTIONS] [SERVICE...]',
    args: { min: 0 },
    completes: 'services',
    summary: 'Draw the services, what they wait for and what they share',
    flags: graphFlags,
    load: () => import('../commands/graph.ts'),
  }),
  declareCommand({
    name: 'config',
    aliases: ['convert'],
    usage: '[OPTIONS] [SERVICE...]',
    summary: 'Parse, resolve and render compose file in canonical format',
    args: { min: 0 },
    completes: 'services',
    flags: configFlags,
    load: () => import('../commands/config.ts'),
  }),
  publishCommand(),
];
