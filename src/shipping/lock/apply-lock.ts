// A project held to its lock: every image by digest, or a list of what the lock does not cover. Pure.
import { createHash } from 'node:crypto';
import type { Build, Mount, Project, Service } from '../../model.ts';
import { LABEL } from '../../names.ts';
import { type DockerfileOptions, pinBases } from './dockerfile-bases.ts';
import { LOCK_FILE, LockError, type LockFile } from './lock-file.ts';
import { type BuildBases, lockKey, type WantedImage, wantedImages } from './wanted-images.ts';

/** A build whose Dockerfile has been read. */
export interface ReadBuild extends BuildBases {
  readonly dockerfile: string;
  readonly options: DockerfileOptions;
}

/** Images of the project that the lock has no digest for. */
const uncovered = (lock: LockFile, wanted: readonly WantedImage[]): readonly WantedImage[] =>
  wanted.filter(({ reference }) => lock.images[reference] === undefined);

/** The project with its images pinned. Throws LockError with every image that is not covered. */
export function applyLock(project: Project, lock: LockFile, builds: readonly ReadBuild[]): Project {
  const missing = uncovered(lock, wantedImages(project, builds));
  if (missing.length > 0)
    throw new LockError(
      [
        `${LOCK_FILE} does not cover the project:`,
        ...missing.map(({ reference, usedBy }) => `  image ${reference} (${usedBy.join(', ')})`),
      ].join('\n'),
      { hint: 'bring it up to date with "windlass lock"' },
    );
  const pin = (reference: string): string => {
    const key = lockKey(reference, '');
    const digest = key === undefined ? undefined : lock.images[key]?.digest;
    return digest === undefined ? reference : `${key}@${digest}`;
  };
  const services = Object.entries(project.services).map(([name, service]) => {
    const build = builds.find((one) => one.service === name);
    return [name, pinService(service, build, pin)] as const;
  });
  return { ...project, services: Object.fromEntries(services) };
}

const IMAGE_CONTEXT = 'docker-image://';

type Pin = (reference: string) => string;

function pinService(service: Service, read: ReadBuild | undefined, pin: Pin): Service {
  const { image, build, volumes, pre_start: hooks } = service;
  return {
    ...service,
    ...(build === undefined && image !== undefined ? { image: pin(image) } : {}),
    // Built here from what is locked; an image of that name in a registry is not.
    ...(build === undefined ? {} : { build: pinBuild(build, read, pin), pull_policy: builtPolicy(service) }),
    ...(volumes === undefined ? {} : { volumes: volumes.map((mount) => pinMount(mount, pin)) }),
    ...(hooks === undefined
      ? {}
      : { pre_start: hooks.map((hook) => (hook.image === undefined ? hook : { ...hook, image: pin(hook.image) })) }),
  };
}

const builtPolicy = ({ pull_policy }: Service): string => (pull_policy === 'build' ? 'build' : 'never');

const pinMount = (mount: Mount, pin: Pin): Mount =>
  mount.type === 'image' && mount.source ? { ...mount, source: pin(mount.source) } : mount;

function pinBuild(build: Build, read: ReadBuild | undefined, pin: Pin): Build {
  if (read === undefined) return build;
  const { dockerfile: _, additional_contexts: contexts, ...rest } = build;
  const pinContext = (source: string): string =>
    source.startsWith(IMAGE_CONTEXT) ? `${IMAGE_CONTEXT}${pin(source.slice(IMAGE_CONTEXT.length))}` : source;
  return {
    ...rest,
    ...(contexts === undefined
      ? {}
      : {
          additional_contexts: Object.fromEntries(
            Object.entries(contexts).map(([name, source]) => [name, pinContext(source)]),
          ),
        }),
    dockerfile_inline: pinBases(read.dockerfile, read.options, pin),
    ...(read.references.length === 0 ? {} : { labels: { ...build.labels, ...basesLabel(read.references.map(pin)) } }),
  };
}

/** By this an image that was built from something else is told from one that was built from what is locked. */
const basesLabel = (references: readonly string[]): Record<string, string> => ({
  [LABEL.lockedBases]: `sha256:${createHash('sha256')
    .update([...references].sort().join('\n'))
    .digest('hex')}`,
});
