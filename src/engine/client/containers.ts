// The life of a container: create, start, stop, remove and what lies between.
import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import { type DockerConfig, proxyEnvironment } from '../../docker-config.ts';
import { EngineError, messageOf } from '../../errors.ts';
import { record, text } from '../../json.ts';
import type { CreateContainer, Engine, WaitUntil } from '../engine.ts';
import { type About, ask, askStream, type Client, container } from './client.ts';
import { fromWords } from './failures.ts';
import { absentAsUndefined } from './observe.ts';
import { asColumns, requireBindSources } from './podman.ts';
import { containerBody } from './translate/container.ts';
import { endpoint } from './translate/networks.ts';

type Verbs = Pick<
  Engine,
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'killContainer'
  | 'restartContainer'
  | 'pauseContainer'
  | 'unpauseContainer'
  | 'renameContainer'
  | 'removeContainer'
  | 'waitContainer'
  | 'commitContainer'
  | 'top'
  | 'resizeContainer'
  | 'connectNetwork'
  | 'disconnectNetwork'
>;

export function containerVerbs(client: Client, config: DockerConfig): Verbs {
  /** One call on one container that gives nothing back. */
  const act = (
    verb: string,
    id: string,
    signal: AbortSignal | undefined,
    call: (c: Docker.Container) => Promise<unknown>,
  ) =>
    ask(client, { verb, resource: container(id), signal }, async (docker) => {
      await call(docker.getContainer(encodeURIComponent(id)));
    });
  const connect: Engine['connectNetwork'] = (id, attachment, signal) =>
    ask(
      client,
      { verb: 'connectNetwork', resource: `${container(id)} to network "${attachment.network}"`, signal },
      async (docker) => {
        await docker
          .getNetwork(encodeURIComponent(attachment.network))
          .connect({ Container: id, EndpointConfig: endpoint(attachment) as Docker.EndpointSettings });
      },
    );
  return {
    createContainer: (request, signal) => create(client, config, connect, request, signal),
    startContainer: (id, signal) =>
      tolerate(
        304,
        act('startContainer', id, signal, (c) => c.start()),
      ),
    stopContainer: (id, timeoutSeconds, signal) =>
      tolerate(
        304,
        act('stopContainer', id, signal, (c) => c.stop(seconds(timeoutSeconds))),
      ),
    killContainer: (id, signalName, signal) => act('killContainer', id, signal, (c) => c.kill({ signal: signalName })),
    restartContainer: (id, timeoutSeconds, signal) =>
      act('restartContainer', id, signal, (c) => c.restart(seconds(timeoutSeconds) ?? {})),
    pauseContainer: (id, signal) => act('pauseContainer', id, signal, (c) => c.pause()),
    unpauseContainer: (id, signal) => act('unpauseContainer', id, signal, (c) => c.unpause()),
    renameContainer: (id, name, signal) => act('renameContainer', id, signal, (c) => c.rename({ name })),
    async removeContainer(id, options, signal) {
      const removal = act('removeContainer', id, signal, (c) => c.remove({ force: options.force, v: options.volumes }));
      const gone = (): Promise<unknown> => wait(client, id, signal, 'removed');
      await absentAsUndefined(orRemovedElsewhere(removal, gone));
    },
    waitContainer: (id, signal, until) => wait(client, id, signal, until),
    async commitContainer(id, options, signal) {
      const { repo, tag } = splitReference(options.reference ?? '');
      const query = {
        container: id,
        pause: options.pause,
        ...(repo === '' ? {} : { repo }),
        ...(tag === '' ? {} : { tag }),
        ...(options.author === undefined ? {} : { author: options.author }),
        ...(options.comment === undefined ? {} : { comment: options.comment }),
        ...(options.changes === undefined ? {} : { changes: options.changes }),
      };
      const made = await ask(client, { verb: 'commitContainer', resource: container(id), signal }, (docker) =>
        docker.getContainer(id).commit({ _query: query, _body: {} }),
      );
      const image = text(record(made).Id);
      // Podman gives the digits alone.
      return image === '' || image.includes(':') ? image : `sha256:${image}`;
    },
    async top(id, signal) {
      const table = await ask(client, { verb: 'top', resource: container(id), signal }, (docker) =>
        docker.getContainer(encodeURIComponent(id)).top(),
      );
      const processes = { titles: table.Titles ?? [], processes: table.Processes ?? [] };
      return client.kind === 'podman' ? asColumns(processes) : processes;
    },
    resizeContainer: (id, columns, rows) =>
      act('resizeContainer', id, undefined, (c) => c.resize({ h: rows, w: columns })),
    connectNetwork: connect,
    async disconnectNetwork(id, network, signal) {
      const about = { verb: 'disconnectNetwork', resource: `${container(id)} from network "${network}"`, signal };
      const call = ask(client, about, async (docker) => {
        await docker.getNetwork(encodeURIComponent(network)).disconnect({ Container: id, Force: true });
      });
      await absentAsUndefined(notConnected(call));
    },
  };
}

async function create(
  client: Client,
  config: DockerConfig,
  connect: Engine['connectNetwork'],
  request: CreateContainer,
  signal: AbortSignal | undefined,
): Promise<string> {
  const about: About = { verb: 'createContainer', resource: `container "${request.name}"`, signal };
  if (client.kind === 'podman') requireBindSources(client, request, about);
  const { body, later } = containerBody(request, {
    multiNetworkCreate: client.capabilities.multiNetworkCreate,
    proxyEnvironment: proxyEnvironment(config, client.endpoint),
    readFile: (path) => readFileSync(path, 'utf8'),
  });
  const platform = request.service.platform ?? client.env.DOCKER_DEFAULT_PLATFORM ?? '';
  const query = { name: request.name, ...(platform === '' ? {} : { platform }) };
  const created = await ask(client, about, (docker) =>
    docker.createContainer({ _query: query, _body: body } as Docker.ContainerCreateOptions),
  );
  try {
    for (const attachment of later) await connect(created.id, attachment, signal);
  } catch (error) {
    // A container on some of its networks only would look finished to the next run.
    await ask(client, { ...about, signal: undefined }, (docker) =>
      docker.getContainer(created.id).remove({ force: true, v: true }),
    ).catch(() => undefined);
    throw error;
  }
  return created.id;
}

/**
 * Waits over a streamed answer: the engine sends its headers at once and the code when the container ends, so that
 * the wait is known to be armed and no time-out of an idle request applies.
 */
async function wait(
  client: Client,
  id: string,
  signal: AbortSignal | undefined,
  until: WaitUntil = 'not-running',
): Promise<number> {
  const about = { verb: 'waitContainer', resource: container(id), signal };
  return await askStream(client, about, async (docker) => {
    const stream: AsyncIterable<Buffer> = await docker.getContainer(encodeURIComponent(id)).wait({ condition: until });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const answer: unknown = JSON.parse(Buffer.concat(chunks).toString() || 'null');
    if (typeof answer !== 'object' || answer === null || !('StatusCode' in answer))
      throw new Error('the engine closed the connection before the container ended');
    if ('Error' in answer && typeof answer.Error === 'object' && answer.Error !== null && 'Message' in answer.Error)
      throw fromWords(String(answer.Error.Message), { ...about, endpoint: client.endpoint });
    return Number(answer.StatusCode);
  });
}

const seconds = (timeout: number | undefined): { t: number } | undefined =>
  timeout === undefined ? undefined : { t: timeout };

/** An answer that says "already so" is success. */
async function tolerate(status: number, call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof EngineError && error.status === status)) throw error;
  }
}

/** Someone else is removing it at this moment: what was asked for happens, and is waited for. */
async function orRemovedElsewhere(removal: Promise<void>, gone: () => Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!/removal of container .* is already in progress/.test(messageOf(error))) throw error;
    await gone();
  }
}

async function notConnected(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!/is not connected to/.test(messageOf(error))) throw error;
  }
}

/** `host:5000/repo:tag` → its parts; a digest counts as no tag. */
export function splitReference(reference: string): { readonly repo: string; readonly tag: string } {
  const name = reference.split('@')[0] ?? '';
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/')
    ? { repo: name.slice(0, colon), tag: name.slice(colon + 1) }
    : { repo: name, tag: '' };
}
