// `/images/…`, `/distribution/…`, `/commit`: with a registry of the test's own.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Registry, startRegistry } from '../support/registry.ts';
import { archiveOf, digestOf, imageOf, savedImage } from '../support/tar.ts';
import { type At, expectRefusal, filtersOf, good, IMAGE, idOf, jsonLines } from './bench.ts';

const AUTH = (username: string, password: string, serveraddress: string): Record<string, string> => ({
  // Docker 20.10 reads the padded kind only.
  'X-Registry-Auth': Buffer.from(JSON.stringify({ username, password, serveraddress }))
    .toString('base64')
    .replaceAll('+', '-')
    .replaceAll('/', '_'),
});

export function images(at: At): void {
  let open: Registry;
  let closed: Registry;
  let busybox = '';
  beforeAll(async () => {
    [open, closed] = await Promise.all([startRegistry(), startRegistry({ user: 'me', password: 'pass-word' })]);
    busybox = (good(await at().api.get(`/images/${IMAGE}/json`)).json as { Id: string }).Id;
  });
  afterAll(async () => {
    await open.close();
    await closed.close();
  });
  const tagged = async (tag = 'latest'): Promise<string> => {
    const repo = at().image();
    good(await at().api.post(`/images/${IMAGE}/tag`, undefined, { repo, tag }));
    if (tag !== 'latest') at().forgetImage(`${repo}:${tag}`);
    return repo;
  };
  const inspect = async (name: string): Promise<unknown> => good(await at().api.get(`/images/${name}/json`)).json;

  test('a line of the list', async () => {
    const { json } = good(await at().api.get('/images/json'));
    const line = (json as { Id: string }[]).find(({ Id }) => Id === busybox);
    expect(line).toMatchObject({
      Id: busybox,
      RepoTags: expect.arrayContaining([IMAGE]),
      Created: expect.any(Number),
      Size: expect.any(Number),
      SharedSize: -1,
      Containers: -1,
      ParentId: '',
    });
    expect(line).toHaveProperty('RepoDigests');
    expect(line).toHaveProperty('Labels');
  });
  test('the list: references and labels', async () => {
    const repo = await tagged('one');
    const list = async (filters: Readonly<Record<string, string[]>>): Promise<(string[] | null)[]> =>
      (
        good(await at().api.get('/images/json', { filters: filtersOf(filters) })).json as {
          RepoTags: string[] | null;
        }[]
      ).map(({ RepoTags }) => RepoTags);
    expect(await list({ reference: [repo] })).toEqual([[`${repo}:one`]]);
    expect(await list({ reference: [`${repo.slice(0, -3)}*:o?e`] })).toEqual(
      expect.arrayContaining([expect.arrayContaining([`${repo}:one`])]),
    );
    expect(await list({ reference: [`${repo}:two`] })).toEqual([]);
    expect(await list({ label: ['wlt-none'] })).toEqual([]);
    expect((await list({ dangling: ['false'] })).flat()).toContain(IMAGE);
  });
  test('the list refuses unknown filters', async () => {
    expectRefusal(
      await at().api.get('/images/json', { filters: filtersOf({ wat: ['1'] }) }),
      400,
      /[Ii]nvalid filter '?wat'?/,
    );
  });
  test('inspect', async () => {
    expect(await inspect('busybox')).toMatchObject({
      Id: busybox,
      RepoTags: expect.arrayContaining([IMAGE]),
      Created: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      Config: { Cmd: expect.any(Array) },
      Architecture: expect.stringMatching(/^(amd64|arm64)$/),
      Os: 'linux',
      Size: expect.any(Number),
      GraphDriver: { Name: 'overlay2', Data: { UpperDir: expect.any(String) } },
      RootFS: { Type: 'layers', Layers: [expect.stringMatching(/^sha256:/)] },
      Metadata: { LastTagTime: expect.any(String) },
      Parent: '',
      Author: '',
    });
  });
  test('inspect by id, short id, and with the registry spelt out', async () => {
    for (const name of [busybox, busybox.slice(7), busybox.slice(7, 19), 'docker.io/library/busybox', 'busybox:latest'])
      expect(await inspect(name), name).toHaveProperty('Id', busybox);
  });
  test('what is not there is 404', async () => {
    expectRefusal(await at().api.get('/images/wlt-none/json'), 404, /[Nn]o such image: wlt-none:latest$/);
    expectRefusal(await at().api.get('/images/wlt-none:one/history'), 404, /No such image: wlt-none:one$/);
    expectRefusal(await at().api.delete('/images/wlt-none'), 404, /[Nn]o such image: wlt-none:latest$/);
    expectRefusal(
      await at().api.post('/images/wlt-none/tag', undefined, { repo: 'x' }),
      404,
      'No such image: wlt-none:latest',
    );
  });
  test('history tells how it was made', async () => {
    const history = good(await at().api.get(`/images/${IMAGE}/history`)).json as object[];
    expect(history[0]).toMatchObject({
      Id: busybox,
      Created: expect.any(Number),
      CreatedBy: expect.any(String),
      Size: expect.any(Number),
      Comment: expect.any(String),
      Tags: expect.arrayContaining([IMAGE]),
    });
    const size = history.reduce((sum, entry) => sum + (entry as { Size: number }).Size, 0);
    expect(size).toBeGreaterThan(1_000_000);
  });
  test('tag is 201, moves, and is found', async () => {
    const repo = await tagged();
    expect(await inspect(repo)).toHaveProperty('Id', busybox);
    expect((await at().api.post(`/images/${IMAGE}/tag`, undefined, { repo, tag: 'v1' })).status).toBe(201);
    at().forgetImage(`${repo}:v1`);
    expect(await inspect(`${repo}:v1`)).toHaveProperty('Id', busybox);
  });
  test('tag refuses names that are none', async () => {
    const tag = (repo: string, name = '') => at().api.post(`/images/${IMAGE}/tag`, undefined, { repo, tag: name });
    const mistake = at().differs('mistakes are 4xx', { docker: 500, native: 400 });
    expectRefusal(await tag('UPPER'), mistake, /invalid reference format/);
    expectRefusal(await tag('a', 'no such tag'), mistake, /invalid (reference|tag) format/);
    expectRefusal(await tag(''), mistake, /invalid reference format/);
    expectRefusal(await tag('sha256', 'x'), 400, /ambiguous tag using digest algorithm as name/);
  });
  test('a platform that is none is told before anybody is asked for it', async () => {
    const pulled = await at().api.post('/images/create', undefined, {
      fromImage: 'wlt.invalid/x:1',
      platform: 'foobar',
    });
    expectRefusal(pulled, 400, /unknown operating system or architecture/);
    const context = archiveOf([{ path: 'Dockerfile', content: `FROM ${IMAGE}\n` }]);
    const built = await at().api.post('/build', context, { platform: 'foobar' });
    expectRefusal(built, 400, /unknown operating system or architecture/);
  });
  test('a name is taken away, the image stays while it has another', async () => {
    const repo = await tagged();
    expect(good(await at().api.delete(`/images/${repo}`)).json).toEqual([{ Untagged: `${repo}:latest` }]);
    expect(await inspect(IMAGE)).toHaveProperty('Id', busybox);
  });
  test('an image that is used is not removed', async () => {
    const repo = at().image();
    const own = imageOf([archiveOf([{ path: 'f', content: 'own' }])]);
    good(await at().api.post('/images/load', savedImage(own, `${repo}:latest`)));
    const id = await at().create({ Image: repo });
    const image = digestOf(own.config);
    expectRefusal(
      await at().api.delete(`/images/${repo}`),
      409,
      new RegExp(
        `^conflict: unable to remove repository reference "${repo}" \\(must force\\) - container ${id.slice(0, 12)} is using its referenced image ${image.slice(7, 19)}$`,
      ),
    );
    expectRefusal(
      await at().api.delete(`/images/${image}`),
      409,
      new RegExp(
        `^conflict: unable to delete ${image.slice(7, 19)} \\(must be forced\\) - image is being used by stopped container ${id.slice(0, 12)}$`,
      ),
    );
    await at().remove(id);
    const removed = good(await at().api.delete(`/images/${repo}`)).json;
    expect(removed).toEqual(expect.arrayContaining([{ Untagged: `${repo}:latest` }, { Deleted: image }]));
  });
  test('an image with two names is not removed by id unless forced', async () => {
    const repo = at().image();
    const own = imageOf([archiveOf([{ path: 'f', content: 'two names' }])]);
    good(await at().api.post('/images/load', savedImage(own, `${repo}:latest`)));
    good(await at().api.post(`/images/${repo}/tag`, undefined, { repo, tag: 'b' }));
    const image = digestOf(own.config);
    // Two tags of one repository are one repository: that is no conflict. A second repository is.
    const other = at().image();
    good(await at().api.post(`/images/${repo}/tag`, undefined, { repo: other }));
    expectRefusal(
      await at().api.delete(`/images/${image}`),
      409,
      new RegExp(
        `^conflict: unable to delete ${image.slice(7, 19)} \\(must be forced\\) - image is referenced in multiple repositories$`,
      ),
    );
    const removed = good(await at().api.delete(`/images/${image}`, { force: 1 })).json as object[];
    expect(removed).toEqual(
      expect.arrayContaining([
        { Untagged: `${repo}:latest` },
        { Untagged: `${repo}:b` },
        { Untagged: `${other}:latest` },
        { Deleted: image },
      ]),
    );
  });
  test('load tells what it loaded, and what it loaded runs', async () => {
    const repo = at().image();
    const { body: saved } = good(await at().api.get(`/images/${IMAGE}/get`));
    expect(saved.length).toBeGreaterThan(1_000_000);
    const own = imageOf([archiveOf([{ path: 'note', content: 'loaded\n' }])], { Labels: { x: 'y' } });
    const answer = good(await at().api.post('/images/load', savedImage(own, `${repo}:v2`)));
    at().forgetImage(`${repo}:v2`);
    expect(jsonLines(answer.text).map(({ stream }) => stream)).toContain(`Loaded image: ${repo}:v2\n`);
    expect(await inspect(`${repo}:v2`)).toMatchObject({ Id: digestOf(own.config), Config: { Labels: { x: 'y' } } });
  });
  test('load takes archives of the oldest kind, a folder per layer', async () => {
    const repo = at().image();
    const [lower, upper] = ['1'.repeat(64), '2'.repeat(64)];
    const layer = (id: string, more: object): { path: string; content: string | Buffer }[] => [
      { path: `${id}/VERSION`, content: '1.0' },
      {
        path: `${id}/json`,
        content: JSON.stringify({ id, created: '2016-01-11T20:52:00Z', os: 'linux', architecture: 'amd64', ...more }),
      },
      { path: `${id}/layer.tar`, content: archiveOf([{ path: `file-${id.slice(0, 1)}`, content: id }]) },
    ];
    const archive = archiveOf([
      ...layer(lower, {}),
      ...layer(upper, { parent: lower, config: { Cmd: ['/old'] } }),
      { path: 'repositories', content: JSON.stringify({ [repo]: { old: upper } }) },
    ]);
    good(await at().api.post('/images/load', archive));
    at().forgetImage(`${repo}:old`);
    const inspected = await inspect(`${repo}:old`);
    expect(inspected).toHaveProperty('Config.Cmd', ['/old']);
    expect(inspected).toHaveProperty('RootFS.Layers.length', 2);
  });
  test('load refuses what is no archive of images', async () => {
    const answer = await at().api.post(
      '/images/load',
      archiveOf([{ path: 'manifest.json', content: '{"no":"list"}' }]),
    );
    const said = answer.status >= 400 ? answer.message : String(jsonLines(answer.text).at(-1)?.error ?? '');
    expect(said).not.toBe('');
  });
  test('save and load again give the same image', async () => {
    const repo = await tagged();
    const saved = good(await at().api.get('/images/get', { names: repo })).body;
    good(await at().api.delete(`/images/${repo}`));
    good(await at().api.post('/images/load', saved));
    expect(await inspect(repo)).toHaveProperty('Id', busybox);
  });
  test('save of what is not there is an error', async () => {
    expectRefusal(
      await at().api.get('/images/get', { names: 'wlt-none' }),
      404,
      /(No such image: wlt-none|reference does not exist)/,
    );
  });
  test('import makes an image of one layer, with the changes asked for', async () => {
    const repo = at().image();
    const tar = archiveOf([{ path: 'imported', content: 'yes' }]);
    const query = { fromSrc: '-', repo, tag: 'imp', message: 'by test', changes: 'CMD ["/x"]' };
    const answer = good(await at().api.post('/images/create', tar, query));
    at().forgetImage(`${repo}:imp`);
    expect(jsonLines(answer.text).at(-1)).toMatchObject({ status: expect.stringMatching(/^sha256:/) });
    expect(await inspect(`${repo}:imp`)).toMatchObject({
      Config: { Cmd: ['/x'] },
      Comment: 'by test',
      RootFS: { Layers: [digestOf(tar)] },
    });
  });
  test('push and pull, with progress and digest', async () => {
    const repo = `${open.host}/${at().image()}`;
    at().forgetImage(`${repo}:v1`);
    good(await at().api.post(`/images/${IMAGE}/tag`, undefined, { repo, tag: 'v1' }));
    const pushed = good(
      await at().api.post(`/images/${repo}/push`, undefined, { tag: 'v1' }, { headers: AUTH('', '', '') }),
    );
    const lines = jsonLines(pushed.text);
    expect(lines[0]?.status).toBe(`The push refers to repository [${repo}]`);
    const { Digest } = (lines.at(-1)?.aux ?? {}) as { Digest: string };
    expect(lines.at(-1)?.aux).toEqual({
      Tag: 'v1',
      Digest: expect.stringMatching(/^sha256:/),
      Size: expect.any(Number),
    });
    expect(lines.some(({ status }) => String(status).startsWith(`v1: digest: ${Digest} size: `))).toBe(true);
    good(await at().api.delete(`/images/${repo}:v1`));
    const pulled = jsonLines(
      good(await at().api.post('/images/create', undefined, { fromImage: repo, tag: 'v1' })).text,
    );
    expect(pulled[0]).toMatchObject({ status: expect.stringMatching(/^Pulling from wlt-api-/), id: 'v1' });
    expect(pulled.slice(-2)).toEqual([
      { status: `Digest: ${Digest}` },
      {
        status: expect.stringMatching(
          new RegExp(`^Status: (Downloaded newer image|Image is up to date) for ${repo}:v1$`),
        ),
      },
    ]);
    expect(await inspect(`${repo}:v1`)).toMatchObject({
      Id: busybox,
      RepoDigests: expect.arrayContaining([`${repo}@${Digest}`]),
    });
    const byDigest = good(await at().api.post('/images/create', undefined, { fromImage: `${repo}@${Digest}` }));
    expect(byDigest.text).toContain(`Digest: ${Digest}`);
    expect(await inspect(`${repo}@${Digest}`)).toHaveProperty('Id', busybox);
    const distribution = good(await at().api.get(`/distribution/${repo}:v1/json`)).json;
    expect(distribution).toMatchObject({
      Descriptor: { digest: Digest, mediaType: expect.stringContaining('manifest'), size: expect.any(Number) },
      Platforms: [{ os: 'linux' }],
    });
  });
  test('pull of what the registry does not have is refused', async () => {
    const answer = await at().api.post('/images/create', undefined, { fromImage: `${open.host}/wlt-none`, tag: 'x' });
    expectRefusal(answer, at().differs('not in the registry', { docker: 500, native: 404 }), /manifest unknown/);
  });
  test('pull from where nothing listens is 500 with the address', async () => {
    expectRefusal(
      await at().api.post('/images/create', undefined, { fromImage: '127.0.0.1:47/x' }),
      500,
      /127\.0\.0\.1:47.*refused/i,
    );
  });
  test('pull of a name that is none is 400', async () => {
    expectRefusal(
      await at().api.post('/images/create', undefined, { fromImage: 'UPPER' }),
      400,
      /invalid reference format/,
    );
  });
  test('push of what is not there is told in the stream', async () => {
    const answer = await at().api.post(
      '/images/127.0.0.1:47/wlt-none/push',
      undefined,
      {},
      { headers: AUTH('', '', '') },
    );
    expect(answer.status).toBe(200);
    expect(jsonLines(answer.text).at(-1)).toMatchObject({
      error: 'An image does not exist locally with the tag: 127.0.0.1:47/wlt-none',
      errorDetail: { message: 'An image does not exist locally with the tag: 127.0.0.1:47/wlt-none' },
    });
  });
  test('a registry with a password serves those who have it', async () => {
    const repo = `${closed.host}/${at().image()}`;
    at().forgetImage(repo);
    good(await at().api.post(`/images/${IMAGE}/tag`, undefined, { repo }));
    const pushed = jsonLines(
      good(
        await at().api.post(`/images/${repo}/push`, undefined, {}, { headers: AUTH('me', 'pass-word', closed.host) }),
      ).text,
    );
    expect(pushed.at(-1)).toHaveProperty('aux.Digest');
    const anonymous = await at().api.post('/images/create', undefined, { fromImage: repo, tag: 'latest' });
    expectRefusal(
      anonymous,
      at().differs('not in the registry', { docker: 500, native: 404 }),
      /denied|unauthorized|no basic auth credentials|authentication required/,
    );
  });
  test('login: the right password is accepted, a wrong one is not', async () => {
    const login = (password: string) =>
      at().api.post('/auth', { username: 'me', password, serveraddress: closed.host });
    expect(good(await login('pass-word')).json).toMatchObject({ Status: 'Login Succeeded' });
    const wrong = await login('wrong-pass');
    expect(wrong.status).toBeGreaterThanOrEqual(401);
    expect(wrong.text).not.toContain('wrong-pass');
  });
  test('prune takes images without a name', async () => {
    const repo = at().image();
    const [first, second] = [1, 2].map((n) =>
      imageOf([archiveOf([{ path: 'f', content: `prune ${n}` }])], { Labels: { prune: at().prefix } }),
    );
    if (!first || !second) throw new Error('two images are made');
    good(await at().api.post('/images/load', savedImage(first, `${repo}:latest`)));
    good(await at().api.post('/images/load', savedImage(second, `${repo}:latest`)));
    const label = [`prune=${at().prefix}`];
    const prune = (filters: Record<string, string[]>) =>
      at().api.post('/images/prune', undefined, { filters: filtersOf({ dangling: ['true'], label, ...filters }) });
    // What is younger than asked for, or has a label that is to be spared, stays.
    for (const spared of [{ until: ['1970-01-02T00:00:00Z'] }, { 'label!': label }])
      expect(good(await prune(spared)).json).toMatchObject({ ImagesDeleted: null });
    expectRefusal(await prune({ wat: ['1'] }), 400, /[Ii]nvalid filter '?wat'?/);
    const filters = filtersOf({ dangling: ['true'], label });
    const { json } = good(await at().api.post('/images/prune', undefined, { filters }));
    expect(json).toMatchObject({
      ImagesDeleted: expect.arrayContaining([{ Deleted: digestOf(first.config) }]),
      SpaceReclaimed: expect.any(Number),
    });
    expect(await inspect(repo)).toHaveProperty('Id', digestOf(second.config));
  });
  test('commit makes an image of a container', async () => {
    const id = await at().finished('echo committed > /note');
    const repo = at().image();
    const answer = await at().api.post(
      '/commit',
      { Env: ['C=1'] },
      { container: id, repo, tag: 'c', comment: 'why', author: 'who', changes: 'CMD ["cat","/note"]' },
    );
    at().forgetImage(`${repo}:c`);
    expect([answer.status, idOf(answer)]).toEqual([201, expect.stringMatching(/^sha256:/)]);
    expect(await inspect(`${repo}:c`)).toMatchObject({
      Id: idOf(answer),
      Comment: 'why',
      Author: 'who',
      Config: { Cmd: ['cat', '/note'] },
    });
    const made = await at().create({ Image: `${repo}:c`, Cmd: null });
    await at().start(made);
    await at().waitFor(made);
    expect((await at().logs(made)).stdout).toBe('committed\n');
    await at().remove(made);
  });
  test('searching needs a term', async () => {
    const answer = await at().api.get('/images/search');
    expect([answer.status >= 400, answer.message.length > 0]).toEqual([true, true]);
  });
}
