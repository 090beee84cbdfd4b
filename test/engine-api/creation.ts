// `POST /containers/create`: what is refused, with which text, and what is made of the rest.
import { expect, test } from 'vitest';
import { type At, type CreateBody, expectRefusal, filtersOf, good, IMAGE, idOf } from './bench.ts';
import type { Difference } from './differences.ts';

interface Refused {
  readonly what: string;
  readonly body: CreateBody;
  readonly status: number;
  readonly message: RegExp | string;
  /** What Docker 20.10 answers instead, and why that is wrong. */
  readonly docker?: readonly [status: number, why: Difference];
}

const host = (HostConfig: CreateBody['HostConfig']): CreateBody => ({ ...(HostConfig ? { HostConfig } : {}) });

const REFUSED: readonly Refused[] = [
  {
    what: 'an image that is not there',
    body: { Image: 'wlt-no-such' },
    status: 404,
    message: 'No such image: wlt-no-such:latest',
  },
  {
    what: 'an image with a tag that is not there',
    body: { Image: 'busybox:wlt-none' },
    status: 404,
    message: 'No such image: busybox:wlt-none',
  },
  {
    what: 'no image at all',
    body: { Image: '' },
    status: 400,
    message: /no image specified|invalid reference format|repository name must/,
    docker: [201, 'told when made'],
  },
  {
    what: 'an image name that is none',
    body: { Image: 'UPPER/case' },
    status: 400,
    message: 'invalid reference format: repository name must be lowercase',
  },
  {
    what: 'a volume at a relative path',
    body: host({ Binds: ['v1:relative'] }),
    status: 400,
    message: /^invalid volume specification: 'v1:relative': .*mount path must be absolute/,
    docker: [500, 'mistakes are 4xx'],
  },
  {
    what: 'a bind with too many colons',
    body: host({ Binds: ['/a:/b:ro:x'] }),
    status: 400,
    message: "invalid volume specification: '/a:/b:ro:x'",
    docker: [500, 'mistakes are 4xx'],
  },
  {
    what: 'a bind with an unknown mode',
    body: host({ Binds: ['/a:/b:rx'] }),
    status: 400,
    message: /^invalid mode: rx$/,
    docker: [500, 'mistakes are 4xx'],
  },
  {
    what: 'a bind without a target',
    body: host({ Binds: ['/a:'] }),
    status: 400,
    message: /^invalid volume specification: '\/a:'/,
    docker: [500, 'mistakes are 4xx'],
  },
  {
    what: 'a volume name with a slash',
    body: host({ Binds: ['a/b:/c'] }),
    status: 400,
    message:
      /"a\/b" includes invalid characters for a local volume name, only "\[a-zA-Z0-9\]\[a-zA-Z0-9_\.-\]" are allowed\. If you intended to pass a host directory, use absolute path/,
  },
  {
    what: 'a bind onto the root',
    body: host({ Binds: ['/tmp:/'] }),
    status: 400,
    message: /destination can't be '\/'/,
    docker: [500, 'mistakes are 4xx'],
  },
  {
    what: 'two binds at one place',
    body: host({ Binds: ['/tmp:/a', '/var:/a'] }),
    status: 400,
    message: 'Duplicate mount point: /a',
  },
  {
    what: 'a mount of an unknown kind',
    body: host({ Mounts: [{ Type: 'wat', Target: '/a' }] }),
    status: 400,
    message: /mount type unknown/,
  },
  {
    what: 'a bind mount whose source is not there',
    body: host({ Mounts: [{ Type: 'bind', Source: '/no/such/wlt', Target: '/a' }] }),
    status: 400,
    message: 'invalid mount config for type "bind": bind source path does not exist: /no/such/wlt',
  },
  {
    what: 'a bind mount without a source',
    body: host({ Mounts: [{ Type: 'bind', Target: '/a' }] }),
    status: 400,
    message: 'invalid mount config for type "bind": field Source must not be empty',
  },
  {
    what: 'a mount without a target',
    body: host({ Mounts: [{ Type: 'volume', Source: 'x' }] }),
    status: 400,
    message: 'invalid mount config for type "volume": field Target must not be empty',
  },
  {
    what: 'a tmpfs mount with a source',
    body: host({ Mounts: [{ Type: 'tmpfs', Source: '/x', Target: '/a' }] }),
    status: 400,
    message: 'invalid mount config for type "tmpfs": field Source must not be specified',
  },
  {
    what: 'a network mode that names no container',
    body: host({ NetworkMode: 'container:' }),
    status: 400,
    message: /invalid container (format|network)/i,
  },
  {
    what: 'a port that is no number',
    body: host({ PortBindings: { 'abc/tcp': [{ HostPort: '1' }] } }),
    status: 400,
    message: /invalid port/i,
  },
  {
    what: 'a host port that is no number',
    body: host({ PortBindings: { '80/tcp': [{ HostPort: 'abc' }] } }),
    status: 400,
    message: /invalid port specification: "abc"/i,
  },
  {
    what: 'a restart policy that is none',
    body: host({ RestartPolicy: { Name: 'sometimes' } }),
    status: 400,
    message: /invalid restart policy '?sometimes'?/,
  },
  {
    what: 'a restart count for "always"',
    body: host({ RestartPolicy: { Name: 'always', MaximumRetryCount: 3 } }),
    status: 400,
    message: /maximum retry count cannot be used with restart policy 'always'/,
  },
  {
    what: 'a negative restart count',
    body: host({ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: -1 } }),
    status: 400,
    message: /maximum retry count cannot be negative/,
  },
  {
    what: 'a restart policy together with removal',
    body: host({ RestartPolicy: { Name: 'always' }, AutoRemove: true }),
    status: 400,
    message: /can't create 'AutoRemove' container with restart policy/,
  },
  {
    what: 'less memory than the least',
    body: host({ Memory: 1024 }),
    status: 400,
    message: 'Minimum memory limit allowed is 6MB',
  },
  {
    what: 'swap below memory',
    body: host({ Memory: 67108864, MemorySwap: 33554432 }),
    status: 400,
    message: 'Minimum memoryswap limit should be larger than memory limit, see usage',
  },
  {
    what: 'swap without memory',
    body: host({ MemorySwap: 67108864 }),
    status: 400,
    message: 'You should always set the Memory limit when using Memoryswap limit, see usage',
  },
  {
    what: 'a swappiness beyond 100',
    body: host({ MemorySwappiness: 101 }),
    status: 400,
    message: 'Invalid value: 101, valid memory swappiness range is 0-100',
  },
  {
    what: 'a reservation above the limit',
    body: host({ Memory: 67108864, MemoryReservation: 134217728 }),
    status: 400,
    message: 'Minimum memory limit can not be less than memory reservation limit, see usage',
  },
  {
    what: 'more CPUs than there are',
    body: host({ NanoCpus: 1_000_000_000_000 }),
    status: 400,
    message: /^Range of CPUs is from 0\.01 to \d+\.00, as there are only \d+ CPUs available$/,
  },
  {
    what: 'CPUs in two ways',
    body: host({ NanoCpus: 1_000_000_000, CpuPeriod: 100000 }),
    status: 400,
    message: 'Conflicting options: Nano CPUs and CPU Period cannot both be set',
  },
  {
    what: 'a CPU period out of range',
    body: host({ CpuPeriod: 10 }),
    status: 400,
    message: 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
  },
  {
    what: 'a CPU quota below the least',
    body: host({ CpuQuota: 10 }),
    status: 400,
    message: 'CPU cfs quota can not be less than 1ms (i.e. 1000)',
  },
  {
    what: 'CPUs that are not there',
    body: host({ CpusetCpus: '999' }),
    status: 400,
    message: /^Requested CPUs are not available - requested 999, available: /,
  },
  {
    what: 'a CPU list that is none',
    body: host({ CpusetCpus: 'a-b' }),
    status: 400,
    message: /^Invalid value a-b for cpuset cpus/,
  },
  {
    what: 'an unknown capability',
    body: host({ CapAdd: ['NO_SUCH'] }),
    status: 400,
    message: /invalid CapAdd: unknown capability: "(CAP_)?NO_SUCH"/,
  },
  {
    what: 'an IPC mode that is none',
    body: host({ IpcMode: 'wat' }),
    status: 400,
    message: /invalid IPC mode: wat/i,
    docker: [201, 'told when made'],
  },
  {
    what: 'a PID mode that is none',
    body: host({ PidMode: 'wat' }),
    status: 400,
    message: /invalid PID mode: wat/i,
    docker: [201, 'told when made'],
  },
  {
    what: 'a UTS mode that is none',
    body: host({ UTSMode: 'wat' }),
    status: 400,
    message: /invalid UTS mode: wat/i,
    docker: [201, 'told when made'],
  },
  {
    what: 'a host name in the host’s UTS namespace',
    body: { Hostname: 'own', HostConfig: { UTSMode: 'host' } },
    status: 400,
    message: /conflicting options: hostname and the UTS mode/i,
  },
  {
    what: 'a MAC address that is none',
    body: { MacAddress: 'xx' },
    status: 400,
    message: /invalid MAC address|address xx: invalid MAC address/i,
    docker: [201, 'told when made'],
  },
  {
    what: 'a stop signal that is none',
    body: { StopSignal: 'SIGWAT' },
    status: 400,
    message: /Invalid signal: SIGWAT/i,
  },
  {
    what: 'a health check that is too fast',
    body: { Healthcheck: { Test: ['CMD', 'true'], Interval: 1000 } },
    status: 400,
    message: 'Interval in Healthcheck cannot be less than 1ms',
  },
  {
    what: 'a health check with negative retries',
    body: { Healthcheck: { Test: ['CMD', 'true'], Retries: -1 } },
    status: 400,
    message: /Retries in Healthcheck cannot be negative/,
  },
  {
    what: 'a shared memory below zero',
    body: host({ ShmSize: -1 }),
    status: 400,
    message: /SHM size can not be less than 0/,
  },
  {
    what: 'an OOM score out of range',
    body: host({ OomScoreAdj: 2000 }),
    status: 400,
    message: 'Invalid value 2000, range for oom score adj is [-1000, 1000]',
  },
  {
    what: 'an unknown log option',
    body: host({ LogConfig: { Type: 'json-file', Config: { wat: '1' } } }),
    status: 400,
    message: /unknown log opt 'wat' for json-file log driver/,
  },
  {
    what: 'a runtime that is none',
    body: host({ Runtime: 'wat' }),
    status: 400,
    message: /[Uu]nknown runtime specified wat/,
  },
  {
    what: 'an extra host without an address',
    body: host({ ExtraHosts: ['wat'] }),
    status: 400,
    message: /bad format for add-host: "wat"|invalid extra host/i,
  },
  {
    what: 'a security option that is none',
    body: host({ SecurityOpt: ['wat'] }),
    status: 400,
    message: /[Ii]nvalid --security-opt/,
    docker: [500, 'mistakes are 4xx'],
  },
  {
    what: 'a host name for somebody else’s network',
    body: { Hostname: 'h', ...host({ NetworkMode: 'container:x' }) },
    status: 400,
    message: 'conflicting options: hostname and the network mode',
  },
  {
    what: 'resolvers for somebody else’s network',
    body: host({ NetworkMode: 'container:x', Dns: ['1.2.3.4'] }),
    status: 400,
    message: 'conflicting options: dns and the network mode',
  },
  {
    what: 'hosts for somebody else’s network',
    body: host({ NetworkMode: 'container:x', ExtraHosts: ['a:1.2.3.4'] }),
    status: 400,
    message: 'conflicting options: custom host-to-IP mapping and the network mode',
  },
  {
    what: 'ports for somebody else’s network',
    body: host({ NetworkMode: 'container:x', PortBindings: { '80/tcp': [{}] } }),
    status: 400,
    message: 'conflicting options: port publishing and the container type network mode',
  },
  {
    what: 'exposed ports for somebody else’s network',
    body: { ExposedPorts: { '80/tcp': {} }, ...host({ NetworkMode: 'container:x' }) },
    status: 400,
    message: 'conflicting options: port exposing and the container type network mode',
  },
  {
    what: 'links in host mode',
    body: host({ NetworkMode: 'host', Links: ['a:b'] }),
    status: 400,
    message: /conflicting options: host type networking can't be used with links/i,
  },
  {
    what: 'a working folder that is relative',
    body: { WorkingDir: 'relative' },
    status: 400,
    message: "the working directory 'relative' is invalid, it needs to be an absolute path",
  },
  {
    what: 'an environment entry without a name',
    body: { Env: ['=x'] },
    status: 400,
    message: /invalid environment variable: =x/,
  },
  {
    what: 'a host whose address is none',
    body: host({ ExtraHosts: ['far:away'] }),
    status: 400,
    message: 'invalid IP address in add-host: "away"',
  },
  {
    what: "options of another kind's with a bind mount",
    body: host({ Mounts: [{ Type: 'bind', Source: '/tmp', Target: '/x', VolumeOptions: {} }] }),
    status: 400,
    message: 'invalid mount config for type "bind": field VolumeOptions must not be specified',
  },
  {
    what: "options of another kind's with a volume",
    body: host({ Mounts: [{ Type: 'volume', Target: '/x', BindOptions: {} }] }),
    status: 400,
    message: 'invalid mount config for type "volume": field BindOptions must not be specified',
  },
  {
    what: 'propagation of a volume',
    body: host({ Binds: ['wlt-refused:/x:rslave'] }),
    status: 400,
    message: /field BindOptions must not be specified$/,
    docker: [500, 'mistakes are 4xx'],
  },
  {
    what: 'the processes of a container that is not there',
    body: host({ PidMode: 'container:wlt-none' }),
    status: 400,
    message: 'No such container: wlt-none',
  },
  {
    what: 'the IPC of a container that is not there',
    body: host({ IpcMode: 'container:wlt-none' }),
    status: 400,
    message: 'No such container: wlt-none',
  },
  {
    what: 'a logging driver that is none',
    body: host({ LogConfig: { Type: 'wlt-none' } }),
    status: 400,
    message: /^error looking up logging plugin wlt-none: plugin "wlt-none" not found/,
  },
  {
    what: 'a way of logging that is none',
    body: host({ LogConfig: { Type: 'json-file', Config: { mode: 'wlt' } } }),
    status: 400,
    message: 'logger: logging mode not supported: wlt',
  },
  {
    what: 'a buffer for a log that has none',
    body: host({ LogConfig: { Type: 'json-file', Config: { mode: 'blocking', 'max-buffer-size': '1k' } } }),
    status: 400,
    message: "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
  },
];

export function creation(at: At): void {
  test.each(REFUSED)('refuses $what', async ({ body, status, message, docker }) => {
    const name = at().name('refused');
    const expected = docker ? at().differs(docker[1], { docker: docker[0], native: status }) : status;
    const answer = await at().api.post('/containers/create', at().body(body), { name });
    if (expected < 300) return expect(answer.status).toBe(expected);
    expectRefusal(answer, expected, message);
    // Nothing is left of it, its name least of all.
    expect((await at().api.get(`/containers/${name}/json`)).status).toBe(404);
  });

  test('refuses a name that is none', async () => {
    expectRefusal(
      await at().api.post('/containers/create', at().body(), { name: 'a b' }),
      400,
      'Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
    );
  });

  test('refuses a name that is taken, naming its holder', async () => {
    const name = at().name();
    const id = await at().create({}, name);
    expectRefusal(
      await at().api.post('/containers/create', at().body(), { name }),
      409,
      `Conflict. The container name "/${name}" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  });

  test('refuses nothing to run', async () => {
    const plain = at().image();
    const empty = await at().api.post('/images/create', Buffer.alloc(1024), { fromSrc: '-', repo: plain });
    expect(empty.status).toBe(200);
    const refused = await at().api.post('/containers/create', { Image: plain });
    expectRefusal(refused, 400, /^[Nn]o command specified$/);
  });

  test('refuses to share the network of a container that is not there: at the start', async () => {
    const answer = await at().api.post(
      '/containers/create',
      at().body({ HostConfig: { NetworkMode: 'container:wlt-none' } }),
    );
    expect(answer.status).toBe(201);
    const { Id: id } = answer.json as { Id: string };
    expectRefusal(await at().api.post(`/containers/${id}/start`), 404, 'No such container: wlt-none');
    await at().remove(id);
  });

  test('refuses volumes of a container that is not there', async () => {
    const answer = await at().api.post('/containers/create', at().body({ HostConfig: { VolumesFrom: ['wlt-none'] } }));
    expectRefusal(answer, 400, 'No such container: wlt-none');
  });

  test('answers 201 with an id of 64 digits and a list of warnings', async () => {
    const answer = await at().api.post('/containers/create', at().body(), { name: at().name() });
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({ Id: expect.stringMatching(/^[0-9a-f]{64}$/), Warnings: [] });
  });

  test('invents a name where none is given', async () => {
    const id = idOf(good(await at().api.post('/containers/create', at().body())));
    expect(await at().inspect(id)).toHaveProperty('Name', expect.stringMatching(/^\/[a-z]+_[a-z0-9]+$/));
  });

  test('takes a name with a slash in front', async () => {
    const name = at().name();
    const id = await at().create({}, `/${name}`);
    expect(await at().inspect(name)).toHaveProperty('Id', id);
  });

  test('is found by full id, short id and name', async () => {
    const name = at().name();
    const id = await at().create({}, name);
    for (const reference of [id, id.slice(0, 12), name])
      expect((await at().inspect(reference)) as object).toHaveProperty('Id', id);
  });

  test('an unknown container is 404 everywhere, with the name asked for', async () => {
    const { api } = at();
    for (const path of ['json', 'logs?stdout=1', 'top', 'stats?stream=0', 'changes', 'archive?path=/'])
      expectRefusal(await api.get(`/containers/wlt-none/${path}`), 404, 'No such container: wlt-none');
    for (const path of ['start', 'stop', 'restart', 'pause', 'unpause', 'wait', 'rename?name=x', 'resize?h=1&w=1'])
      expectRefusal(await api.post(`/containers/wlt-none/${path}`), 404, 'No such container: wlt-none');
    expectRefusal(
      await api.post('/containers/wlt-none/kill'),
      404,
      'Cannot kill container: wlt-none: No such container: wlt-none',
    );
    for (const path of ['update', 'exec'])
      expectRefusal(
        await api.post(`/containers/wlt-none/${path}`, { Cmd: ['true'] }),
        404,
        'No such container: wlt-none',
      );
    expectRefusal(await api.delete('/containers/wlt-none'), 404, 'No such container: wlt-none');
  });

  test('image labels, environment and command go under what the client gives', async () => {
    const image = at().image();
    const changes = [
      'ENV A=image B=image',
      'LABEL one=image two=image',
      'CMD ["echo","image"]',
      'WORKDIR /w',
      'EXPOSE 99',
      'VOLUME /vol',
      'USER 5:6',
    ];
    const query = new URLSearchParams([
      ['fromSrc', '-'],
      ['repo', image],
      ...changes.map((line): [string, string] => ['changes', line]),
    ]);
    good(await at().api.post(`/images/create?${query}`, Buffer.alloc(1024)));
    const id = idOf(
      good(
        await at().api.post('/containers/create', {
          Image: image,
          Env: ['B=own', 'C=own'],
          Labels: { ...at().label, two: 'own' },
        }),
      ),
    );
    expect(await at().inspect(id)).toMatchObject({
      Path: 'echo',
      Args: ['image'],
      Config: {
        Env: expect.arrayContaining(['A=image', 'B=own', 'C=own']),
        Labels: { one: 'image', two: 'own' },
        Cmd: ['echo', 'image'],
        WorkingDir: '/w',
        ExposedPorts: { '99/tcp': {} },
        Volumes: { '/vol': {} },
        User: '5:6',
      },
      Mounts: [expect.objectContaining({ Type: 'volume', Destination: '/vol', RW: true, Driver: 'local' })],
    });
    await at().remove(id);
  });

  test('an own entrypoint drops the image’s command', async () => {
    const image = at().image();
    const query = new URLSearchParams([
      ['fromSrc', '-'],
      ['repo', image],
      ['changes', 'CMD ["echo","image"]'],
    ]);
    good(await at().api.post(`/images/create?${query}`, Buffer.alloc(1024)));
    const id = idOf(
      good(await at().api.post('/containers/create', { Image: image, Entrypoint: ['own'], Labels: at().label })),
    );
    expect(await at().inspect(id)).toMatchObject({ Path: 'own', Args: [], Config: { Entrypoint: ['own'], Cmd: null } });
  });

  test('a variable without a value takes the image’s away', async () => {
    const id = await at().create({ Env: ['PATH'] });
    const { Config } = (await at().inspect(id)) as { Config: { Env: string[] | null } };
    expect((Config.Env ?? []).filter((entry) => entry.startsWith('PATH='))).toEqual([]);
  });

  test('a bind of the short kind makes the folder on the host', async () => {
    const id = await at().run({
      HostConfig: { Binds: [`/tmp/${at().prefix}-bind:/b`], AutoRemove: false },
      Cmd: ['rmdir', '/b'],
    });
    await at().waitFor(id);
    const inspected = await at().inspect(id);
    expect(inspected).toHaveProperty('Mounts.0', {
      Type: 'bind',
      Source: `/tmp/${at().prefix}-bind`,
      Destination: '/b',
      Mode: '',
      RW: true,
      Propagation: 'rprivate',
    });
    await at().finished(`rmdir /tmp-of-host/${at().prefix}-bind`, { HostConfig: { Binds: ['/tmp:/tmp-of-host'] } });
  });

  test('a bind of a folder that cannot be made is refused, and the engine goes on', async () => {
    const asked = at().body({ HostConfig: { Binds: ['/proc/windlass/none:/b'] } });
    const made = await at().api.post('/containers/create', asked, { name: at().name('nowhere') });
    const { Id } = made.json as { Id?: string };
    // Docker makes the folder with the start.
    const refused = made.status === 201 ? await at().api.post(`/containers/${Id}/start`) : made;
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.message).toContain(
      `error while creating mount source path '/proc/windlass/none': mkdir /proc/windlass:`,
    );
  });

  test('a volume that is named in a bind is made, and stays', async () => {
    const volume = at().name('v');
    const id = await at().create({ HostConfig: { Binds: [`${volume}:/v:ro`] } });
    expect(await at().inspect(id)).toHaveProperty(
      'Mounts.0',
      expect.objectContaining({
        Type: 'volume',
        Name: volume,
        Destination: '/v',
        Mode: 'ro',
        RW: false,
        Driver: 'local',
      }),
    );
    await at().remove(id);
    const filters = filtersOf({ name: [volume] });
    expect(good(await at().api.get('/volumes', { filters })).json).toHaveProperty('Volumes.0.Name', volume);
    good(await at().api.delete(`/volumes/${volume}`));
  });

  test('a bind brings what is mounted below its source, unless told not to', async () => {
    const sees = async (BindOptions: object): Promise<string> => {
      // Every machine has something mounted at /dev/pts.
      const mount = { Type: 'bind', Source: '/dev', Target: '/b', BindOptions };
      const id = await at().finished('ls /b/pts', { HostConfig: { Mounts: [mount] } });
      return (await at().logs(id)).stdout;
    };
    expect(await sees({})).toContain('ptmx');
    expect(await sees({ NonRecursive: true })).toBe('');
  });

  test('clients of old versions get a namespace that others can share', async () => {
    const made = async (version: string): Promise<string> =>
      idOf(good(await at().api.post('/containers/create', at().body({ HostConfig: {} }), {}, { version })));
    const [old, present] = [await made('1.39'), await made('1.40')];
    expect(await at().inspect(old)).toHaveProperty('HostConfig.IpcMode', 'shareable');
    expect(await at().inspect(present)).toHaveProperty('HostConfig.IpcMode', 'private');
    await at().remove(old, present);
  });

  test('by image id', async () => {
    const { Id } = good(await at().api.get(`/images/${IMAGE}/json`)).json as { Id: string };
    for (const image of [Id, Id.slice('sha256:'.length), Id.slice('sha256:'.length, 19)]) {
      const id = await at().create({ Image: image });
      expect(await at().inspect(id)).toMatchObject({ Image: Id, Config: { Image: image } });
    }
  });
}
