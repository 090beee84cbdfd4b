// `/networks/…`: what is told of them, and what containers on them can and cannot do.
import { beforeAll, expect, test } from 'vitest';
import { type At, expectRefusal, filtersOf, good } from './bench.ts';

export function networks(at: At): void {
  let network = { id: '', name: '' };
  let member = '';
  beforeAll(async () => {
    network = await at().network({
      IPAM: { Config: [{ Subnet: '10.211.78.0/24', Gateway: '10.211.78.1' }] },
      Options: { 'com.docker.network.bridge.name': 'wltapi0' },
    });
    member = await at().run({ HostConfig: { NetworkMode: network.name } });
  });
  const inspect = async (reference: string): Promise<unknown> =>
    good(await at().api.get(`/networks/${reference}`)).json;
  const connect = (net: string, body: object) => at().api.post(`/networks/${net}/connect`, body);

  test('create is 201 with an id of 64 digits and a warning', async () => {
    const name = at().name('n');
    const answer = await at().api.post('/networks/create', { Name: name });
    expect([answer.status, answer.json]).toEqual([201, { Id: expect.stringMatching(/^[0-9a-f]{64}$/), Warning: '' }]);
    expect((await at().api.delete(`/networks/${name}`)).status).toBe(204);
  });
  test('inspect', async () => {
    expect(await inspect(network.name)).toMatchObject({
      Name: network.name,
      Id: network.id,
      Created: expect.stringMatching(/^\d{4}-/),
      Scope: 'local',
      Driver: 'bridge',
      EnableIPv6: false,
      IPAM: { Driver: 'default', Options: null, Config: [{ Subnet: '10.211.78.0/24', Gateway: '10.211.78.1' }] },
      Internal: false,
      Attachable: false,
      Ingress: false,
      ConfigFrom: { Network: '' },
      ConfigOnly: false,
      Containers: {
        [member]: {
          Name: expect.stringMatching(/^wlt-api-/),
          EndpointID: expect.stringMatching(/^[0-9a-f]{64}$/),
          MacAddress: '02:42:0a:d3:4e:02',
          IPv4Address: '10.211.78.2/24',
          IPv6Address: '',
        },
      },
      Options: { 'com.docker.network.bridge.name': 'wltapi0' },
      Labels: at().label,
    });
  });
  test('is found by id, a part of it, and name', async () => {
    for (const reference of [network.id, network.id.slice(0, 12), network.name])
      expect(await inspect(reference)).toHaveProperty('Id', network.id);
  });
  test('what is not there is 404', async () => {
    expectRefusal(await at().api.get('/networks/wlt-none'), 404, 'network wlt-none not found');
    expectRefusal(await at().api.delete('/networks/wlt-none'), 404, 'network wlt-none not found');
    expectRefusal(await connect('wlt-none', { Container: member }), 404, 'network wlt-none not found');
  });
  test('a name twice is 409 when told to look', async () => {
    expectRefusal(
      await at().api.post('/networks/create', { Name: network.name, CheckDuplicate: true }),
      409,
      `network with name ${network.name} already exists`,
    );
  });
  test('a subnet twice is 403', async () => {
    expectRefusal(
      await at().api.post('/networks/create', {
        Name: at().name('n'),
        IPAM: { Config: [{ Subnet: '10.211.78.0/25' }] },
      }),
      403,
      /Pool overlaps with other one on this address space/,
    );
  });
  test.each<[string, object, number, RegExp]>([
    ['no name', { Name: '' }, 400, /name|valid/i],
    ['a subnet that is none', { IPAM: { Config: [{ Subnet: 'wat' }] } }, 400, /invalid (CIDR address|subnet|pool)/i],
    [
      'a gateway outside its subnet',
      { IPAM: { Config: [{ Subnet: '10.211.79.0/24', Gateway: '10.9.9.9' }] } },
      400,
      /gateway|10\.9\.9\.9|no matching subnet/i,
    ],
  ])('create refuses %s', async (_, body, status, message) => {
    const answer = await at().api.post('/networks/create', { Name: at().name('n'), ...body });
    expect(answer.message).toMatch(message);
    if (status === 404) expect(answer.status).toBe(404);
    else expect(answer.status).toBeGreaterThanOrEqual(400);
  });
  test.each<[string, object, number, string | RegExp]>([
    ['bridge', { Name: 'bridge' }, 403, /^operation is not permitted on predefined bridge network ?$/],
    ['default', { Name: 'default' }, 403, /^operation is not permitted on predefined default network ?$/],
    ['one for ingress', { Ingress: true }, 403, 'Ingress network can only be global scope network'],
    ['one of a swarm', { Scope: 'swarm' }, 403, 'cannot create a swarm scoped network when swarm is not active'],
  ])('create does not make %s', async (_, body, status, message) => {
    expectRefusal(await at().api.post('/networks/create', { Name: at().name('n'), ...body }), status, message);
  });
  test('inspect looks in the scope that is asked for', async () => {
    expect((await at().api.get(`/networks/${network.name}`, { scope: 'local' })).status).toBe(200);
    expectRefusal(
      await at().api.get(`/networks/${network.name}`, { scope: 'swarm' }),
      404,
      `network ${network.name} not found`,
    );
  });
  test('connect and disconnect need a container', async () => {
    const message = 'invalid name or ID supplied: ""';
    expectRefusal(await connect(network.name, {}), 400, message);
    expectRefusal(await connect(network.name, { Container: null }), 400, message);
    expectRefusal(await at().api.post(`/networks/${network.name}/disconnect`, {}), 400, message);
  });
  test('the list refuses a type that is none', async () => {
    expectRefusal(
      await at().api.get('/networks', { filters: filtersOf({ type: ['wat'] }) }),
      at().differs('mistakes are 4xx', { docker: 500, native: 400 }),
      /invalid filter.*wat/,
    );
  });
  test('the three that are always there', async () => {
    const { json } = good(await at().api.get('/networks', { filters: filtersOf({ type: ['builtin'] }) }));
    expect((json as { Name: string; Driver: string }[]).map(({ Name, Driver }) => [Name, Driver]).sort()).toEqual([
      ['bridge', 'bridge'],
      ['host', 'host'],
      ['none', 'null'],
    ]);
  });
  test('those are not removed', async () => {
    expectRefusal(
      await at().api.delete('/networks/bridge'),
      403,
      'bridge is a pre-defined network and cannot be removed',
    );
  });
  test.each<[string, () => Record<string, string[]>, boolean]>([
    ['name', () => ({ name: [network.name] }), true],
    ['id', () => ({ id: [network.id] }), true],
    ['driver', () => ({ driver: ['host'] }), false],
    ['label', () => ({ label: [`windlass.test=${at().prefix}`] }), true],
    ['type custom', () => ({ type: ['custom'] }), true],
    ['scope', () => ({ scope: ['local'] }), true],
  ])('filter: %s', async (_, filters, found) => {
    const { json } = good(await at().api.get('/networks', { filters: filtersOf(filters()) }));
    expect((json as { Id: string }[]).some(({ Id }) => Id === network.id)).toBe(found);
  });
  test('filter: dangling', async () => {
    const { json } = good(await at().api.get('/networks', { filters: filtersOf({ dangling: ['true'] }) }));
    const listed = (json as { Id: string }[]).some(({ Id }) => Id === network.id);
    expect(listed).toBe(at().differs('unused networks', { docker: true, native: false }));
  });
  test('the list refuses unknown filters', async () => {
    expectRefusal(
      await at().api.get('/networks', { filters: filtersOf({ wat: ['1'] }) }),
      400,
      /[Ii]nvalid filter '?wat'?/,
    );
  });
  test('one with members is not removed', async () => {
    expectRefusal(
      await at().api.delete(`/networks/${network.name}`),
      403,
      new RegExp(`network ${network.name} (id \\w+ )?has active endpoints`),
    );
  });
  test('a host name is known to the network', async () => {
    const network = await at().network();
    const id = await at().run({ Hostname: 'wlt-host', HostConfig: { NetworkMode: network.name } });
    expect((await at().exec(id, 'echo 127.0.0.1 localhost > /etc/hosts; ping -c 1 wlt-host')).exitCode).toBe(0);
    await at().remove(id);
  });
  test('a link on the default network is a second name, which follows renames', async () => {
    const [target, from] = [at().name(), at().name()];
    const id = await at().run({}, target);
    const linked = await at().run({ HostConfig: { Links: [`${target}:db`] } }, from);
    expect((await at().exec(linked, 'ping -c 1 db')).exitCode).toBe(0);
    const renamed = at().name();
    for (const [old, name] of [
      [target, `${renamed}-a`],
      [from, `${renamed}-b`],
    ])
      good(await at().api.post(`/containers/${old}/rename`, undefined, { name: name ?? '' }));
    expect(good(await at().api.get(`/containers/${renamed}-b/db/json`)).json).toHaveProperty('Id', id);
    expect(await at().inspect(linked)).toHaveProperty('HostConfig.Links', [`/${renamed}-a:/${renamed}-b/db`]);
    const filters = filtersOf({ id: [id] });
    const [line] = good(await at().api.get('/containers/json', { filters })).json as { Names: string[] }[];
    expect(line?.Names.sort()).toEqual([`/${renamed}-a`, `/${renamed}-b/db`]);
    await at().remove(linked, id);
  });
  test('members find one another by name, short id and alias; the names of others are not known', async () => {
    const name = at().name();
    const other = await at().run(
      {
        HostConfig: { NetworkMode: network.name },
        NetworkingConfig: { EndpointsConfig: { [network.name]: { Aliases: ['nick'] } } },
      },
      name,
    );
    for (const known of [name, other.slice(0, 12), 'nick'])
      expect([known, (await at().exec(member, `ping -c1 -W2 ${known}`)).exitCode]).toEqual([known, 0]);
    expect((await at().exec(member, 'ping -c1 -W1 wlt-unknown')).exitCode).not.toBe(0);
    await at().remove(other);
  });
  test('a network cannot reach another', async () => {
    const far = await at().network();
    const other = await at().run({ HostConfig: { NetworkMode: far.name } });
    expect((await at().exec(other, 'ping -c1 -W1 10.211.78.2')).exitCode).not.toBe(0);
    await at().remove(other);
  });
  test('connect and disconnect a running container', async () => {
    const second = await at().network({ IPAM: { Config: [{ Subnet: '10.211.80.0/24' }] } });
    good(
      await connect(second.name, {
        Container: member,
        EndpointConfig: { Aliases: ['there'], IPAMConfig: { IPv4Address: '10.211.80.7' } },
      }),
    );
    expect(await at().inspect(member)).toHaveProperty(
      ['NetworkSettings', 'Networks', second.name, 'IPAddress'],
      '10.211.80.7',
    );
    expect((await at().exec(member, 'ip -4 addr show')).stdout).toContain('10.211.80.7/24');
    expectRefusal(
      await connect(second.name, { Container: member }),
      403,
      new RegExp(`endpoint with name \\S+ already exists in network ${second.name}`),
    );
    expect((await at().api.post(`/networks/${second.name}/disconnect`, { Container: member })).status).toBe(200);
    expect((await at().exec(member, 'ip -4 addr show')).stdout).not.toContain('10.211.80.7');
    const again = await at().api.post(`/networks/${second.name}/disconnect`, { Container: member });
    expectRefusal(
      again,
      at().differs('mistakes are 4xx', { docker: 500, native: 403 }),
      /is not connected to (the )?network/,
    );
  });
  test('connect a container that does not run yet', async () => {
    const second = await at().network({ IPAM: { Config: [{ Subnet: '10.211.81.0/24' }] } });
    const id = await at().create({ HostConfig: { NetworkMode: network.name } });
    good(await connect(second.name, { Container: id }));
    await at().start(id);
    // Which interface comes first is nobody's business.
    const { stdout } = await at().exec(id, 'ip -4 addr show');
    for (const address of [/10\.211\.78\.\d+\/24/, /10\.211\.81\.\d+\/24/]) expect(stdout).toMatch(address);
    await at().remove(id);
  });
  test('connect refuses what is not there, and host mode', async () => {
    expectRefusal(await connect(network.name, { Container: 'wlt-none' }), 404, 'No such container: wlt-none');
    const hosted = await at().run({ HostConfig: { NetworkMode: 'host' } });
    expectRefusal(
      await connect(network.name, { Container: hosted }),
      400,
      'container sharing network namespace with another container or host cannot be connected to any other network',
    );
    await at().remove(hosted);
  });
  test('an address that is taken, or outside, is refused', async () => {
    const make = (IPv4Address: string): Promise<string> =>
      at().create({
        HostConfig: { NetworkMode: network.name },
        NetworkingConfig: { EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address } } } },
      });
    const taken = await make('10.211.78.2');
    expectRefusal(await at().api.post(`/containers/${taken}/start`), 403, /Address already in use/);
    const none = { [network.name]: { IPAMConfig: { IPv4Address: 'wat' } } };
    expectRefusal(
      await at().api.post(
        '/containers/create',
        at().body({ HostConfig: { NetworkMode: network.name }, NetworkingConfig: { EndpointsConfig: none } }),
      ),
      400,
      'invalid IPv4 address: wat',
    );
    const outside = await make('10.99.99.99');
    const answer = await at().api.post(`/containers/${outside}/start`);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.message).toMatch(/address 10\.99\.99\.99/i);
  });
  test('an address of one’s own on the default bridge is refused', async () => {
    const answer = await at().api.post(
      '/containers/create',
      at().body({ NetworkingConfig: { EndpointsConfig: { bridge: { IPAMConfig: { IPv4Address: '172.17.0.99' } } } } }),
      { name: at().name() },
    );
    const refused =
      answer.status < 300 ? await at().api.post(`/containers/${(answer.json as { Id: string }).Id}/start`) : answer;
    expect(refused.message).toMatch(/user specified IP address is supported on user defined networks only/i);
  });
  test('a network that is not there keeps a container from starting', async () => {
    const answer = await at().api.post('/containers/create', at().body({ HostConfig: { NetworkMode: 'wlt-none' } }), {
      name: at().name(),
    });
    const refused =
      answer.status < 300 ? await at().api.post(`/containers/${(answer.json as { Id: string }).Id}/start`) : answer;
    expectRefusal(refused, 404, /network wlt-none not found/);
  });
  test('an internal network is told to be one, and reaches no other', async () => {
    const inner = await at().network({ Internal: true });
    const id = await at().run({ HostConfig: { NetworkMode: inner.name } });
    expect(await inspect(inner.name)).toHaveProperty('Internal', true);
    expect((await at().exec(id, 'ping -c1 -W1 10.211.78.2')).exitCode).not.toBe(0);
    await at().remove(id);
  });
  test('network modes: none and another container’s', async () => {
    const none = await at().run({ HostConfig: { NetworkMode: 'none' } });
    expect((await at().exec(none, 'ip -4 -o addr')).stdout.trim().split('\n')).toHaveLength(1);
    const shared = await at().run({ HostConfig: { NetworkMode: `container:${member}` } });
    expect((await at().exec(shared, 'ip -4 addr')).stdout).toContain('10.211.78.2/24');
    expect(await at().inspect(shared)).toHaveProperty('HostConfig.NetworkMode', `container:${member}`);
    await at().remove(none, shared);
  });
  test('prune takes what is unused and fits', async () => {
    const unused = await at().network({ Labels: { ...at().label, prune: at().prefix } });
    const { json } = good(
      await at().api.post('/networks/prune', undefined, { filters: filtersOf({ label: [`prune=${at().prefix}`] }) }),
    );
    expect(json).toEqual({ NetworksDeleted: [unused.name] });
    const none = good(
      await at().api.post('/networks/prune', undefined, { filters: filtersOf({ label: [`prune=${at().prefix}`] }) }),
    );
    expect(none.json).toEqual({ NetworksDeleted: null });
  });
}
