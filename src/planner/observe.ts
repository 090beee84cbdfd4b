// One snapshot of all that reconciling looks at, in as few requests as can be, all at once.
import type { Engine, ObservedImage, ObservedNetwork, ObservedProject, ObservedVolume } from '../engine/engine.ts';
import type { Project } from '../model.ts';
import { contentHash } from './content-hash.ts';
import type { Observation } from './observation.ts';
import { preStartImages } from './pre-start.ts';
import { imageOf } from './services.ts';

/** Looks at the engine, and at the contents of the project's configs and secrets. Changes nothing. */
export async function observeProject(engine: Engine, project: Project, signal?: AbortSignal): Promise<Observation> {
  const [observed, images, foreign, contentHashes] = await Promise.all([
    engine.observe(project.name, signal),
    lookUp(imageReferences(project), (reference) => engine.findImage(reference, signal)),
    externals(engine, project, signal),
    contentHashesOf(project),
  ]);
  const ours = byName(usedLast(observed));
  const [networks, volumes] = [
    { ...foreign.networks, ...ours },
    { ...foreign.volumes, ...byName(observed.volumes) },
  ];
  // A name that is not among the project's own may be taken by somebody else.
  const strangers = await Promise.all([
    lookUp(missing(project.networks, networks), (name) => findNetwork(engine, name, signal)),
    lookUp(missing(project.volumes, volumes), (name) => engine.findVolume(name, signal)),
  ]);
  return {
    observed,
    images,
    networks: { ...strangers[0], ...networks },
    volumes: { ...strangers[1], ...volumes },
    contentHashes,
  };
}

type Named = Readonly<Record<string, { readonly name: string; readonly external?: boolean }>>;
const namesOf = (declared: Named, external: boolean): string[] => [
  ...new Set(Object.values(declared).flatMap((one) => ((one.external ?? false) === external ? [one.name] : []))),
];
const missing = (declared: Named, found: Readonly<Record<string, unknown>>): string[] =>
  namesOf(declared, false).filter((name) => found[name] === undefined);

async function externals(
  engine: Engine,
  project: Project,
  signal?: AbortSignal,
): Promise<{ networks: Record<string, ObservedNetwork>; volumes: Record<string, ObservedVolume> }> {
  const [networks, volumes] = await Promise.all([
    lookUp(namesOf(project.networks, true), (name) => findNetwork(engine, name, signal)),
    lookUp(namesOf(project.volumes, true), (name) => engine.findVolume(name, signal)),
  ]);
  return { networks, volumes };
}

/** Of two networks of one name, the one that containers are on comes last, and counts. */
function usedLast({ networks, containers }: ObservedProject): ObservedNetwork[] {
  const used = new Set(containers.flatMap((container) => Object.values(container.networks).map(({ id }) => id)));
  return [...networks].sort((a, b) => Number(used.has(a.id)) - Number(used.has(b.id)) || (a.id < b.id ? -1 : 1));
}

/** Engines also match the beginning of an id: a network called `db` is not the one whose id begins with db. */
async function findNetwork(engine: Engine, name: string, signal?: AbortSignal): Promise<ObservedNetwork | undefined> {
  const found = await engine.findNetwork(name, signal);
  return found !== undefined && (found.name === name || found.id === name) ? found : undefined;
}

/** Every image that a service runs or mounts. */
function imageReferences(project: Project): string[] {
  const references = Object.values(project.services).flatMap((service) => [
    ...(service.provider === undefined ? [imageOf(project, service)] : []),
    ...preStartImages(service),
    ...(service.volumes ?? []).flatMap(({ type, source }) => (type === 'image' && source ? [source] : [])),
  ]);
  return [...new Set(references)];
}

async function contentHashesOf(project: Project): Promise<Record<string, string>> {
  const entries = await Promise.all(
    Object.values(project.services).map(
      async (service) => [service.name, await contentHash(project, service)] as const,
    ),
  );
  return Object.fromEntries(entries.flatMap(([name, hash]) => (hash === undefined ? [] : [[name, hash]])));
}

async function lookUp<T extends ObservedImage | ObservedNetwork | ObservedVolume>(
  names: readonly string[],
  find: (name: string) => Promise<T | undefined>,
): Promise<Record<string, T>> {
  const found = await Promise.all(names.map(async (name) => [name, await find(name)] as const));
  return Object.fromEntries(found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

const byName = <T extends { readonly name: string }>(items: readonly T[]): Record<string, T> =>
  Object.fromEntries(items.map((item) => [item.name, item]));
