// Flags that several commands have, word for word.
export const YES = {
  type: 'boolean',
  short: 'y',
  help: 'Assume "yes" as answer to all prompts and run non-interactively',
  aliases: ['y'],
} as const;

export const REMOVE_ORPHANS = {
  type: 'tristate',
  help: 'Remove containers for services not defined in the Compose file',
} as const;

export const SHUTDOWN_TIMEOUT = { type: 'int', short: 't', help: 'Specify a shutdown timeout in seconds' } as const;

export const BUILD_FIRST = { type: 'boolean', help: 'Build images before starting containers' } as const;
export const NO_BUILD = { type: 'boolean', help: "Don't build an image, even if it's policy" } as const;
export const FORCE_RECREATE = {
  type: 'boolean',
  help: "Recreate containers even if their configuration and image haven't changed",
} as const;
export const NO_RECREATE = {
  type: 'boolean',
  help: "If containers already exist, don't recreate them. Incompatible with --force-recreate.",
} as const;
export const QUIET_PULL = { type: 'boolean', help: 'Pull without printing progress information' } as const;
export const SCALE = {
  type: 'list',
  value: 'scale',
  help: 'Scale SERVICE to NUM instances. Overrides the scale setting in the Compose file if present.',
} as const;

export const LOCKED = {
  type: 'boolean',
  help: 'Use exactly the images of compose.lock.yaml, and fail if it does not cover the project (COMPOSE_LOCKED)',
} as const;
