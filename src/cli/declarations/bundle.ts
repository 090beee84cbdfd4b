// The commands about bundles: a project in one file.
import { type CommandGroup, declareCommand, type Flags } from '../declaration.ts';

export const bundleSaveFlags = {
  'include-env': { type: 'list', help: 'Put the value of this variable into the bundle' },
  output: {
    type: 'string',
    short: 'o',
    help: 'File to write; ".gz" or ".zst" at its end compresses it',
    shownDefault: '<project>.windlass.tar',
  },
  platform: { type: 'list', help: "Put images for this platform into the bundle, instead of the engine's own" },
  sign: { type: 'string', value: 'file', help: 'Sign the bundle with this secret key of minisign or SSH' },
  'with-secret': { type: 'list', help: 'Put this secret into the bundle' },
  'with-volumes': { type: 'boolean', help: 'Put the contents of volumes into the bundle, read while services pause' },
  'without-images': { type: 'boolean', help: 'Leave images out, and put build contexts in' },
} as const satisfies Flags;

export const bundleInspectFlags = {
  format: { type: 'string', default: 'text', help: 'Format the output ("text"|"json")' },
} as const satisfies Flags;

export const bundleVerifyFlags = {
  key: {
    type: 'string',
    help: 'Require a signature of this public key of minisign or SSH (file or text), or of one of these allowed signers',
  },
} as const satisfies Flags;

export const bundleLoadFlags = {} as const satisfies Flags;

export const bundlePushFlags = {} as const satisfies Flags;

export const bundlePullFlags = {
  output: { type: 'string', short: 'o', help: 'File to write', shownDefault: '<repository>.windlass.tar' },
} as const satisfies Flags;

const onFile = { usage: '[OPTIONS] FILE', args: { min: 1, max: 1 }, completes: 'none' } as const;

export const bundleCommands: CommandGroup = {
  name: 'bundle',
  summary: 'A project in one file: its files, its images, its data',
  commands: [
    declareCommand({
      name: 'save',
      usage: '[OPTIONS]',
      summary: 'Write a bundle of the project',
      description:
        'The file holds everything that the project needs to come up on a machine without a network: "windlass -f FILE up". Secrets and the values of .env stay behind unless they are asked for by name.',
      args: { min: 0, max: 0 },
      completes: 'none',
      flags: bundleSaveFlags,
      load: () => import('../commands/bundle-save.ts'),
    }),
    declareCommand({
      ...onFile,
      name: 'inspect',
      summary: 'Show what a bundle holds and what it needs',
      flags: bundleInspectFlags,
      load: () => import('../commands/bundle-inspect.ts'),
    }),
    declareCommand({
      ...onFile,
      name: 'verify',
      summary: 'Check every digest of a bundle',
      flags: bundleVerifyFlags,
      load: () => import('../commands/bundle-verify.ts'),
    }),
    declareCommand({
      ...onFile,
      name: 'load',
      summary: 'Load the images of a bundle into the engine',
      flags: bundleLoadFlags,
      load: () => import('../commands/bundle-load.ts'),
    }),
    declareCommand({
      name: 'push',
      usage: '[OPTIONS] FILE REPOSITORY[:TAG]',
      summary: 'Push a bundle to a registry, from where "-f oci://REPOSITORY:TAG" raises it',
      args: { min: 2, max: 2 },
      completes: 'none',
      flags: bundlePushFlags,
      load: () => import('../commands/bundle-push.ts'),
    }),
    declareCommand({
      name: 'pull',
      usage: '[OPTIONS] REPOSITORY[:TAG]',
      summary: 'Pull a bundle from a registry into a file',
      args: { min: 1, max: 1 },
      completes: 'none',
      flags: bundlePullFlags,
      load: () => import('../commands/bundle-pull.ts'),
    }),
  ],
};
