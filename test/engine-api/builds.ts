// `/grpc` and `/session`: builds over BuildKit's protocol.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decode, encode, messagesOf, textOf } from '../../src/protobuf.ts';
import { BuildkitClient } from '../support/buildkit-client.ts';
import { archiveOf } from '../support/tar.ts';
import { type At, good, jsonLines } from './bench.ts';

const FILES = {
  Dockerfile: [
    'FROM busybox AS one',
    'ARG WHO=nobody',
    'RUN --mount=type=secret,id=token echo "hello $WHO $(wc -c < /run/secrets/token)"',
    'COPY deep /copied/',
    'FROM one',
    'RUN ls /copied',
    'CMD ["true"]',
  ].join('\n'),
  '.dockerignore': 'deep/left\n',
  'deep/left': 'x',
  'deep/kept': 'y'.repeat(100_000),
  unused: 'z',
};

/** A line of `POST /build?version=2`. */
type Traced = Readonly<Record<string, unknown>>;

/** What commands have written, of a `StatusResponse` a line. */
const logOf = (lines: readonly Traced[]): string =>
  lines
    .filter(({ id }) => id === 'moby.buildkit.trace')
    .flatMap(({ aux }) => messagesOf(decode(Buffer.from(String(aux), 'base64')), 3))
    .map((log) => textOf(log, 4))
    .join('');

export function builds(at: At): void {
  const tag = `windlass-buildkit-${process.pid}`;
  let client: BuildkitClient | undefined;
  const buildkit = (): BuildkitClient => {
    if (!client) throw new Error('not connected yet');
    return client;
  };
  beforeAll(async () => {
    client = await BuildkitClient.connect(at().api.socketPath);
  });
  afterAll(async () => {
    client?.close();
    await at().api.delete(`/images/${tag}:1`, { force: true });
  });
  const facts = async (): Promise<{ Config: { Labels: unknown; Cmd: unknown } }> =>
    good(await at().api.get(`/images/${tag}:1/json`)).json as { Config: { Labels: unknown; Cmd: unknown } };

  test('one worker at least, for this platform', async () => {
    const [worker = new Map()] = messagesOf(await buildkit().call('ListWorkers', encode({})), 1);
    const platforms = messagesOf(worker, 3).map((platform) => textOf(platform, 2));
    expect(platforms).toContain('linux');
  });
  test.each([
    ['asked for at once', false],
    ['asked for over the bridge, as buildx does', true],
  ])('a folder becomes an image, %s', async (_, overBridge) => {
    const attributes = { 'build-arg:WHO': 'you', 'label:by': 'us', 'no-cache': '' };
    const call = { folders: { context: FILES }, secrets: { token: '12345' }, tags: [`${tag}:1`], attributes };
    const { response, failure, steps, log } = await buildkit().solve({ ...call, overBridge });
    expect(failure).toBeUndefined();
    expect(response.get('containerimage.digest')).toMatch(/^sha256:[0-9a-f]{64}$/);
    const { Config } = await facts();
    expect(Config).toMatchObject({ Labels: { by: 'us' }, Cmd: ['true'] });
    expect(log).toContain('hello you 5');
    expect(log).toMatch(/^kept$/m);
    expect(log).not.toMatch(/^left$/m);
    const names = [...steps.keys()];
    expect(names.some((name) => /^\[one 3\/3\] COPY deep \/copied\/$/.test(name))).toBe(true);
    expect(names.some((name) => /^\[stage-1 \d\/\d\] RUN ls \/copied$/.test(name))).toBe(true);
    expect([...steps.values()].every(({ done, error }) => done && error === '')).toBe(true);
  });
  test('what is not needed is not asked for', async () => {
    const { asked } = await buildkit().solve({ folders: { context: FILES }, attributes: { target: 'one' } });
    const context = asked.filter((one) => one.startsWith('context:') && !one.includes('.dockerignore'));
    expect(context).toEqual(['context:deep']);
  });
  test('what was built before is told to be cached', async () => {
    const call = { folders: { context: FILES }, secrets: { token: '12345' }, attributes: { 'build-arg:WHO': 'you' } };
    await buildkit().solve({ ...call, tags: [`${tag}:1`] });
    const { steps } = await buildkit().solve({ ...call, tags: [`${tag}:1`] });
    const commands = [...steps].filter(([name]) => / (?:RUN|COPY) /.test(name));
    expect(commands.length).toBeGreaterThan(2);
    expect(commands.every(([, { cached }]) => cached)).toBe(true);
  });
  test.each([false, true])('a command that fails is told with its output, over the bridge: %s', async (overBridge) => {
    const Dockerfile = 'FROM busybox\nRUN echo before it fails; exit 3';
    const { failure, log, steps } = await buildkit().solve({ folders: { context: { Dockerfile } }, overBridge });
    expect(failure).toMatch(/exit code: 3/);
    expect(log).toContain('before it fails');
    expect([...steps.values()].filter(({ error }) => error !== '')).toHaveLength(1);
  });
  test('a mistake in the Dockerfile, and none at all', async () => {
    const wrong = await buildkit().solve({ folders: { context: { Dockerfile: 'FROM busybox\nFOO' } } });
    expect(wrong.failure).toMatch(/unknown instruction: FOO/i);
    const none = await buildkit().solve({ folders: { context: { other: 'x' } } });
    expect(none.failure).toMatch(/failed to read dockerfile/i);
  });
  test('a stage, an image and a secret that are not there', async () => {
    const failing = async (Dockerfile: string, target = ''): Promise<string | undefined> =>
      (await buildkit().solve({ folders: { context: { Dockerfile } }, attributes: { target } })).failure;
    expect(await failing('FROM busybox', 'none')).toMatch(/target stage "?none"? could not be found/);
    expect(await failing('FROM busybox\nRUN --mount=type=secret,id=no,required=true true')).toMatch(
      /secret no.*: not found/,
    );
  });
  test('asked for with a plain request, the context being its body', async () => {
    const archive = archiveOf([
      { path: 'Dockerfile', content: 'FROM busybox\nARG A\nCOPY file /file\nRUN echo "plain $A $(cat /file)"' },
      { path: 'file', content: 'content' },
    ]);
    const query = { version: '2', t: `${tag}:1`, buildargs: '{"A":"arg"}', labels: '{"by":"plain"}', nocache: '1' };
    const lines = jsonLines(good(await at().api.ask('POST', '/build', { query, body: archive })).text);
    expect(logOf(lines)).toContain('plain arg content');
    const { aux } = lines.find(({ id }) => id === 'moby.image.id') ?? {};
    expect(good(await at().api.get(`/images/${tag}:1/json`)).json).toMatchObject({
      ...{ Id: (aux as { ID: string }).ID, Config: { Labels: { by: 'plain' } } },
    });
    const failing = { ...query, target: 'none' };
    const refused = (await at().api.ask('POST', '/build', { query: failing, body: archive })).text;
    expect(refused).toMatch(/target stage \W*none\W* could not be found/);
  });
  test('asked for with one request, while another brings the context', async () => {
    const body = archiveOf([{ path: 'Dockerfile', content: 'FROM busybox\nRUN echo from afar' }]);
    const id = `${tag}-upload`;
    const brought = at().api.ask('POST', '/build', { query: { version: '2', buildid: `upload-request:${id}` }, body });
    const query = { version: '2', buildid: id, remote: 'upload-request', nocache: '1', t: `${tag}:1` };
    const lines = jsonLines(good(await at().api.ask('POST', '/build', { query })).text);
    expect((await brought).status).toBe(200);
    expect(logOf(lines)).toContain('from afar');
    expect((await at().api.ask('POST', '/build/cancel', { query: { id } })).status).toBe(200);
    expect((await at().api.ask('POST', '/build/cancel')).status).toBeGreaterThanOrEqual(400);
  });
  test('a method that nobody knows', async () => {
    await expect(buildkit().call('Nonsense', encode({}))).rejects.toThrow(/unknown method/i);
  });
  test('a call whose message is none ends, and the connection goes on', async () => {
    await expect(buildkit().call('Solve', Buffer.from([0xff, 0xff]))).rejects.toThrow();
    expect(messagesOf(await buildkit().call('ListWorkers', encode({})), 1)).not.toEqual([]);
  });
}
