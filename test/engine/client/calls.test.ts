import { describe, expect, it, onTestFinished } from 'vitest';
import { connectDockerEngine } from '../../../src/engine/client/index.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { EngineError, type EngineErrorKind, InterruptedError } from '../../../src/errors.ts';
import { createRequest } from '../../support/create-request.ts';
import { type Answer, type EngineServer, engineServer, json } from '../../support/engine-server.ts';

async function connected(
  answer: Readonly<Record<string, Answer>>,
  apiVersion?: string,
): Promise<{ engine: Engine; server: EngineServer }> {
  const server = await engineServer(answer, apiVersion);
  const engine = await connectDockerEngine(
    { address: { type: 'unix', path: server.socket }, configDirectory: '/no/such/folder' },
    { env: {} },
  );
  onTestFinished(() => engine.close());
  return { engine, server };
}

const failure = async (call: Promise<unknown>): Promise<EngineError> => {
  const error: unknown = await call.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof EngineError)) throw error;
  return error;
};

describe('the API version', () => {
  it.each([
    ['1.41', '1.41'],
    ['1.24', '1.24'],
    ['1.99', '1.51'],
  ])('with an engine that offers %s is %s', async (offered, spoken) => {
    const { engine, server } = await connected({ 'GET /containers/json': json([]) }, offered);
    await engine.listPublishedPorts();
    expect((await engine.capabilities()).apiVersion).toBe(spoken);
    expect(server.asked[0]?.url).toBe(`/v${spoken}/containers/json`);
  });

  it('below 1.24 is refused', async () => {
    const error = await failure(connected({}, '1.23'));
    expect(error).toMatchObject({ kind: 'unsupported' });
    expect(error.message).toMatch(/speaks API 1.23, but at least 1.24 is needed/);
  });
});

describe('failures', () => {
  it.each<[number, string, EngineErrorKind, RegExp | undefined]>([
    [404, 'No such container: x', 'not-found', undefined],
    [409, 'Conflict. The container name "/x" is already in use', 'conflict', undefined],
    [501, 'not implemented', 'unsupported', undefined],
    [500, 'write /var/lib/docker/x: no space left on device', 'failed', /disk is full/],
    [
      500,
      'driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated',
      'conflict',
      /holds that host port/,
    ],
    [
      500,
      'could not select device driver "nvidia" with capabilities: [[gpu]]',
      'unsupported',
      /nvidia-container-toolkit/,
    ],
    [500, 'creating container storage: the container name "x" is already in use by 0f', 'conflict', /remove or rename/],
    [500, 'network name x already used: network already exists', 'conflict', /remove or rename/],
    [
      500,
      'can only create exec sessions on running containers: container state improper',
      'conflict',
      /start the container/,
    ],
    [500, 'subnet 10.0.0.0/24 is already used on the host or by another config', 'conflict', /choose another subnet/],
    [503, 'busy', 'unavailable', undefined],
  ])('status %i with "%s" is %s', async (status, message, kind, hint) => {
    const { engine } = await connected({ 'POST /containers/x/start': json({ message }, status) });
    const error = await failure(engine.startContainer('x'));
    expect(error).toMatchObject({ kind, verb: 'startContainer', resource: 'container "x"', status });
    expect(error.message).toBe(`cannot start container "x": ${message}`);
    if (hint) expect(error.hint).toMatch(hint);
  });

  it('of an engine that goes away in the middle are "unavailable"', async () => {
    const { engine } = await connected({ 'POST /containers/x/start': (_asked, _response, socket) => socket.destroy() });
    const error = await failure(engine.startContainer('x'));
    expect(error.kind).toBe('unavailable');
    expect(error.message).toMatch(/^cannot start container "x": the engine at unix:\/\/.* closed the connection/);
    expect(error.hint).toMatch(/run the same command again/);
  });

  it('in the middle of an answer are "unavailable"', async () => {
    const { engine } = await connected({
      'GET /containers/json': (_asked, response, socket) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 100 }).write('[');
        setImmediate(() => socket.destroy());
      },
    });
    expect((await failure(engine.listPublishedPorts())).kind).toBe('unavailable');
  });

  it('that no engine answers name the address', async () => {
    const error = await failure(
      connectDockerEngine({ address: { type: 'unix', path: '/no/such.sock' }, configDirectory: '/x' }, { env: {} }),
    );
    expect(error.kind).toBe('unavailable');
    expect(error.message).toMatch(/^no engine answers at unix:\/\/\/no\/such.sock/);
    expect(error.hint).toMatch(/start the engine/);
  });

  it('of a server that is no engine say so', async () => {
    const { socket } = await engineServer({}, '');
    const connecting = connectDockerEngine(
      { address: { type: 'unix', path: socket }, configDirectory: '/x' },
      { env: {} },
    );
    expect((await failure(connecting)).message).toMatch(/^what answers at unix:.* is not a container engine$/);
  });

  it('keep credentials out of their text', async () => {
    const { engine } = await connected({
      'POST /containers/x/start': json({ message: 'Get "https://me:hush@registry/v2/": x' }, 500),
    });
    expect((await failure(engine.startContainer('x'))).message).not.toContain('hush');
  });

  it("inside a pull's progress count, though the status is 200", async () => {
    const { engine } = await connected({
      'POST /images/create': (_asked, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(
          '{"status":"Pulling"}\n{"errorDetail":{"message":"manifest for x:y not found: manifest unknown"},"error":"x"}\n',
        );
      },
    });
    const error = await failure(engine.pullImage('x:y', {}));
    expect(error).toMatchObject({ kind: 'not-found', resource: 'image "x:y"' });
  });
});

describe('the signal', () => {
  it('ends a call that is under way', async () => {
    const { engine } = await connected({ 'POST /containers/x/stop': () => undefined });
    const controller = new AbortController();
    const stopping = engine.stopContainer('x', 10, controller.signal);
    controller.abort();
    await expect(stopping).rejects.toBeInstanceOf(InterruptedError);
  });

  it('keeps a call from starting', async () => {
    const { engine, server } = await connected({});
    await expect(engine.stopContainer('x', 10, AbortSignal.abort())).rejects.toBeInstanceOf(InterruptedError);
    expect(server.asked).toEqual([]);
  });

  it('ends a stream of events quietly', async () => {
    const controller = new AbortController();
    const { engine } = await connected({
      'GET /events': (_asked, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.write('{"Type":"container","Action":"start","Actor":{"ID":"a","Attributes":{"k":"v"}},"time":5}\n');
      },
    });
    const seen: unknown[] = [];
    for await (const event of engine.events({ project: 'p' }, controller.signal)) {
      seen.push(event);
      controller.abort();
    }
    expect(seen).toEqual([
      { type: 'container', action: 'start', id: 'a', attributes: { k: 'v' }, timeNano: 5_000_000_000n },
    ]);
  });
});

describe('connections', () => {
  it('are kept and used again', async () => {
    const { engine, server } = await connected({ 'GET /containers/json': json([]) });
    for (let call = 0; call < 5; call += 1) await engine.listPublishedPorts();
    expect(server.connections()).toBe(1);
  });

  it('that the engine closed while idle are opened anew for a look-up', async () => {
    let closeNext = false;
    const { engine } = await connected({
      'GET /containers/json': (asked, response, socket) => {
        if (closeNext) {
          closeNext = false;
          socket.destroy();
        } else json([])(asked, response, socket);
      },
    });
    await engine.listPublishedPorts();
    closeNext = true;
    await expect(engine.listPublishedPorts()).resolves.toEqual([]);
  });
});

describe('repetition', () => {
  it('removing what is gone succeeds', async () => {
    const { engine } = await connected({
      'DELETE /containers/x': json({ message: 'No such container: x' }, 404),
      'DELETE /networks/x': json({ message: 'network x not found' }, 404),
      'DELETE /volumes/x': json({ message: 'no such volume' }, 404),
      'DELETE /images/x': json({ message: 'No such image: x:latest' }, 404),
    });
    await engine.removeContainer('x', { force: false, volumes: false });
    await engine.removeNetwork('x');
    await engine.removeVolume('x');
    await engine.removeImage('x', { force: false });
  });

  it('removing what is being removed waits until it is gone', async () => {
    const { engine, server } = await connected({
      'DELETE /containers/x': json({ message: 'removal of container x is already in progress' }, 409),
      'POST /containers/x/wait': json({ StatusCode: 0 }),
    });
    await engine.removeContainer('x', { force: false, volumes: false });
    expect(server.asked.at(-1)?.url).toBe('/v1.41/containers/x/wait?condition=removed');
  });

  it('starting what runs and stopping what is stopped succeed', async () => {
    const already: Answer = (_asked, response) => void response.writeHead(304).end();
    const { engine } = await connected({ 'POST /containers/x/start': already, 'POST /containers/x/stop': already });
    await engine.startContainer('x');
    await engine.stopContainer('x', undefined);
  });
});

describe('a container that cannot join its second network', () => {
  it('is removed again', async () => {
    const { engine, server } = await connected({
      'POST /containers/create': json({ Id: 'abc', Warnings: [] }, 201),
      'POST /networks/b/connect': json({ message: 'no available IPv4 addresses on this network' }, 409),
      'DELETE /containers/abc': (_asked, response) => void response.writeHead(204).end(),
    });
    const attachments = ['a', 'b'].map((network) => ({ network, settings: {}, aliases: [] }));
    const error = await failure(engine.createContainer(createRequest({}, { attachments })));
    expect(error.message).toMatch(/cannot connect container "abc" to network "b": no available/);
    expect(server.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1.41/containers/create?name=shop-web-1',
      'POST /v1.41/networks/b/connect',
      'DELETE /v1.41/containers/abc?force=true&v=true',
    ]);
  });
});

describe('requests', () => {
  it('say parameters once: in the query or in the body', async () => {
    const { engine, server } = await connected({
      'POST /containers/x/stop': (_asked, response) => void response.writeHead(204).end(),
    });
    await engine.stopContainer('x', 3);
    expect(server.asked[0]).toMatchObject({ url: '/v1.41/containers/x/stop?t=3', body: '' });
  });

  it('cannot be led astray by a name', async () => {
    const { engine, server } = await connected({});
    await failure(engine.startContainer('../images/x?force=1'));
    expect(server.asked[0]?.url).toBe('/v1.41/containers/..%2Fimages%2Fx%3Fforce%3D1/start');
  });

  it('carry the platform of the service, or the default of the environment', async () => {
    const server = await engineServer({ 'POST /containers/create': json({ Id: 'abc' }, 201) });
    const engine = await connectDockerEngine(
      { address: { type: 'unix', path: server.socket }, configDirectory: '/x' },
      { env: { DOCKER_DEFAULT_PLATFORM: 'linux/arm64' } },
    );
    await engine.createContainer(createRequest());
    await engine.createContainer(createRequest({ platform: 'linux/amd64' }));
    await engine.close();
    expect(server.asked.map(({ url }) => new URLSearchParams(url.split('?')[1]).get('platform'))).toEqual([
      'linux/arm64',
      'linux/amd64',
    ]);
  });
});
