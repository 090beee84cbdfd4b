// Sorts what was observed: which containers are replicas of which service, which were made by `run`, which were left over
// by an interrupted recreate, and which nobody declares any more.
import type { ObservedContainer } from '../engine/engine.ts';
import { byName, isManaged, isOneOff, numberOf, serviceOf } from '../engine/project-container.ts';
import type { Project } from '../model.ts';
import { LABEL, nameUnderReplacement } from '../names.ts';

/** A container that belongs to a service's count. */
export interface Replica {
  readonly container: ObservedContainer;
  readonly number: number;
  /** The name it should have: another than its own when a recreate was interrupted before the last step. */
  readonly name: string;
  /** A replacement for it was made that never took over: it may have been told to stop, and only not obeyed yet. */
  readonly interrupted: boolean;
}

export interface Sorted {
  /** By service, in order of their numbers. */
  readonly replicas: ReadonlyMap<string, readonly Replica[]>;
  readonly oneOffs: readonly ObservedContainer[];
  /** Replacements that never took over: the container they were to replace is still there. */
  readonly leftovers: readonly ObservedContainer[];
}

/** Containers that docker compose or windlass made, by name. */
export const managed = (containers: readonly ObservedContainer[]): ObservedContainer[] =>
  containers.filter(isManaged).sort(byName);

export function sortContainers(containers: readonly ObservedContainer[]): Sorted {
  const all = managed(containers);
  const oneOffs = all.filter(isOneOff);
  const rest = all.filter((container) => !isOneOff(container));
  const leftovers = rest.filter((container) => isLeftover(container, rest));
  const replicas = new Map<string, Replica[]>();
  for (const container of rest) {
    if (leftovers.includes(container)) continue;
    const list = replicas.get(serviceOf(container)) ?? [];
    list.push({
      container,
      number: numberOf(container),
      name: finalName(container),
      interrupted: leftovers.some((leftover) => replaces(leftover, container)),
    });
    replicas.set(serviceOf(container), list);
  }
  for (const list of replicas.values()) list.sort((a, b) => a.number - b.number);
  return { replicas, oneOffs, leftovers };
}

/**
 * Whether a container still has the temporary name of a replacement. docker compose leaves the label on every recreated
 * container for good, and a user may choose a name that looks like one: only both together tell.
 */
const isReplacement = ({ name, labels }: ObservedContainer): boolean =>
  labels[LABEL.replace] !== undefined && nameUnderReplacement(name) !== undefined;

const finalName = (container: ObservedContainer): string =>
  isReplacement(container) ? (nameUnderReplacement(container.name) ?? container.name) : container.name;

/** A replacement whose predecessor, or whose name, is still there. With the predecessor gone it only lacks its name. */
function isLeftover(container: ObservedContainer, all: readonly ObservedContainer[]): boolean {
  if (!isReplacement(container)) return false;
  const wanted = finalName(container);
  return all.some((other) => other !== container && (replaces(container, other) || other.name === wanted));
}

/** Whether the name of a replacement says that it was made for this container. */
const replaces = (replacement: ObservedContainer, { id }: ObservedContainer): boolean =>
  id.startsWith(replacement.name.slice(0, 12));

/** Containers of services that are in no file any more, and one-offs that have ended. */
export function orphansOf(project: Project, containers: readonly ObservedContainer[]): ObservedContainer[] {
  return managed(containers).filter((container) =>
    isOneOff(container)
      ? container.state === 'exited' || container.state === 'dead'
      : project.services[serviceOf(container)] === undefined &&
        project.disabledServices[serviceOf(container)] === undefined,
  );
}
