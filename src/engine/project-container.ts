// What a container's labels and state say of its place in a project.
import { LABEL } from '../names.ts';
import type { ObservedContainer } from './engine.ts';

type Labelled = Pick<ObservedContainer, 'name' | 'labels'>;

/** The service it was made for; its own name where no label says so. */
export const serviceOf = ({ labels, name }: Labelled): string => labels[LABEL.service] ?? name;

/** Its number among the replicas; 0 where it has none. */
export function numberOf({ labels }: Labelled): number {
  const number = Number(labels[LABEL.number]);
  return Number.isInteger(number) ? number : 0;
}

/** Made by `run`, and no replica. */
export const isOneOff = ({ labels }: Labelled): boolean => labels[LABEL.oneOff] === 'True';

/** Made by docker compose or windlass. Others may carry the project's label by accident. */
export const isManaged = ({ labels }: Labelled): boolean => labels[LABEL.configHash] !== undefined;

export const isRunning = ({ state }: Pick<ObservedContainer, 'state'>): boolean =>
  state === 'running' || state === 'restarting';

/** Holds processes, though they may be frozen: what `docker ps` shows without -a. */
export const isUp = (container: Pick<ObservedContainer, 'state'>): boolean =>
  isRunning(container) || container.state === 'paused';

export const byName = (a: Labelled, b: Labelled): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
