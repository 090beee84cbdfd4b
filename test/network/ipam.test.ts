import { describe, expect, test } from 'vitest';
import { formatAddress, formatSubnet, overlaps, parseAddress, parseSubnet } from '../../src/network/cidr.ts';
import { chooseAddress, chooseSubnet, claimAddress, DEFAULT_POOLS, routedSubnets } from '../../src/network/ipam.ts';

const subnet = (text: string) => {
  const parsed = parseSubnet(text);
  if (!parsed) throw new Error(`not a subnet: ${text}`);
  return parsed;
};
const address = (text: string) => parseAddress(text) ?? Number.NaN;

describe('addresses', () => {
  test.each(['0.0.0.0', '10.0.0.1', '172.18.255.254', '255.255.255.255'])('%s is read and printed back', (text) => {
    expect(formatAddress(address(text))).toBe(text);
  });

  test.each(['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', 'a.b.c.d', '1.2.3.-4', '::1'])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('a subnet loses the bits below its prefix', () => {
    expect(formatSubnet(subnet('172.18.3.4/16'))).toBe('172.18.0.0/16');
    expect(formatSubnet(subnet('10.1.2.3/32'))).toBe('10.1.2.3/32');
    expect(formatSubnet(subnet('10.1.2.3/0'))).toBe('0.0.0.0/0');
  });

  test.each(['172.18.0.0', '172.18.0.0/33', '172.18.0.0/', '172.18.0/16', '1.2.3.4/8/8'])('%j is no subnet', (text) => {
    expect(parseSubnet(text)).toBeUndefined();
  });

  test('subnets overlap when one holds the other', () => {
    expect(overlaps(subnet('172.16.0.0/12'), subnet('172.20.0.0/16'))).toBe(true);
    expect(overlaps(subnet('172.20.0.0/16'), subnet('172.16.0.0/12'))).toBe(true);
    expect(overlaps(subnet('172.20.0.0/16'), subnet('172.21.0.0/16'))).toBe(false);
  });
});

describe('choosing a subnet', () => {
  test('the first one of the pools is 172.17.0.0/16', () => {
    expect(formatSubnet(chooseSubnet(DEFAULT_POOLS, []))).toBe('172.17.0.0/16');
  });

  test('a route of the host is kept clear of, whatever its size', () => {
    const taken = [subnet('172.17.5.0/24'), subnet('172.18.0.0/15')];
    expect(formatSubnet(chooseSubnet(DEFAULT_POOLS, taken))).toBe('172.20.0.0/16');
  });

  test('after the 172 pools come pieces of 192.168', () => {
    expect(formatSubnet(chooseSubnet(DEFAULT_POOLS, [subnet('172.16.0.0/12')]))).toBe('192.168.0.0/20');
    expect(formatSubnet(chooseSubnet(DEFAULT_POOLS, [subnet('172.16.0.0/12'), subnet('192.168.0.0/20')]))).toBe(
      '192.168.16.0/20',
    );
  });

  test('with nothing left it says what to do', () => {
    const all = [subnet('172.16.0.0/12'), subnet('192.168.0.0/16')];
    expect(() => chooseSubnet(DEFAULT_POOLS, all)).toThrow('all predefined address pools have been fully subnetted');
  });
});

describe('choosing an address', () => {
  const from = (used: readonly string[], range?: string) => ({
    subnet: subnet('172.18.0.0/29'),
    used: new Set(used.map(address)),
    ...(range === undefined ? {} : { range: subnet(range) }),
  });

  test('network and broadcast addresses are never given out', () => {
    const used = new Set<number>();
    const given: string[] = [];
    for (let i = 0; i < 6; i++) {
      const next = chooseAddress({ subnet: subnet('172.18.0.0/29'), used });
      used.add(next);
      given.push(formatAddress(next));
    }
    expect(given).toEqual(['172.18.0.1', '172.18.0.2', '172.18.0.3', '172.18.0.4', '172.18.0.5', '172.18.0.6']);
    expect(() => chooseAddress({ subnet: subnet('172.18.0.0/29'), used })).toThrow(
      'no available IPv4 addresses on subnet 172.18.0.0/29',
    );
  });

  test('an address that was just given back is not the next one', () => {
    expect(formatAddress(chooseAddress(from(['172.18.0.1']), address('172.18.0.2')))).toBe('172.18.0.3');
  });

  test('after the last one it starts again', () => {
    expect(formatAddress(chooseAddress(from(['172.18.0.1']), address('172.18.0.6')))).toBe('172.18.0.2');
  });

  test('a range narrows the choice', () => {
    expect(formatAddress(chooseAddress(from([], '172.18.0.4/30')))).toBe('172.18.0.4');
  });

  test('an address that is asked for must be free and in the subnet', () => {
    expect(claimAddress(from([]), address('172.18.0.5'))).toBe(address('172.18.0.5'));
    expect(() => claimAddress(from(['172.18.0.5']), address('172.18.0.5'))).toThrow('Address already in use');
    expect(() => claimAddress(from([]), address('172.18.0.7'))).toThrow('Address already in use');
    expect(() => claimAddress(from([]), address('172.18.0.9'))).toThrow('does not belong to subnet 172.18.0.0/29');
  });
});

test('routes are read from /proc/net/route, without the default route', () => {
  const table = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'docker0\t0000D50A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'br0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
  ].join('\n');
  expect(routedSubnets(table).map(formatSubnet)).toEqual(['10.213.0.0/24', '172.18.0.0/16']);
});
