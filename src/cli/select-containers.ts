// Which of a project's containers a command is about.
import type { ObservedContainer } from '../engine/engine.ts';
import { WindlassError } from '../errors.ts';
import { LABEL } from '../names.ts';
import { nearest } from '../suggest.ts';

export const serviceOf = (container: ObservedContainer): string => container.labels[LABEL.service] ?? '';
const numberOf = (container: ObservedContainer): number => Number(container.labels[LABEL.number]) || 0;
export const isOneOff = (container: ObservedContainer): boolean => container.labels[LABEL.oneOff] === 'True';
/** What `docker ps` shows without -a. */
export const isUp = (container: ObservedContainer): boolean =>
  container.state === 'running' || container.state === 'paused' || container.state === 'restarting';

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
      container.labels[LABEL.configHash] !== undefined &&
      (want.services.length === 0 || want.services.includes(serviceOf(container))) &&
      (want.oneOffs || !isOneOff(container)) &&
      (want.stopped || isUp(container)),
  );
}

/** Lowest number first, one-offs last. */
export const byNumber = (a: ObservedContainer, b: ObservedContainer): number =>
  Number(isOneOff(a)) - Number(isOneOff(b)) || numberOf(a) - numberOf(b);

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
export const byName = (a: ObservedContainer, b: ObservedContainer): number => byText(a.name, b.name);

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
