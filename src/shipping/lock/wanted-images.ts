// Which images of a project come from a registry, and so belong into its lock. Pure; Dockerfiles have been read before.
import type { Project, Service } from '../../model.ts';
import { builtImageName } from '../../names.ts';
import { familiarTag, parseReference } from '../../registry/reference.ts';
import { LockError } from './lock-file.ts';

/** What a build begins from. */
export interface BuildBases {
  readonly service: string;
  readonly references: readonly string[];
}

export interface WantedImage {
  /** The key in the lock: familiar, with its tag. */
  readonly reference: string;
  readonly usedBy: readonly string[];
}

/** Every image once, sorted. Those that are named by digest need no lock, nor do those that the project builds itself. */
export function wantedImages(project: Project, bases: readonly BuildBases[]): WantedImage[] {
  const wanted = new Map<string, Set<string>>();
  const built = builtHere(project);
  const want = (reference: string, user: string): void => {
    const key = lockKey(reference, user);
    if (key !== undefined && !built.has(key)) wanted.set(key, (wanted.get(key) ?? new Set()).add(user));
  };
  for (const service of Object.values(project.services))
    for (const reference of pulledBy(service)) want(reference, service.name);
  for (const { service, references } of bases)
    for (const reference of references) want(reference, `build of ${service}`);
  return [...wanted]
    .map(([reference, users]) => ({ reference, usedBy: [...users].sort() }))
    .sort((a, b) => (a.reference < b.reference ? -1 : 1));
}

/** Keys of the images that come out of the project's builds; other services may run them, or begin their builds from them. */
function builtHere(project: Project): ReadonlySet<string> {
  const builds = Object.values(project.services).flatMap((service) =>
    service.build === undefined
      ? []
      : [service.image ?? builtImageName(project.name, service.name), ...(service.build.tags ?? [])],
  );
  return new Set(builds.map(parseReference).flatMap((parsed) => (parsed === undefined ? [] : familiarTag(parsed))));
}

/** References that a service has pulled: its image unless it is built, what it mounts, what its hooks run in. */
export const pulledBy = (service: Service): string[] => [
  ...(service.build === undefined && service.provider === undefined && service.image ? [service.image] : []),
  ...(service.volumes ?? []).flatMap(({ type, source }) => (type === 'image' && source ? [source] : [])),
  ...(service.pre_start ?? []).flatMap(({ image }) => image ?? []),
];

/** `nginx` → `nginx:latest`; undefined for what is pinned already. Throws LockError for what is no reference. */
export function lockKey(reference: string, user: string): string | undefined {
  const parsed = parseReference(reference);
  if (parsed === undefined)
    throw new LockError(`"${reference}" (${user}) is no image reference`, {
      hint: user.startsWith('build of') ? 'give the build argument that it is made from a value' : 'correct "image:"',
    });
  return parsed.digest === undefined ? familiarTag(parsed) : undefined;
}
