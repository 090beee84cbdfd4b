// What Podman's API (seen with 4.3.1) does otherwise than Docker's, put right where a client can.
import { existsSync } from 'node:fs';
import { DEFAULT_REGISTRY, familiarName, parseReference } from '../../registry/reference.ts';
import type { CreateContainer, ObservedContainer, ObservedNetwork, ProcessTable } from '../engine.ts';
import type { About, Client } from './client.ts';
import { fromWords } from './failures.ts';

/** Lists have a container's networks by name where their ids belong, and images by their full names. */
export function asDockerLists(
  container: ObservedContainer,
  networks: readonly Pick<ObservedNetwork, 'id' | 'name'>[],
): ObservedContainer {
  const ids = new Map(networks.map(({ name, id }) => [name, id]));
  const attached = Object.entries(container.networks).map(
    ([name, network]) => [name, network.id === name ? { ...network, id: ids.get(name) ?? '' } : network] as const,
  );
  return { ...container, image: familiar(container.image), networks: Object.fromEntries(attached) };
}

/** `docker.io/library/busybox:latest` → `busybox:latest`; other registries keep their names. */
function familiar(image: string): string {
  const reference = parseReference(image);
  if (reference?.registry !== DEFAULT_REGISTRY) return image;
  const { tag, digest } = reference;
  return `${familiarName(reference)}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** Of an image whose own `ps` it runs, Podman gives each line whole. The last column may hold spaces. */
export function asColumns({ titles, processes }: ProcessTable): ProcessTable {
  const [line = ''] = titles;
  const columns = line.trim().split(/\s+/);
  if (titles.length !== 1 || columns.length < 2) return { titles, processes };
  return { titles: columns, processes: processes.map(([row = '']) => cut(row.trim(), columns.length)) };
}

function cut(row: string, count: number): string[] {
  const words = row.split(/\s+/);
  return [...words.slice(0, count - 1), words.slice(count - 1).join(' ')];
}

/** A folder that a bind mount must find there is made by Podman all the same. Looks where it is this machine's. */
export function requireBindSources(client: Client, { service }: CreateContainer, about: About): void {
  if (!client.endpoint.startsWith('unix://')) return;
  for (const { type, source, bind } of service.volumes ?? [])
    if (type === 'bind' && source !== undefined && bind?.create_host_path === false && !existsSync(source))
      throw fromWords(`invalid mount config for type "bind": bind source path does not exist: ${source}`, {
        ...about,
        endpoint: client.endpoint,
      });
}
