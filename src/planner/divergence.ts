// Whether a container still is what its service asks for, and in which respects it is not (compose-reference §2.10).
import { serviceHash } from '../config-hash.ts';
import type { ObservedContainer } from '../engine/engine.ts';
import { isUp } from '../engine/project-container.ts';
import type { Project, Service } from '../model.ts';
import { LABEL } from '../names.ts';
import type { Observation } from './observation.ts';
import type { RecreatePolicy } from './options.ts';
import { peersOf, resolvePeers } from './peers.ts';
import type { Difference } from './plan.ts';
import { imageOf } from './services.ts';

/** What the steps planned so far mean for a container that stays as it is. */
export interface Surroundings {
  readonly project: Project;
  readonly observation: Observation;
  /** Networks and volumes, by key, that are replaced. */
  readonly replacedNetworks: ReadonlySet<string>;
  readonly replacedVolumes: ReadonlySet<string>;
  /** Ids of the containers that services' references mean; undefined for one that is replaced. */
  readonly peerIds: Readonly<Record<string, string | undefined>>;
}

const WORDS: Readonly<Record<Difference, string>> = {
  config: 'config changed',
  image: 'image changed',
  network: 'network changed',
  volume: 'volume changed',
  content: 'content of a config or secret changed',
  forced: 'forced',
  dependency: 'refers to a container that is replaced',
  interrupted: 'its recreate was interrupted',
  leftover: 'left by an interrupted recreate',
};

export const describe = (differences: readonly Difference[]): string =>
  differences.map((difference) => WORDS[difference]).join(', ');

/** Empty when the container can stay. */
export function differencesOf(
  service: Service,
  container: ObservedContainer,
  policy: RecreatePolicy,
  around: Surroundings,
): readonly Difference[] {
  if (policy === 'never') return [];
  const found: Difference[] = policy === 'force' ? ['forced'] : [];
  const { labels } = container;
  if (peersOf(service).some((peer) => around.peerIds[peer] === undefined)) found.push('dependency');
  else if (labels[LABEL.configHash] !== serviceHash(resolvePeers(service, known(around.peerIds), 'hash')))
    found.push('config');
  const image = around.observation.images[imageOf(around.project, service)];
  if (labels[LABEL.image] !== image?.id) found.push('image');
  if (!hasNetworks(service, container, around)) found.push('network');
  if (!hasVolumes(service, container, around)) found.push('volume');
  const content = around.observation.contentHashes[service.name];
  // Without the label it was made by docker compose, which does not write down what the files contained.
  if (labels[LABEL.contentHash] !== undefined && labels[LABEL.contentHash] !== content) found.push('content');
  return found;
}

const known = (ids: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(ids).flatMap(([name, id]) => (id === undefined ? [] : [[name, id]])));

function hasNetworks(service: Service, container: ObservedContainer, around: Surroundings): boolean {
  return Object.keys(service.networks ?? {}).every((key) => {
    if (around.replacedNetworks.has(key)) return false;
    const declared = around.project.networks[key];
    const network = declared === undefined ? undefined : around.observation.networks[declared.name];
    if (network === undefined) return false;
    // A container that was never started has no network ids yet, and one that was stopped keeps the old ones: the engine
    // refuses to start it on a network that was replaced meanwhile.
    const attached = Object.entries(container.networks);
    return attached.some(
      ([name, { id }]) => id === network.id || (!isUp(container) && id === '' && name === network.name),
    );
  });
}

function hasVolumes(service: Service, container: ObservedContainer, around: Surroundings): boolean {
  return (service.volumes ?? []).every((mount) => {
    if (mount.type !== 'volume' || mount.source === undefined || mount.source === '') return true;
    if (around.replacedVolumes.has(mount.source)) return false;
    const name = around.project.volumes[mount.source]?.name ?? mount.source;
    return container.mounts.some((actual) => actual.type === 'volume' && actual.name === name);
  });
}
