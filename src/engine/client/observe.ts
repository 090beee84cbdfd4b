// Reading what is there: the project's snapshot, look-ups by name, and the details that only inspect tells.
import type Docker from 'dockerode';
import { isNotFound } from '../../errors.ts';
import { LABEL } from '../../names.ts';
import type { ContainerDetails, Engine, ObservedContainer, ObservedNetwork, ObservedVolume } from '../engine.ts';
import { type About, type Client, container, filtered, look } from './client.ts';
import { containerDetails, listedContainer, observedVolume } from './observed.ts';
import { asDockerLists } from './podman.ts';

type Verbs = Pick<
  Engine,
  | 'observe'
  | 'listContainers'
  | 'listProjectContainers'
  | 'listPublishedPorts'
  | 'listVolumeUsers'
  | 'inspectContainer'
  | 'findContainer'
  | 'findNetwork'
  | 'findVolume'
>;

export function observeVerbs(client: Client): Verbs {
  const list = async (about: About, ...query: readonly string[]): Promise<readonly ObservedContainer[]> => {
    const path = `/containers/json${query.length === 0 ? '' : `?${query.join('&')}`}`;
    const [listed, networks] = await Promise.all([
      look<Docker.ContainerInfo[]>(client, about, path),
      client.kind === 'podman' ? allNetworks(client, about) : undefined,
    ]);
    const containers = listed.map(listedContainer);
    return networks === undefined ? containers : containers.map((one) => asDockerLists(one, networks));
  };
  const ofProject = (project: string): string => filtered({ label: [`${LABEL.project}=${project}`] });
  return {
    async observe(project, signal) {
      const about = { verb: 'observe', resource: `project "${project}"`, signal };
      const [containers, networks, volumes] = await Promise.all([
        list(about, 'all=true', ofProject(project)),
        look<Docker.NetworkInspectInfo[]>(client, about, `/networks?${ofProject(project)}`),
        look<{ Volumes: Docker.VolumeInspectInfo[] | null }>(client, about, `/volumes?${ofProject(project)}`),
      ]);
      return {
        project,
        containers,
        networks: networks.map(observedNetwork),
        // The engine says null where there are none.
        volumes: (volumes.Volumes ?? []).map(observedVolume),
      };
    },
    listContainers: (project, signal) =>
      list({ verb: 'listContainers', resource: `project "${project}"`, signal }, 'all=true', ofProject(project)),
    listProjectContainers: (all, signal) =>
      list({ verb: 'listProjectContainers', signal }, `all=${all}`, filtered({ label: [LABEL.project] })),
    async listPublishedPorts(signal) {
      const running = await list({ verb: 'listPublishedPorts', signal });
      return running.filter(({ ports }) => ports.some(({ hostPort }) => hostPort !== 0));
    },
    async listVolumeUsers(volume, signal) {
      const about = { verb: 'listVolumeUsers', resource: `volume "${volume}"`, signal };
      // The engine's filter takes a path in a container for a volume's name too.
      const users = await list(about, filtered({ volume: [volume] }));
      return users.filter(({ mounts }) => mounts.some(({ type, name }) => type === 'volume' && name === volume));
    },
    inspectContainer: (id, signal) =>
      inspect(client, { verb: 'inspectContainer', resource: container(id), signal }, id),
    findContainer: (nameOrId, signal) =>
      absentAsUndefined(inspect(client, { verb: 'findContainer', resource: container(nameOrId), signal }, nameOrId)),
    findNetwork: (nameOrId, signal) => findNetwork(client, nameOrId, signal),
    async findVolume(name, signal) {
      const about = { verb: 'findVolume', resource: `volume "${name}"`, signal };
      const found = await absentAsUndefined(
        look<Docker.VolumeInspectInfo>(client, about, `/volumes/${encodeURIComponent(name)}`),
      );
      return found === undefined ? undefined : (observedVolume(found) satisfies ObservedVolume);
    },
  };
}

const allNetworks = async (client: Client, about: About): Promise<ObservedNetwork[]> =>
  (await look<Docker.NetworkInspectInfo[]>(client, about, '/networks')).map(observedNetwork);

async function inspect(client: Client, about: About, id: string): Promise<ContainerDetails> {
  const path = `/containers/${encodeURIComponent(id)}/json`;
  return containerDetails(await look<Docker.ContainerInspectInfo>(client, about, path));
}

/** By exact name first; only then as an id. The engine itself would also take the start of an id for a name. */
async function findNetwork(
  client: Client,
  nameOrId: string,
  signal: AbortSignal | undefined,
): Promise<ObservedNetwork | undefined> {
  const about = { verb: 'findNetwork', resource: `network "${nameOrId}"`, signal };
  const found = await absentAsUndefined(
    look<Docker.NetworkInspectInfo>(client, about, `/networks/${encodeURIComponent(nameOrId)}`),
  );
  if (found === undefined || (found.Name !== nameOrId && !found.Id.startsWith(nameOrId))) return undefined;
  if (found.Name === nameOrId || /^[0-9a-f]{12,64}$/.test(nameOrId)) return observedNetwork(found);
  return undefined;
}

const observedNetwork = (network: Docker.NetworkInspectInfo): ObservedNetwork => ({
  id: network.Id,
  name: network.Name,
  driver: network.Driver,
  labels: network.Labels ?? {},
});

/** What a look-up gives when there is nothing of that name. */
export async function absentAsUndefined<T>(lookup: Promise<T>): Promise<T | undefined> {
  try {
    return await lookup;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
