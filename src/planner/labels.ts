// The labels docker compose puts on containers, networks and volumes (compose-reference §2.8), with the same values.
import { networkHash, volumeHash } from '../config-hash.ts';
import type { Network, Project, Service, Volume } from '../model.ts';
import { COMPOSE_VERSION, LABEL } from '../names.ts';

export type Labels = Readonly<Record<string, string>>;

export interface ContainerFacts {
  readonly configHash: string;
  /** Undefined where the image is not known by id. */
  readonly imageId: string | undefined;
  readonly contentHash?: string | undefined;
  /** Undefined for a one-off. */
  readonly number?: number | undefined;
  /** Of a one-off. */
  readonly slug?: string | undefined;
  /** `web-1`, for a container that replaces another. */
  readonly replaces?: string | undefined;
}

export function containerLabels(project: Project, service: Service, facts: ContainerFacts): Labels {
  return {
    ...service.labels,
    [LABEL.project]: project.name,
    [LABEL.service]: service.name,
    [LABEL.version]: COMPOSE_VERSION,
    [LABEL.workingDir]: project.workingDir,
    [LABEL.configFiles]: project.composeFiles.join(','),
    ...(project.envFiles.length === 0 ? {} : { [LABEL.environmentFile]: project.envFiles.join(',') }),
    ...(facts.imageId === undefined ? {} : { [LABEL.image]: facts.imageId }),
    [LABEL.oneOff]: facts.slug === undefined ? 'False' : 'True',
    ...(facts.slug === undefined ? {} : { [LABEL.slug]: facts.slug }),
    ...(facts.replaces === undefined ? {} : { [LABEL.replace]: facts.replaces }),
    ...(facts.contentHash === undefined ? {} : { [LABEL.contentHash]: facts.contentHash }),
    ...(facts.number === undefined ? {} : { [LABEL.number]: String(facts.number) }),
    [LABEL.configHash]: facts.configHash,
    [LABEL.dependsOn]: dependsOnLabel(service),
  };
}

/** `db:service_healthy:false,…`, sorted by name; docker compose writes it in the random order of a Go map. */
export const dependsOnLabel = (service: Service): string =>
  Object.entries(service.depends_on ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, edge]) => `${name}:${edge.condition}:${edge.restart ?? false}`)
    .join(',');

export const networkLabels = (project: Project, key: string, network: Network): Labels => ({
  ...network.labels,
  [LABEL.network]: key,
  [LABEL.project]: project.name,
  [LABEL.version]: COMPOSE_VERSION,
  [LABEL.configHash]: networkHash(network),
});

export const volumeLabels = (project: Project, key: string, volume: Volume): Labels => ({
  ...volume.labels,
  [LABEL.volume]: key,
  [LABEL.project]: project.name,
  [LABEL.version]: COMPOSE_VERSION,
  [LABEL.configHash]: volumeHash(volume),
});
