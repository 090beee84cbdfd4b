// The commands about images.
import { type AnyCommand, declareCommand, type Flags } from '../declaration.ts';

/** Accepted for old scripts; without effect, as in docker compose. */
const noEffect = (help: string) => ({ type: 'tristate', help: `${help}. DEPRECATED`, hidden: true }) as const;

export const buildFlags = {
  'build-arg': { type: 'list', help: 'Set build-time variables for services' },
  builder: { type: 'string', help: 'Set builder to use' },
  check: { type: 'boolean', help: 'Check build configuration' },
  compress: noEffect('Compress the build context using gzip'),
  'force-rm': noEffect('Always remove intermediate containers'),
  memory: {
    type: 'string',
    value: 'bytes',
    short: 'm',
    help: 'Set memory limit for the build container. Not supported by BuildKit.',
  },
  'no-cache': { type: 'boolean', help: 'Do not use cache when building the image' },
  'no-rm': noEffect('Do not remove intermediate containers after a successful build'),
  parallel: noEffect('Build images in parallel'),
  print: { type: 'boolean', help: 'Print equivalent bake file' },
  progress: { type: 'string', help: 'Set type of ui output (auto, tty, plain, json, quiet)', hidden: true },
  provenance: { type: 'string', help: 'Add a provenance attestation' },
  pull: { type: 'boolean', help: 'Always attempt to pull a newer version of the image' },
  push: { type: 'boolean', help: 'Push service images' },
  quiet: { type: 'boolean', short: 'q', help: 'Suppress the build output' },
  sbom: { type: 'string', help: 'Add a SBOM attestation' },
  ssh: {
    type: 'string',
    help: "Set SSH authentications used when building service images. (use 'default' for using your default SSH Agent)",
  },
  'with-dependencies': { type: 'boolean', help: 'Also build dependencies (transitively)' },
} as const satisfies Flags;

export const pullFlags = {
  'ignore-buildable': { type: 'boolean', help: 'Ignore images that can be built' },
  'ignore-pull-failures': { type: 'boolean', help: 'Pull what it can and ignores images with pull failures' },
  'include-deps': { type: 'boolean', help: 'Also pull services declared as dependencies' },
  'no-parallel': noEffect('Disable parallel pulling'),
  parallel: noEffect('Pull multiple images in parallel'),
  policy: { type: 'string', help: 'Apply pull policy ("missing"|"always")' },
  quiet: { type: 'boolean', short: 'q', help: 'Pull without printing progress information' },
} as const satisfies Flags;

export const pushFlags = {
  'ignore-push-failures': { type: 'boolean', help: 'Push what it can and ignores images with push failures' },
  'include-deps': { type: 'boolean', help: 'Also push images of services declared as dependencies' },
  quiet: { type: 'boolean', short: 'q', help: 'Push without printing progress information' },
} as const satisfies Flags;

const onServices = { usage: '[OPTIONS] [SERVICE...]', args: { min: 0 }, completes: 'services' } as const;

export const imageCommands: readonly AnyCommand[] = [
  declareCommand({
    ...onServices,
    name: 'build',
    summary: 'Build or rebuild services',
    flags: buildFlags,
    load: () => import('../commands/build.ts'),
  }),
  declareCommand({
    ...onServices,
    name: 'pull',
    summary: 'Pull service images',
    flags: pullFlags,
    load: () => import('../commands/pull.ts'),
  }),
  declareCommand({
    ...onServices,
    name: 'push',
    summary: 'Push service images',
    flags: pushFlags,
    load: () => import('../commands/push.ts'),
  }),
];
