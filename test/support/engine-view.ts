// What an engine has of a project, by its labels. Asked through the API: scenarios ask after every step, and starting the docker
// command takes ten times as long as the answer.
import { type Call, callJson } from '../../scripts/ground/engine-api.ts';

interface ListedContainer {
  readonly Id: string;
  readonly Names: readonly string[];
}

interface Named {
  readonly Name: string;
}

export class EngineView {
  readonly #host: string;

  constructor(host: string) {
    this.#host = host;
  }

  /** `docker inspect` of every container of the project, stopped ones too; those that go meanwhile are left out. */
  async inspectContainers(project: string): Promise<unknown[]> {
    const listed = await this.#containers(project);
    const found = await Promise.all(
      listed.map(({ Id }) => this.#ask({ method: 'GET', path: `/containers/${Id}/json` })),
    );
    return found.filter((container) => container !== undefined);
  }

  /** `container shop-web-1`, `network shop_default`, `volume shop_data`: what carries the project's label, by name in each kind. */
  async remains(project: string): Promise<string[]> {
    const [containers, networks, volumes] = await Promise.all([
      this.#containers(project),
      this.#networks(project),
      this.#volumes(project),
    ]);
    return [
      // A link gives further names, behind the container that has it: "/web/db".
      ...containers
        .map(({ Names }) => `container ${Names.find((name) => !name.slice(1).includes('/'))?.slice(1)}`)
        .sort(),
      ...networks.map((name) => `network ${name}`).sort(),
      ...volumes.map((name) => `volume ${name}`).sort(),
    ];
  }

  /** Removes all that carries the project's label, images too. What cannot be removed stays. */
  async removeAll(project: string): Promise<void> {
    const remove = (paths: readonly string[], query: NonNullable<Call['query']>): Promise<unknown> =>
      Promise.allSettled(paths.map((path) => this.#ask({ method: 'DELETE', path, query })));
    const containers = await this.#containers(project);
    await remove(
      containers.map(({ Id }) => `/containers/${Id}`),
      { force: '1', v: '1' },
    );
    const [networks, volumes, images] = await Promise.all([
      this.#networks(project),
      this.#volumes(project),
      this.#list<{ readonly Id: string }>('/images/json', project),
    ]);
    await Promise.all([
      remove(
        networks.map((name) => `/networks/${encodeURIComponent(name)}`),
        {},
      ),
      remove(
        volumes.map((name) => `/volumes/${encodeURIComponent(name)}`),
        { force: '1' },
      ),
      remove(
        images.map(({ Id }) => `/images/${Id}`),
        { force: '1' },
      ),
    ]);
  }

  #containers(project: string): Promise<readonly ListedContainer[]> {
    return this.#list<ListedContainer>('/containers/json', project, { all: '1' });
  }

  async #networks(project: string): Promise<string[]> {
    return (await this.#list<Named>('/networks', project)).map(({ Name }) => Name);
  }

  async #volumes(project: string): Promise<string[]> {
    const found = (await this.#ask(listing('/volumes', project))) as { readonly Volumes: readonly Named[] | null };
    return (found.Volumes ?? []).map(({ Name }) => Name);
  }

  async #list<T>(path: string, project: string, query: Call['query'] = {}): Promise<readonly T[]> {
    return (await this.#ask(listing(path, project, query))) as readonly T[];
  }

  #ask(call: Call): Promise<unknown> {
    return callJson(this.#host, { deadline: DEADLINE_MS, ...call });
  }
}

const DEADLINE_MS = 120_000;

const listing = (path: string, project: string, query: Call['query'] = {}): Call => ({
  method: 'GET',
  path,
  query: { ...query, filters: JSON.stringify({ label: [`com.docker.compose.project=${project}`] }) },
});
