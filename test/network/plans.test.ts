// The texts handed to ip(8) and nft(8), as golden files. Refresh them with `npx vitest run --project unit test/network -u`.
import { expect, test } from 'vitest';
import { configurePort, createBridge, macOf, type PortPlan, plugPort } from '../../src/network/bridge.ts';
import { parseAddress, parseSubnet, type Subnet } from '../../src/network/cidr.ts';
import { parseSubnet6 } from '../../src/network/cidr6.ts';
import { type RulesetFacts, type RulesetNetwork, ruleset } from '../../src/network/ruleset.ts';
import { addSubInterface, vlanOf } from '../../src/network/sub-interface.ts';

const address = (text: string): number => parseAddress(text) ?? Number.NaN;
const subnet = (text: string): Subnet => parseSubnet(text) ?? { base: Number.NaN, prefix: 0 };
const golden = (name: string): string => `../golden/network/${name}`;

const gateway = address('172.18.0.1');
const front: RulesetNetwork = {
  bridge: 'wl-0123456789ab',
  subnet: subnet('172.18.0.0/16'),
  internal: false,
  masquerade: true,
  interContainer: true,
  dnsPort: 40053,
};
const back: RulesetNetwork = {
  ...front,
  bridge: 'wl-ba9876543210',
  subnet: subnet('172.19.0.0/16'),
  internal: true,
};
const facts: RulesetFacts = {
  table: 'windlass',
  families: ['ip'],
  networks: [front, back],
  ports: [
    { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8080, address: '172.18.0.2', containerPort: 80 },
    { protocol: 'udp', hostIp: '127.0.0.1', hostPort: 5353, address: '172.18.0.3', containerPort: 53 },
  ],
};

test('an open and an internal network with published ports', async () => {
  await expect(ruleset(facts)).toMatchFileSnapshot(golden('ruleset-open-and-internal.nft'));
});

test('without names, masquerading and traffic among containers', async () => {
  const { dnsPort: _, ...plain } = front;
  const network = { ...plain, masquerade: false, interContainer: false };
  await expect(ruleset({ table: 'windlass', families: ['ip'], networks: [network], ports: [] })).toMatchFileSnapshot(
    golden('ruleset-closed.nft'),
  );
});

test('IPv6 beside IPv4, and no way to a neighbour’s loopback', async () => {
  const [v6] = [parseSubnet6('fd00:18::/64')].flatMap((one) => one ?? []);
  const networks = v6 ? [{ ...front, subnet6: v6 }, back] : [];
  const ports: RulesetFacts['ports'] = [
    { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8080, address: '172.18.0.2', containerPort: 80 },
    { protocol: 'tcp', hostIp: '::', hostPort: 8080, address: 'fd00:18::2', containerPort: 80 },
    { protocol: 'udp', hostIp: 'fd00::2', hostPort: 5353, address: 'fd00:18::3', containerPort: 53 },
  ];
  const families = ['ip', 'ip6', 'bridge'] as const;
  await expect(ruleset({ table: 'windlass', families, networks, ports })).toMatchFileSnapshot(
    golden('ruleset-ipv6.nft'),
  );
});

test('without networks nothing of the table is left', () => {
  expect(ruleset({ table: 'windlass', families: ['ip'], networks: [], ports: [] })).toBe(
    'add table ip windlass\ndelete table ip windlass\n',
  );
});

test('an internal network is closed before published ports are let in', () => {
  const text = ruleset(facts);
  const closed = text.indexOf(`iifname != "${back.bridge}" oifname "${back.bridge}" drop`);
  expect(closed).toBeGreaterThan(0);
  expect(closed).toBeLessThan(text.indexOf('ct status dnat oifname'));
});

const port: PortPlan = {
  bridge: front.bridge,
  hostInterface: 'wv0123456789a',
  interfaceName: 'eth0',
  mac: '02:42:ac:12:00:02',
  address: address('172.18.0.2'),
  prefix: 16,
  defaultGateway: gateway,
  dnsGateway: gateway,
};

test('a bridge', () => {
  expect(createBridge({ ...front, gateway, mtu: 1400 })).toBe(
    'link add wl-0123456789ab mtu 1400 type bridge\naddr add 172.18.0.1/16 dev wl-0123456789ab\nlink set wl-0123456789ab up\n',
  );
});

test('a port of the bridge, seen from the host and from inside', async () => {
  const text = `# on the host\n${plugPort(port, '/run/x/netns')}# inside\n${configurePort(port)}`;
  await expect(text).toMatchFileSnapshot(golden('port.batch'));
});

test('a second network brings neither a default route nor the resolver', () => {
  const { defaultGateway: _, dnsGateway: __, ...second } = port;
  expect(configurePort({ ...second, interfaceName: 'eth1' })).toBe(
    'addr add 172.18.0.2/16 broadcast + dev eth1\nlink set eth1 up\n',
  );
});

test('a port that may not reach its neighbours', () => {
  expect(plugPort({ ...port, isolated: true }, '/run/x/netns')).toContain(
    'link set wv0123456789a type bridge_slave isolated on\n',
  );
});

test('an interface on one of the host’s', () => {
  const plan = { driver: 'macvlan', mode: 'bridge', parent: 'eth0.10', interfaceName: 'eth1' } as const;
  expect(addSubInterface({ ...plan, mac: '02:42:0a:00:00:02', mtu: 1400 }, '/run/x/netns')).toBe(
    'link add link eth0.10 name eth1 address 02:42:0a:00:00:02 mtu 1400 netns /run/x/netns type macvlan mode bridge\n',
  );
  expect(vlanOf('eth0.10')).toEqual({ below: 'eth0', id: 10 });
  expect([vlanOf('eth0'), vlanOf('eth0.0'), vlanOf('eth0.4095'), vlanOf('eth0.x')]).toEqual(Array(4).fill(undefined));
});

test('the MAC follows from the address', () => {
  expect(macOf(address('172.18.255.10'))).toBe('02:42:ac:12:ff:0a');
});
