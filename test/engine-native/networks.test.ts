import { describe, expect, test } from 'vitest';
import type { EndpointSettings } from '../../src/engine/native/containers/types.ts';
import { Addresses } from '../../src/engine/native/networks/addresses.ts';
import { driverOptions } from '../../src/engine/native/networks/driver-options.ts';
import { type Attached, gatewayOf, insideLines, routeLines } from '../../src/engine/native/networks/plug.ts';
import { type NetworkRecord, type NetworkRequest, networkRecord } from '../../src/engine/native/networks/record.ts';
import { routeWarning } from '../../src/engine/native/networks/records.ts';
import { parseSubnet } from '../../src/network/cidr.ts';
import { parseSubnet6 } from '../../src/network/cidr6.ts';

const taken = [parseSubnet('172.17.0.0/16')].flatMap((subnet) => subnet ?? []);
const taken6 = [parseSubnet6('fd00::/64')].flatMap((subnet) => subnet ?? []);
const make = (request: NetworkRequest, id = 'ab'): NetworkRecord =>
  networkRecord(
    { Name: 'front', ...request },
    { id: id.repeat(32), created: 'now', engineId: 'e', networks: taken, networks6: taken6, routes: [], routes6: [] },
  );

test.each([
  ['10.1.0.0/16', '10.1.5.0/24'],
  ['10.1.5.0/24', '10.1.0.0/16'],
])('a subnet %s over a route to %s is warned of', (subnet, routed) => {
  const route = parseSubnet(routed);
  if (!route) throw new Error(`${routed} is no subnet`);
  const record = make({ IPAM: { Config: [{ Subnet: subnet }] } });
  expect(routeWarning(record, [route])).toBe(
    `subnet ${subnet} of network "front" overlaps ${routed}, to which this host has a route already: one of them is out of reach`,
  );
  const elsewhere = parseSubnet('10.2.0.0/16');
  expect(routeWarning(record, elsewhere ? [elsewhere] : [])).toBe('');
  // A macvlan network is where its parent is.
  expect(routeWarning(make({ Driver: 'macvlan', IPAM: { Config: [{ Subnet: subnet }] } }), [route])).toBe('');
});

describe('a network', () => {
  test('without a subnet gets the next of the pools, and an IPv6 one only when asked', () => {
    expect(make({}).ipam).toEqual([{ Subnet: '172.18.0.0/16', Gateway: '172.18.0.1' }]);
    const [, v6] = make({ EnableIPv6: true }).ipam;
    expect(v6?.Subnet).toMatch(/^fd.*:1::\/64$/);
    expect(v6?.Gateway).toBe(v6?.Subnet.replace('/64', '1'));
    // An IPv6 subnet alone does not switch IPv6 on, as in Docker.
    expect(make({ IPAM: { Config: [{ Subnet: 'fd01::/64' }] } }).ipam).toHaveLength(1);
  });

  test('keeps what was given for either family, in this order', () => {
    const Config = [
      { Subnet: 'fd01::/64', Gateway: 'fd01::ffff' },
      { Subnet: '10.9.0.0/24', IPRange: '10.9.0.128/25', AuxiliaryAddresses: { printer: '10.9.0.200' } },
    ];
    expect(make({ EnableIPv6: true, IPAM: { Config } }).ipam).toEqual([
      {
        Subnet: '10.9.0.0/24',
        IPRange: '10.9.0.128/25',
        Gateway: '10.9.0.1',
        AuxiliaryAddresses: { printer: '10.9.0.200' },
      },
      { Subnet: 'fd01::/64', Gateway: 'fd01::ffff' },
    ]);
  });

  test.each<[string, NetworkRequest, string]>([
    ['overlaps another', { IPAM: { Config: [{ Subnet: '172.17.3.0/24' }] } }, 'Pool overlaps'],
    ['overlaps another’s IPv6', { EnableIPv6: true, IPAM: { Config: [{ Subnet: 'fd00::/80' }] } }, 'Pool overlaps'],
    [
      'has two subnets of a family',
      { IPAM: { Config: [{ Subnet: '10.1.0.0/24' }, { Subnet: '10.2.0.0/24' }] } },
      'one IPv4 subnet',
    ],
    [
      'has a gateway elsewhere',
      { IPAM: { Config: [{ Subnet: '10.1.0.0/24', Gateway: '10.2.0.1' }] } },
      'invalid gateway',
    ],
    [
      'has a range larger than its subnet',
      { IPAM: { Config: [{ Subnet: '10.1.0.0/24', IPRange: '10.1.0.0/16' }] } },
      'invalid ip-range',
    ],
    [
      'spares an address elsewhere',
      { IPAM: { Config: [{ Subnet: '10.1.0.0/24', AuxiliaryAddresses: { a: '10.2.0.9' } }] } },
      'auxiliary address "a"',
    ],
    ['has an unknown driver', { Driver: 'overlay' }, 'could not find plugin overlay'],
    ['is a second host network', { Driver: 'host' }, 'only one instance of "host" network is allowed'],
    [
      'has an unknown macvlan mode',
      { Driver: 'macvlan', Options: { parent: 'eth0', macvlan_mode: 'x' } },
      "macvlan mode 'x' is not valid",
    ],
    ['has no IPv4', { EnableIPv4: false }, 'without IPv4'],
  ])('that %s is refused', (_, request, message) => {
    expect(() => make(request)).toThrow(message);
  });

  test('macvlan without a parent leads nowhere', () => {
    const { internal, parent, bridge } = make({ Driver: 'macvlan' });
    expect([internal, parent, bridge]).toEqual([true, 'dm-abababababab', undefined]);
    expect(make({ Driver: 'macvlan', Options: { parent: 'eth0' } })).toMatchObject({ internal: false, parent: 'eth0' });
  });
});

describe('driver options', () => {
  const read = (options: Record<string, string>) => driverOptions('bridge', options);
  test('what is not said is as in Docker', () => {
    expect(read({})).toMatchObject({ masquerade: true, interContainer: true, mtu: undefined, interfacePrefix: 'eth' });
  });
  test('what is said is read', () => {
    const options = {
      'com.docker.network.bridge.name': 'br0',
      'com.docker.network.driver.mtu': '1400',
      'com.docker.network.bridge.enable_icc': 'False',
      'com.docker.network.bridge.enable_ip_masquerade': '0',
      'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1',
      'com.docker.network.container_iface_prefix': 'lan',
    };
    expect(read(options)).toMatchObject({
      bridgeName: 'br0',
      mtu: 1400,
      interContainer: false,
      masquerade: false,
      hostBinding: '127.0.0.1',
      interfacePrefix: 'lan',
    });
  });
  test.each([
    ['com.docker.network.bridge.name', 'a name that is too long'],
    ['com.docker.network.driver.mtu', 'huge'],
    ['com.docker.network.driver.mtu', '40'],
    ['com.docker.network.bridge.enable_icc', 'maybe'],
    ['com.docker.network.bridge.host_binding_ipv4', '::1'],
    ['com.docker.network.bridge.gateway_mode_ipv4', 'routed'],
    ['com.docker.network.bridge.inhibit_ipv4', 'true'],
    ['com.docker.network.container_iface_prefix', '0$'],
  ])('%s = %s is refused', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(
      new RegExp(name.replaceAll('.', '\\.').replace('name', '|bridge name')),
    );
  });
});

describe('addresses of containers', () => {
  const own = make({ EnableIPv6: true, IPAM: { Config: [{ Subnet: '10.9.0.0/24' }, { Subnet: 'fd01::/64' }] } });

  test('are given out, asked for, refused and given back', () => {
    const book = new Addresses();
    const first = book.lease(own, {}, 0);
    expect(first).toMatchObject({ address: '10.9.0.2', prefix: 24, gateway: '10.9.0.1', mac: '02:42:0a:09:00:02' });
    expect(first).toMatchObject({ address6: 'fd01::2', prefix6: 64, gateway6: 'fd01::1', interfaceName: 'eth0' });
    const asked = { IPAMConfig: { IPv4Address: '10.9.0.2' } };
    expect(() => book.lease(own, asked, 0)).toThrow('Address already in use');
    if (first) book.release(own.id, first);
    expect(book.lease(own, asked, 0)?.address).toBe('10.9.0.2');
    const wanted = { IPAMConfig: { IPv6Address: 'fd01::77' }, MacAddress: '02:11:22:33:44:55' };
    expect(book.lease(own, wanted, 1)).toMatchObject({ address6: 'fd01::77', mac: wanted.MacAddress });
  });

  test('an IPv6 address that is taken does not cost an IPv4 one', () => {
    const book = new Addresses();
    const settings = { IPAMConfig: { IPv6Address: 'fd01::77' } };
    book.lease(own, settings, 0);
    expect(() => book.lease(own, { IPAMConfig: { ...settings.IPAMConfig, IPv4Address: '10.9.0.9' } }, 0)).toThrow();
    expect(book.lease(own, { IPAMConfig: { IPv4Address: '10.9.0.9' } }, 0)?.address).toBe('10.9.0.9');
  });

  test.each<[NetworkRecord, EndpointSettings, string]>([
    [own, { IPAMConfig: { IPv4Address: '10.8.0.1' } }, 'no configured subnet'],
    [own, { IPAMConfig: { IPv4Address: 'ten' } }, 'invalid IPv4 address'],
    [own, { IPAMConfig: { IPv6Address: 'fd02::1' } }, 'no configured subnet'],
    [own, { MacAddress: '02:00' }, 'invalid MAC address'],
    [own, { MacAddress: '01:00:00:00:00:01' }, 'invalid MAC address'],
    [make({}), { IPAMConfig: { IPv4Address: '172.18.0.9' } }, 'only when connecting to networks with user configured'],
    [make({ Name: 'bridge' }), { IPAMConfig: { IPv4Address: '172.18.0.9' } }, 'on user defined networks only'],
  ])('%#: %j is refused', (record, settings, message) => {
    expect(() => new Addresses().lease(record, settings, 0)).toThrow(message);
  });
});

describe('several networks', () => {
  const book = new Addresses();
  const attach = (request: NetworkRequest, settings: EndpointSettings, index: number): Attached => {
    const record = make(request, String(index).padStart(2, 'c'));
    const lease = book.lease(record, settings, index);
    if (!lease) throw new Error('no lease');
    return { record, lease, endpoint: { networkId: record.id, networkName: record.name, settings, lease } };
  };
  const back = attach({ Name: 'back', Internal: true }, {}, 0);
  const front = attach({ Name: 'front', EnableIPv6: true }, {}, 1);
  const lan = attach({ Name: 'lan', Driver: 'macvlan', Options: { parent: 'eth0' } }, {}, 2);
  const urgent = attach({ Name: 'zone' }, { GwPriority: 1 }, 3);

  test('the gateway is that of the highest priority, then of the first name, never an internal one', () => {
    expect(gatewayOf([back])).toBeUndefined();
    expect(gatewayOf([lan, back, front])).toBe(front);
    expect(gatewayOf([lan, back, front, urgent])).toBe(urgent);
  });

  test('one default route per family, and the resolver on a bridge', () => {
    const text = insideLines([back, front, lan], [back, front, lan]);
    expect(text.match(/route replace default.*/g)).toEqual([
      'route replace default via 172.18.0.1 dev eth1',
      `route replace default via ${front.lease.gateway6} dev eth1`,
    ]);
    expect(text.match(/route replace 127.*/g)).toEqual([
      'route replace 127.0.0.11 via 172.18.0.1 dev eth0 table local',
    ]);
  });

  test('what is left takes over when the gateway’s network goes', () => {
    expect(routeLines([lan])).toBe('route replace default via 172.18.0.1 dev eth2\n');
    expect(routeLines([back])).toBe('route replace 127.0.0.11 via 172.18.0.1 dev eth0 table local\n');
  });
});
