// The names and labels by which a project's things are found again. The same as docker compose 2.40.3's, so that a project
// started by one is adopted by the other (compose-reference §2.8).

/** Labels on containers, networks, volumes and built images. */
export const LABEL = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  number: 'com.docker.compose.container-number',
  oneOff: 'com.docker.compose.oneoff',
  configHash: 'com.docker.compose.config-hash',
  image: 'com.docker.compose.image',
  dependsOn: 'com.docker.compose.depends_on',
  workingDir: 'com.docker.compose.project.working_dir',
  configFiles: 'com.docker.compose.project.config_files',
  environmentFile: 'com.docker.compose.project.environment_file',
  version: 'com.docker.compose.version',
  slug: 'com.docker.compose.slug',
  replace: 'com.docker.compose.replace',
  network: 'com.docker.compose.network',
  volume: 'com.docker.compose.volume',
  imageBuilder: 'com.docker.compose.image.builder',
  /** On the container of a `pre_start` hook. */
  hook: 'com.docker.compose.hook',
  /** windlass's own: digest of the contents of the configs and secrets a service uses. */
  contentHash: 'io.windlass.content-hash',
  /** windlass's own, on an image that a lock was held to: digest of what its build began from. */
  lockedBases: 'io.windlass.locked-bases',
} as const;

/** The version of docker compose whose labels are written. */
export const COMPOSE_VERSION = '2.40.3';

export type Separator = '-' | '_';

/** `<project>-<service>-<n>`; `container_name` overrides it before this is asked. */
export const containerName = (project: string, service: string, number: number, separator: Separator = '-'): string =>
  [project, service, number].join(separator);

/** Name of a container made by `run`. `slug` is 12 hexadecimal digits. */
export const oneOffName = (project: string, service: string, slug: string, separator: Separator = '-'): string =>
  [project, service, 'run', slug].join(separator);

/** The tag given to an image built for a service that names none. */
export const builtImageName = (project: string, service: string, separator: Separator = '-'): string =>
  [project, service].join(separator);

/** Temporary name of a container that will replace another: `<12 hex of the old id>_<name>`. */
export const replacementName = (oldId: string, name: string): string => `${oldId.slice(0, 12)}_${name}`;

/** The name below a `<12 hex>_` prefix left by an interrupted recreate, or undefined. */
export function nameUnderReplacement(name: string): string | undefined {
  return /^[0-9a-f]{12}_(.+)$/.exec(name)?.[1];
}

/** Lower case, only `[a-z0-9_-]`, no leading `_` or `-`. */
export const normaliseProjectName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
