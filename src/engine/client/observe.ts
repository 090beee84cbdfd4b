// Reading what is there: the project's snapshot, look-ups by name, and the details that only inspect tells.
import type Docker from 'dockerode';
import { isNotFound } from '../../errors.ts';
import { LABEL } from '../../names.ts';
import type { ContainerDetails, Engine, ObservedContainer, ObservedNetwork, ObservedVolume } from '../engine.ts';
import { type About, ask, type Client, container } from './client.ts';
import { containerDetails, listedContainer, observedVolume } from './observed.ts';

type Verbs = Pick<
  Engine,
  | 'observe'
  | 'listContainers'
  | 'listProjectContainers'
  | 'listPublishedPorts'
  | 'inspectContainer'
  | 'findContainer'
  | 'findNetwork'
  | 'findVolume'
>;

export function observeVerbs(client: Client): Verbs {
  const list = async (about: About, query: Docker.ContainerListOptions): Promise<readonly ObservedContainer[]> => {
    const listed = await ask(client, about, (docker) => docker.listContainers(query));
    return listed.map(listedContainer);
  };
  return {
    async observe(project, signal) {
      const about = { verb: 'observe', resource: `project "${project}"`, signal };
      const filters = { label: [`${LABEL.project}=${project}`] };
      const [containers, networks, volumes] = await Promise.all([
        list(about, { all: true, filters }),
        ask(client, about, (docker) => docker.listNetworks({ filters })),
        ask(client, about, (docker) => docker.listVolumes({ filters })),
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
      list(
        { verb: 'listContainers', resource: `project "${project}"`, signal },
        { all: true, filters: { label: [`${LABEL.project}=${project}`] } },
      ),
    listProjectContainers: (all, signal) =>
      list({ verb: 'listProjectContainers', signal }, { all, filters: { label: [LABEL.project] } }),
    async listPublishedPorts(signal) {
      const running = await list({ verb: 'listPublishedPorts', signal }, {});
      return running.filter(({ ports }) => ports.some(({ hostPort }) => hostPort !== 0));
    },
    inspectContainer: (id, signal) =>
      inspect(client, { verb: 'inspectContainer', resource: container(id), signal }, id),
    findContainer: (nameOrId, signal) =>
      absentAsUndefined(inspect(client, { verb: 'findContainer', resource: container(nameOrId), signal }, nameOrId)),
    findNetwork: (nameOrId, signal) => findNetwork(client, nameOrId, signal),
    async findVolume(name, signal) {
      const about = { verb: 'findVolume', resource: `volume "${name}"`, signal };
      const found = await absentAsUndefined(
        ask(client, about, (docker) => docker.getVolume(encodeURIComponent(name)).inspect()),
      );
      return found === undefined ? undefined : (observedVolume(found) satisfies ObservedVolume);
    },
  };
}

async function inspect(client: Client, about: About, id: string): Promise<ContainerDetails> {
  return containerDetails(await ask(client, about, (docker) => docker.getContainer(encodeURIComponent(id)).inspect()));
}

/** By exact name first; only then as an id. The engine itself would also take the start of an id for a name. */
async function findNetwork(
  client: Client,
  nameOrId: string,
  signal: AbortSignal | undefined,
): Promise<ObservedNetwork | undefined> {
  const about = { verb: 'findNetwork', resource: `network "${nameOrId}"`, signal };
  const found = await absentAsUndefined(
    ask(client, about, (docker) => docker.getNetwork(encodeURIComponent(nameOrId)).inspect()),
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
