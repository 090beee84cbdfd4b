// What an engine tells of itself, and how it refuses what it does not know.
import { expect, test } from 'vitest';
import { type At, expectRefusal, good } from './bench.ts';

const VERSION = /^1\.\d+$/;

export function system(at: At): void {
  test('_ping answers OK, with and without a version in the path', async () => {
    for (const version of ['', '1.24', '1.41']) {
      const answer = await at().api.get('/_ping', {}, { version });
      expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([
        200,
        'OK',
        'text/plain; charset=utf-8',
      ]);
    }
  });

  test('_ping tells what clients negotiate by', async () => {
    const { headers } = await at().api.get('/_ping', {}, { version: '' });
    expect(headers['api-version']).toMatch(VERSION);
    expect(headers.ostype).toBe('linux');
    expect(headers['docker-experimental']).toBe('false');
    expect(headers['cache-control']).toBe('no-cache, no-store, must-revalidate');
    expect(headers.pragma).toBe('no-cache');
    expect(headers.server).toMatch(/\(linux\)$/);
  });

  test('HEAD _ping has the same head and no body', async () => {
    const answer = await at().api.ask('HEAD', '/_ping', { version: '' });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.headers['api-version']).toMatch(VERSION);
  });

  test('every answer names the API version, the system and the server', async () => {
    for (const path of ['/version', '/containers/json', '/containers/no-such/json']) {
      const { headers } = await at().api.get(path);
      expect(headers['api-version'], path).toMatch(VERSION);
      expect(headers.ostype, path).toBe('linux');
      expect(headers.server, path).toBeDefined();
    }
  });

  test('version', async () => {
    const { json } = good(await at().api.get('/version'));
    expect(json).toMatchObject({
      Platform: { Name: expect.any(String) },
      Version: expect.stringMatching(/^\d+\.\d+/),
      ApiVersion: expect.stringMatching(VERSION),
      MinAPIVersion: expect.stringMatching(VERSION),
      GitCommit: expect.any(String),
      GoVersion: expect.any(String),
      Os: 'linux',
      Arch: expect.stringMatching(/^(amd64|arm64)$/),
      KernelVersion: expect.stringMatching(/^\d+\./),
    });
    expect(json).toHaveProperty('Components.0.Name', 'Engine');
    expect(json).toHaveProperty('Components.0.Details.ApiVersion', (json as { ApiVersion: string }).ApiVersion);
  });

  test('info', async () => {
    expect(good(await at().api.get('/info')).json).toMatchObject({
      ID: expect.any(String),
      Driver: 'overlay2',
      Images: expect.any(Number),
      MemTotal: expect.any(Number),
      NCPU: expect.any(Number),
      OSType: 'linux',
      Architecture: expect.stringMatching(/^(x86_64|aarch64)$/),
      CgroupVersion: expect.stringMatching(/^[12]$/),
      LoggingDriver: 'json-file',
      IndexServerAddress: 'https://index.docker.io/v1/',
      DockerRootDir: expect.stringMatching(/^\//),
      Swarm: { LocalNodeState: 'inactive', ControlAvailable: false },
      Plugins: {
        Volume: expect.arrayContaining(['local']),
        Network: expect.arrayContaining(['bridge', 'host', 'null']),
      },
      RegistryConfig: { InsecureRegistryCIDRs: expect.arrayContaining(['127.0.0.0/8']) },
      SecurityOptions: expect.arrayContaining([expect.stringMatching(/^name=seccomp/)]),
    });
  });

  test('info counts containers by their state', async () => {
    const { api } = at();
    const counts = async (): Promise<number[]> => {
      const info = good(await api.get('/info')).json as Record<string, number>;
      return [info.Containers ?? 0, info.ContainersStopped ?? 0];
    };
    // Others may use the engine at the same time: what is looked at is that a new one counts.
    await at().create();
    const [all = 0, stopped = 0] = await counts();
    expect(all).toBeGreaterThan(0);
    expect(stopped).toBeGreaterThan(0);
  });

  test('df lists images, containers, volumes and the build cache', async () => {
    const id = await at().create();
    const volume = await at().volume();
    const { json } = good(await at().api.get('/system/df'));
    expect(json).toMatchObject({
      LayersSize: expect.any(Number),
      Images: expect.arrayContaining([
        expect.objectContaining({
          RepoTags: expect.arrayContaining(['busybox:latest']),
          Size: expect.any(Number),
          Containers: expect.any(Number),
        }),
      ]),
      Containers: expect.arrayContaining([
        expect.objectContaining({ Id: id, State: 'created', Image: 'busybox:latest' }),
      ]),
      Volumes: expect.arrayContaining([
        expect.objectContaining({ Name: volume, Driver: 'local', UsageData: { Size: 0, RefCount: 0 } }),
      ]),
    });
  });

  test('df knows how much a container and a volume hold', async () => {
    const volume = await at().volume();
    const id = await at().finished('head -c 300000 /dev/zero > /data/f; head -c 200000 /dev/zero > /f', {
      HostConfig: { Binds: [`${volume}:/data`] },
    });
    const df = good(await at().api.get('/system/df')).json as {
      Containers: { Id: string; SizeRw?: number; SizeRootFs?: number }[];
      Volumes: { Name: string; UsageData: { Size: number; RefCount: number } }[];
    };
    const container = df.Containers.find(({ Id }) => Id === id);
    expect(container?.SizeRw).toBeGreaterThanOrEqual(200_000);
    expect(container?.SizeRw).toBeLessThan(290_000);
    expect(container?.SizeRootFs).toBeGreaterThan(1_000_000);
    const usage = df.Volumes.find(({ Name }) => Name === volume)?.UsageData;
    expect(usage?.RefCount).toBe(1);
    expect(usage?.Size).toBeGreaterThanOrEqual(300_000);
  });

  test('an unknown path is 404 with a message', async () => {
    for (const path of ['/no/such/path', '/containers', '/containers/x/y/z'])
      expectRefusal(await at().api.get(path), 404, 'page not found');
  });

  test('a known path with another method is 404 too', async () => {
    expectRefusal(await at().api.ask('PUT', '/containers/json'), 404, 'page not found');
  });

  test('a version from the future is refused with the newest there is', async () => {
    const { headers } = await at().api.get('/_ping');
    expectRefusal(
      await at().api.get('/containers/json', {}, { version: '1.99' }),
      400,
      `client version 1.99 is too new. Maximum supported API version is ${headers['api-version']}`,
    );
  });

  test('a version from the past is refused with the oldest there is', async () => {
    const { json } = good(await at().api.get('/version'));
    const { status, text } = await at().api.get('/containers/json', {}, { version: '1.10' });
    // Clients of that time read the bare text.
    expect([status, text]).toEqual([
      400,
      expect.stringContaining(
        `client version 1.10 is too old. Minimum supported API version is ${(json as { MinAPIVersion: string }).MinAPIVersion}, please upgrade your client to a newer version`,
      ),
    ]);
  });

  test.each(['/swarm', '/services', '/nodes', '/tasks', '/secrets', '/configs'])(
    '%s without a swarm is 503',
    async (path) => {
      expectRefusal(await at().api.get(path), 503, /^This node is not a swarm manager\./);
    },
  );

  test('swarm leave without a swarm is 503', async () => {
    expectRefusal(await at().api.post('/swarm/leave'), 503, /This node is not (part of a swarm|a swarm manager)/);
  });

  test('there are no plugins, and an unknown one is not found', async () => {
    expect(good(await at().api.get('/plugins')).json).toEqual([]);
    expectRefusal(await at().api.get('/plugins/no-such/json'), 404, 'plugin "no-such" not found');
  });

  test('logging in at a registry that is not there fails with its address', async () => {
    const answer = await at().api.post('/auth', { username: 'a', password: 'secret-b', serveraddress: '127.0.0.1:47' });
    expectRefusal(answer, 500, /127\.0\.0\.1:47/);
    expect(answer.text).not.toContain('secret-b');
  });

  test('pruning the build cache tells what it freed', async () => {
    expect(good(await at().api.post('/build/prune')).json).toMatchObject({ SpaceReclaimed: expect.any(Number) });
  });

  test('a body that is no JSON is 400', async () => {
    for (const path of ['/containers/create', '/networks/create', '/volumes/create']) {
      const answer = await at().api.post(path, '{"Image":', {}, { headers: { 'Content-Type': 'application/json' } });
      const status =
        path !== '/containers/create' ? 400 : at().differs('mistakes are 4xx', { docker: 500, native: 400 });
      expect([path, answer.status, answer.message.length > 0]).toEqual([path, status, true]);
    }
  });

  test('a body of the wrong kind is 400', async () => {
    const answer = await at().api.post('/containers/create', { Image: 5 });
    const status = at().differs('mistakes are 4xx', { docker: 500, native: 400 });
    expect([answer.status, answer.message.length > 0]).toEqual([status, true]);
  });
}
