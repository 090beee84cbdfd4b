// Podman, as 4.3.1 answers where it departs from Docker.
import { expect, it, onTestFinished } from 'vitest';
import { connectDockerEngine } from '../../../src/engine/client/index.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { createRequest } from '../../support/create-request.ts';
import { type Answer, type EngineServer, engineServer, json } from '../../support/engine-server.ts';

async function podman(
  answer: Readonly<Record<string, Answer>>,
): Promise<{ readonly engine: Engine; readonly server: EngineServer }> {
  const server = await engineServer(answer, '1.41', 'Libpod/4.3.1 (linux)');
  const engine = await connectDockerEngine(
    { address: { type: 'unix', path: server.socket }, configDirectory: '/no/such/folder' },
    { env: {} },
  );
  onTestFinished(() => engine.close());
  expect(engine.kind).toBe('podman');
  return { engine, server };
}

/** JSON that does not say so. */
const untyped =
  (value: unknown): Answer =>
  (_asked, response) => {
    response.writeHead(200).end(JSON.stringify(value));
  };

it.each([
  [
    ['PID   USER     COMMAND'],
    [['1 root     sh -c sleep 300']],
    ['PID', 'USER', 'COMMAND'],
    ['1', 'root', 'sh -c sleep 300'],
  ],
  [['PID', 'CMD'], [['1', 'sleep 9']], ['PID', 'CMD'], ['1', 'sleep 9']],
])('processes come in columns: %j', async (Titles, Processes, titles, row) => {
  const { engine } = await podman({ 'GET /containers/x/top': untyped({ Titles, Processes }) });
  expect(await engine.top('x')).toEqual({ titles, processes: [row] });
});

it('containers have familiar images and the ids of their networks', async () => {
  const one = (Image: string) => ({
    ...{
      Id: Image,
      Names: ['/a'],
      Image,
      ImageID: 'sha256:1',
      Command: '',
      Created: 1,
      Ports: [],
      Labels: {},
      Mounts: [],
    },
    ...{ State: 'running', Status: 'Up', NetworkSettings: { Networks: { shop: { NetworkID: 'shop' } } } },
  });
  const digest = `sha256:${'a'.repeat(64)}`;
  const { engine } = await podman({
    'GET /containers/json': json(
      ['docker.io/library/busybox:latest', `docker.io/me/app@${digest}`, 'localhost/own:1', 'quay.io/a/b:2'].map(one),
    ),
    'GET /networks': json([{ Name: 'shop', Id: 'f00d' }]),
  });
  const found = await engine.listContainers('shop');
  expect(found.map(({ image }) => image)).toEqual([
    'busybox:latest',
    `me/app@${digest}`,
    'localhost/own:1',
    'quay.io/a/b:2',
  ]);
  expect(found[0]?.networks.shop?.id).toBe('f00d');
});

it('nothing is put where nothing is', async () => {
  const { engine, server } = await podman({
    'HEAD /containers/x/archive': (_asked, response) => {
      response.writeHead(404).end();
    },
    'PUT /containers/x/archive': json({}),
  });
  await expect(engine.putArchive('x', '/none', Buffer.alloc(1024))).rejects.toMatchObject({ kind: 'not-found' });
  await engine.putArchive('x', '/', Buffer.alloc(1024));
  expect(server.asked.map(({ method }) => method)).toEqual(['HEAD', 'PUT']);
});

it('a bind mount that must find its folder does not get one made', async () => {
  const { engine, server } = await podman({});
  const bind = { type: 'bind' as const, source: '/no/such/folder', target: '/x', bind: { create_host_path: false } };
  await expect(engine.createContainer(createRequest({ volumes: [bind] }))).rejects.toMatchObject({
    message: expect.stringContaining('/no/such/folder'),
    hint: expect.stringMatching(/create th/),
  });
  expect(server.asked).toEqual([]);
});

it.each([
  [[], ['DELETE', 'GET', 'DELETE']],
  // By its id it would lose its other names too.
  [['other:1'], ['DELETE', 'GET']],
])('an image that a digest names goes by its id, unless it has other names: %j', async (RepoTags, asked) => {
  const reference = `a@sha256:${'b'.repeat(64)}`;
  const { engine, server } = await podman({
    [`DELETE /images/${encodeURIComponent(reference)}`]: json({ message: `${reference}: tag not known` }, 500),
    [`GET /images/${encodeURIComponent(reference)}/json`]: json({ Id: 'sha256:c', RepoTags }),
    'DELETE /images/sha256%3Ac': json([]),
  });
  const removal = engine.removeImage(reference, { force: false });
  if (RepoTags.length === 0) await removal;
  else await expect(removal).rejects.toThrow('tag not known');
  expect(server.asked.map(({ method }) => method)).toEqual(asked);
});
