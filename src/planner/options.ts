// What the user asked for beyond the project itself: the options of every planning function, with their defaults.
import type { Separator } from '../names.ts';
import type { ProviderVariables } from './desired.ts';

/** `diverged`: when something differs. `force`: always. `never`: not even then. */
export type RecreatePolicy = 'diverged' | 'force' | 'never';

/** `--pull`, over every service's own `pull_policy`. */
export type PullOverride = 'always' | 'missing' | 'if_not_present' | 'never' | 'build';

interface CommonOptions {
  /** Services named by the user; empty = all of the project. */
  readonly services: readonly string[];
  /** For stopping; undefined = each container's own. */
  readonly timeoutSeconds?: number | undefined;
}

export interface UpOptions extends CommonOptions {
  /** For the named services. */
  readonly recreate: RecreatePolicy;
  /** For services that are only dependencies of the named ones. */
  readonly recreateDependencies: RecreatePolicy;
  /** Leave the dependencies of the named services alone. */
  readonly noDeps: boolean;
  readonly orphans: 'warn' | 'remove' | 'ignore';
  /** `-V`: new anonymous volumes instead of those of the replaced container. */
  readonly renewAnonymousVolumes: boolean;
  /** Replicas by service, over the file's. */
  readonly scale: Readonly<Record<string, number>>;
  readonly pull?: PullOverride | undefined;
  /** `always` = `--build`, `never` = `--no-build`. */
  readonly build: 'missing' | 'always' | 'never';
  readonly quietPull: boolean;
  /** False for `create` and `up --no-start`. */
  readonly start: boolean;
  readonly wait: boolean;
  readonly waitTimeoutSeconds?: number | undefined;
  /** Real names of volumes whose definition changed and that may be emptied, or all of them (`--yes`). */
  readonly recreateVolumes: readonly string[] | 'all';
  /** Images are as they should be: an earlier plan has pulled and built. */
  readonly imagesReady: boolean;
  /** What providers said, by service; undefined for those that were not run yet. */
  readonly providerVariables: ProviderVariables;
  readonly separator: Separator;
  /** For telling stale images: milliseconds since the epoch. */
  readonly now: number;
}

export const upOptions = (given: Partial<UpOptions> = {}): UpOptions => ({
  services: [],
  recreate: 'diverged',
  recreateDependencies: 'diverged',
  noDeps: false,
  orphans: 'warn',
  renewAnonymousVolumes: false,
  scale: {},
  build: 'missing',
  quietPull: false,
  start: true,
  wait: false,
  recreateVolumes: [],
  imagesReady: false,
  providerVariables: {},
  separator: '-',
  now: 0,
  ...given,
});

export interface DownOptions extends CommonOptions {
  readonly removeOrphans: boolean;
  /** Named volumes of the project and anonymous ones of its containers. */
  readonly volumes: boolean;
  readonly images: 'none' | 'local' | 'all';
}

export const downOptions = (given: Partial<DownOptions> = {}): DownOptions => ({
  services: [],
  removeOrphans: false,
  volumes: false,
  images: 'none',
  ...given,
});

export type StopOptions = CommonOptions;
export type StartOptions = Pick<CommonOptions, 'services'> & {
  readonly wait?: boolean;
  readonly waitTimeoutSeconds?: number | undefined;
};
export type RestartOptions = CommonOptions & { readonly noDeps?: boolean };
export type KillOptions = Pick<CommonOptions, 'services'> & {
  /** `SIGKILL`, `HUP`, `9`. */
  readonly signal: string;
  readonly removeOrphans?: boolean;
};
export type PauseOptions = Pick<CommonOptions, 'services'>;
export type RemoveOptions = CommonOptions & {
  readonly force: boolean;
  readonly stop: boolean;
  readonly volumes: boolean;
};
