// `GET /containers/json`: the lines, the filters, the order.
import { beforeAll, expect, test } from 'vitest';
import { type At, expectRefusal, filtersOf, good, IMAGE } from './bench.ts';

interface Line {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
  readonly Status: string;
  readonly [field: string]: unknown;
}

export function lists(at: At): void {
  const ids = { running: '', exited: '', created: '', paused: '' };
  const names = { running: '', exited: '', created: '', paused: '' };
  let network = { id: '', name: '' };
  let volume = '';
  let port = 0;

  beforeAll(async () => {
    for (const key of Object.keys(names) as (keyof typeof names)[]) names[key] = at().name(key);
    network = await at().network();
    volume = await at().volume();
    ids.created = await at().create({ Labels: { which: 'created' } }, names.created);
    ids.exited = await at().run({ Cmd: ['sh', '-c', 'exit 3'], Labels: { which: 'exited', extra: '' } }, names.exited);
    ids.running = await at().run(
      {
        Labels: { which: 'running' },
        ExposedPorts: { '99/udp': {}, '80/tcp': {} },
        HostConfig: {
          NetworkMode: network.name,
          Binds: [`${volume}:/data`],
          PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
        },
      },
      names.running,
    );
    ids.paused = await at().run({ Healthcheck: { Test: ['CMD', 'true'], Interval: 3_600_000_000_000 } }, names.paused);
    good(await at().api.post(`/containers/${ids.paused}/pause`));
    await at().waitFor(ids.exited);
    const { NetworkSettings } = (await at().inspect(ids.running)) as {
      NetworkSettings: { Ports: Record<string, { HostPort: string }[]> };
    };
    port = Number(NetworkSettings.Ports['80/tcp']?.[0]?.HostPort);
  });

  const list = async (query: Readonly<Record<string, string | number | boolean>>): Promise<Line[]> =>
    good(await at().api.get('/containers/json', query)).json as Line[];
  /** Which of ours a filter finds, by their short names. */
  const found = async (filters: Readonly<Record<string, readonly string[]>>, all = true): Promise<string[]> => {
    const lines = await list({
      all,
      filters: filtersOf({ ...filters, label: [...(filters.label ?? []), `windlass.test=${at().prefix}`] }),
    });
    const key = (id: string): string => Object.entries(ids).find(([, own]) => own === id)?.[0] ?? id;
    return lines.map(({ Id }) => key(Id)).sort();
  };

  test('without all: what runs, paused ones too', async () => {
    expect(await found({}, false)).toEqual(['paused', 'running']);
  });

  test('with all: everything, newest first', async () => {
    const lines = await list({ all: 1, filters: filtersOf({ label: [`windlass.test=${at().prefix}`] }) });
    expect(lines.map(({ Id }) => Id)).toEqual([ids.paused, ids.running, ids.exited, ids.created]);
  });

  test('limit: the newest, whatever their state', async () => {
    const lines = await list({ limit: 2, filters: filtersOf({ label: [`windlass.test=${at().prefix}`] }) });
    expect(lines).toHaveLength(2);
  });

  test('a line has what docker ps shows', async () => {
    const [line] = await list({ filters: filtersOf({ id: [ids.running] }) });
    expect(line).toMatchObject({
      Id: ids.running,
      Names: [`/${names.running}`],
      Image: IMAGE,
      ImageID: expect.stringMatching(/^sha256:/),
      Command: 'sleep 600',
      Created: expect.any(Number),
      State: 'running',
      Status: expect.stringMatching(/^Up (Less than a second|\d+ seconds?|About a minute)$/),
      HostConfig: { NetworkMode: network.name },
      Labels: { which: 'running' },
      NetworkSettings: { Networks: { [network.name]: { NetworkID: network.id } } },
      Mounts: [{ Type: 'volume', Name: volume, Destination: '/data', RW: true }],
    });
    expect(line?.Ports).toEqual(
      expect.arrayContaining([
        { IP: '127.0.0.1', PrivatePort: 80, PublicPort: port, Type: 'tcp' },
        { PrivatePort: 99, Type: 'udp' },
      ]),
    );
  });

  test('statuses in words', async () => {
    const lines = await list({ all: 1, filters: filtersOf({ label: [`windlass.test=${at().prefix}`] }) });
    const status = Object.fromEntries(lines.map(({ Id, Status }) => [Id, Status]));
    expect(status[ids.created]).toBe('Created');
    expect(status[ids.exited]).toMatch(/^Exited \(3\) .* ago$/);
    expect(status[ids.paused]).toMatch(/^Up .* \(Paused\)$/);
  });

  test('sizes are told when asked for', async () => {
    const filters = filtersOf({ id: [ids.exited] });
    expect((await list({ all: 1, filters }))[0]).not.toHaveProperty('SizeRw');
    expect((await list({ all: 1, size: 1, filters }))[0]).toMatchObject({ SizeRootFs: expect.any(Number) });
  });

  const CASES: readonly (readonly [string, () => Record<string, string[]>, readonly string[]])[] = [
    ['id', () => ({ id: [ids.exited.slice(0, 10)] }), ['exited']],
    ['name, a part of it', () => ({ name: [names.paused.slice(3)] }), ['paused']],
    ['name, as an expression', () => ({ name: [`^/?${names.paused}$`] }), ['paused']],
    ['names, any of them', () => ({ name: [names.paused, names.created] }), ['created', 'paused']],
    ['label', () => ({ label: ['extra'] }), ['exited']],
    ['label and value', () => ({ label: ['which=running'] }), ['running']],
    ['labels, all of them', () => ({ label: ['which=exited', 'extra='] }), ['exited']],
    ['status running', () => ({ status: ['running'] }), ['running']],
    ['status paused', () => ({ status: ['paused'] }), ['paused']],
    ['statuses, any of them', () => ({ status: ['created', 'exited'] }), ['created', 'exited']],
    ['exited', () => ({ exited: ['3'] }), ['exited']],
    ['exited with another code', () => ({ exited: ['4'] }), []],
    ['ancestor by name', () => ({ ancestor: ['busybox'] }), ['created', 'exited', 'paused', 'running']],
    ['ancestor that is not there', () => ({ ancestor: ['wlt-none'] }), []],
    ['before', () => ({ before: [ids.exited] }), ['created']],
    ['since', () => ({ since: [names.exited] }), ['paused', 'running']],
    ['network by name', () => ({ network: [network.name] }), ['running']],
    ['network by id', () => ({ network: [network.id] }), ['running']],
    ['volume by name', () => ({ volume: [volume] }), ['running']],
    ['volume by destination', () => ({ volume: ['/data'] }), ['running']],
    ['publish', () => ({ publish: [String(port)] }), ['running']],
    ['publish with protocol', () => ({ publish: [`${port}/udp`] }), []],
    ['expose', () => ({ expose: ['99/udp'] }), ['running']],
    ['expose as a range', () => ({ expose: ['98-100/udp'] }), ['running']],
    ['health none', () => ({ health: ['none'], status: ['running'] }), ['running']],
    ['is-task', () => ({ 'is-task': ['true'] }), []],
  ];
  test.each(CASES)('filter: %s', async (_, filters, expected) => {
    expect(await found(filters())).toEqual(expected);
  });

  test('filters in the older form, an object of trues', async () => {
    const filters = JSON.stringify({ id: { [ids.created]: true } });
    expect((await list({ all: 1, filters })).map(({ Id }) => Id)).toEqual([ids.created]);
  });

  test('filters that are refused', async () => {
    const ask = (filters: string) => at().api.get('/containers/json', { filters });
    expectRefusal(await ask('{"wat":["1"]}'), 400, /[Ii]nvalid filter '?wat'?/);
    expectRefusal(await ask('{"status":["wat"]}'), 400, /(wat|[Ii]nvalid)/);
    expectRefusal(await ask('{"health":["wat"]}'), 400, /(wat|[Ii]nvalid)/);
    expectRefusal(
      await ask('{"exited":["wat"]}'),
      at().differs('mistakes are 4xx', { docker: 500, native: 400 }),
      /wat/,
    );
    expect((await ask('{"is-task":["wat"]}')).status).toBe(400);
    const mistake = at().differs('mistakes are 4xx', { docker: 500, native: 400 });
    expect((await ask('{"publish":["wat"]}')).status).toBe(mistake);
    expect((await at().api.get('/containers/json', { limit: 'wat' })).status).toBe(mistake);
    const missing = await ask('{"before":["wlt-none"]}');
    expectRefusal(
      missing,
      at().differs('mistakes are 4xx', { docker: 500, native: 404 }),
      /no such container:? wlt-none/i,
    );
    expect((await ask('{')).status).toBe(at().differs('mistakes are 4xx', { docker: 500, native: 400 }));
  });
}
