// Which of a project's containers a command is about.
import type { ObservedContainer } from '../engine/engine.ts';
import { isManaged, isOneOff, isUp, numberOf, serviceOf } from '../engine/project-container.ts';
import { WindlassError } from '../errors.ts';
import { LABEL } from '../names.ts';
import { nearest } from '../suggest.ts';

export interface Selection {
  /** Empty means every service. */
  readonly services: readonly string[];
  readonly oneOffs: boolean;
  readonly stopped: boolean;
}

/** Containers that Compose made, of the services asked for, in the engine's order. */
export function selectContainers(containers: readonly ObservedContainer[], want: Selection): ObservedContainer[] {
  return containers.filter(
    (container) =>
      isManaged(container) &&
      (want.services.length === 0 || want.services.includes(serviceOf(container))) &&
      (want.oneOffs || !isOneOff(container)) &&
      (want.stopped || isUp(container)),
  );
}

/** Lowest number first, one-offs last. */
export const byNumber = (a: ObservedContainer, b: ObservedContainer): number =>
  Number(isOneOff(a)) - Number(isOneOff(b)) || numberOf(a) - numberOf(b);

/** One container of a service: the one numbered `index`, or the lowest when `index` is no number of one. Throws when there is none. */
export function oneContainer(
  containers: readonly ObservedContainer[],
  service: string,
  index: number,
  want: Omit<Selection, 'services'>,
): ObservedContainer {
  const [first] = selectContainers(containers, { ...want, services: [service] })
    .filter((container) => index <= 0 || numberOf(container) === index)
    .sort(byNumber);
  if (first !== undefined) return first;
  throw notRunning(containers, service, index);
}

/** That a service has no container to work on, and what to do: the files may not be at hand, so its neighbours tell. */
export function notRunning(containers: readonly ObservedContainer[], service: string, index = 0): WindlassError {
  const message =
    index > 0 ? `service "${service}" is not running container #${index}` : `service "${service}" is not running`;
  const names = [...new Set(containers.map(serviceOf))];
  const guess = names.includes(service) ? undefined : nearest(service, names);
  const start = names.includes(service) ? `windlass start ${service}` : `windlass up -d ${service}`;
  const others = index > 0 ? `"windlass ps ${service}" lists its containers` : `start it with "${start}"`;
  return new WindlassError('SERVICE_NOT_RUNNING', message, {
    hint: guess === undefined ? others : `did you mean "${guess}"?`,
  });
}

/** Name in front of log lines: without the project's, unless `container_name` set it. */
export function shortName(container: Pick<ObservedContainer, 'name' | 'labels'>): string {
  const { name, labels } = container;
  const project = labels[LABEL.project] ?? '';
  const usual = `${project}-${labels[LABEL.service] ?? ''}-${labels[LABEL.number] ?? ''}`;
  // `--compatibility` joins with underscores.
  return name === usual || name === usual.replaceAll('-', '_') ? name.slice(project.length + 1) : name;
}
