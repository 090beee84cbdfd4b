// Image references: `[registry/]repository[:tag][@digest]`, in the familiar and in the full form. Pure.

export interface Reference {
  /** `docker.io`, `localhost:5000`. */
  readonly registry: string;
  /** `library/busybox`. */
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:…` */
  readonly digest: string | undefined;
}

export const DEFAULT_REGISTRY = 'docker.io';
const OFFICIAL = 'library/';
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const REGISTRY = /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::\d{1,5})?$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Reads a reference; undefined when it is not one. A tag is not added. */
export function parseReference(text: string): Reference | undefined {
  const [name = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) return undefined;
  const lastSlash = name.lastIndexOf('/');
  const colon = name.indexOf(':', lastSlash + 1);
  const path = colon < 0 ? name : name.slice(0, colon);
  const tag = colon < 0 ? undefined : name.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) return undefined;
  const [first = '', ...rest] = path.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || first.startsWith('['));
  const registry = hasRegistry ? first : DEFAULT_REGISTRY;
  let repository = hasRegistry ? rest.join('/') : path;
  if (!REGISTRY.test(registry) || repository.length > 255) return undefined;
  if (!repository.split('/').every((component) => COMPONENT.test(component))) return undefined;
  const official = registry === DEFAULT_REGISTRY || registry === 'index.docker.io';
  if (official && !repository.includes('/')) repository = OFFICIAL + repository;
  return { registry: official ? DEFAULT_REGISTRY : registry, repository, tag, digest };
}

/** `busybox`, `localhost:5000/shop`: without tag and digest, as people write it. */
export function familiarName(reference: Reference): string {
  if (reference.registry !== DEFAULT_REGISTRY) return `${reference.registry}/${reference.repository}`;
  const { repository } = reference;
  const short = repository.startsWith(OFFICIAL) ? repository.slice(OFFICIAL.length) : repository;
  return short.includes('/') && repository.startsWith(OFFICIAL) ? repository : short;
}

/** The key under which a tagged image is kept: `busybox:latest`. */
export const familiarTag = (reference: Reference): string => `${familiarName(reference)}:${reference.tag ?? 'latest'}`;
