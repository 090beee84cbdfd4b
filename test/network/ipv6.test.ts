import { describe, expect, test } from 'vitest';
import {
  formatAddress6,
  formatSubnet6,
  overlaps6,
  parseAddress6,
  parseSubnet6,
  type Subnet6,
} from '../../src/network/cidr6.ts';
import { chooseAddress6, chooseSubnet6, claimAddress6, routedSubnets6 } from '../../src/network/ipam6.ts';

const subnet = (text: string): Subnet6 => {
  const parsed = parseSubnet6(text);
  if (!parsed) throw new Error(`not a subnet: ${text}`);
  return parsed;
};
const address = (text: string): bigint => parseAddress6(text) ?? -1n;

describe('IPv6 addresses', () => {
  test.each([
    ['::', '::'],
    ['::1', '::1'],
    ['FD00:0:0:1::2', 'fd00:0:0:1::2'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:2::', '1:2::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ])('%s is read and printed as %s', (text, printed) => {
    expect(formatAddress6(address(text))).toBe(printed);
  });

  test.each(['', '1', '1.2.3.4', ':::', '1:2:3', 'fe80::1%eth0', 'g::', '12345::'])('%j is none', (text) => {
    expect(parseAddress6(text)).toBeUndefined();
  });

  test('a subnet loses the bits below its prefix', () => {
    expect(formatSubnet6(subnet('fd00::1:2:3/64'))).toBe('fd00::/64');
    expect(formatSubnet6(subnet('fd00::7/128'))).toBe('fd00::7/128');
    expect(formatSubnet6(subnet('fd00::7/0'))).toBe('::/0');
  });

  test.each(['fd00::', 'fd00::/129', 'fd00::/', '10.0.0.0/8', 'fd00::/6/4'])('%j is no subnet', (text) => {
    expect(parseSubnet6(text)).toBeUndefined();
  });
});

describe('IPv6 networks', () => {
  test('subnets are unique local, belong to the engine, and do not meet', () => {
    const first = chooseSubnet6('one', []);
    const second = chooseSubnet6('one', [first]);
    expect(formatSubnet6(first)).toMatch(/^fd[0-9a-f]{2}:[0-9a-f]{1,4}:[0-9a-f]{1,4}:1::\/64$/);
    expect(overlaps6(first, second)).toBe(false);
    expect(chooseSubnet6('one', [])).toEqual(first);
    expect(chooseSubnet6('two', [])).not.toEqual(first);
  });

  test('addresses count up from the one after the gateway, and wrap round', () => {
    const range = { subnet: subnet('fd00::/64'), used: new Set([address('fd00::1')]) };
    expect(formatAddress6(chooseAddress6(range))).toBe('fd00::2');
    expect(formatAddress6(chooseAddress6(range, address('fd00::2')))).toBe('fd00::3');
    const small = { subnet: subnet('fd00::/126'), used: new Set([address('fd00::1')]) };
    expect(formatAddress6(chooseAddress6(small, address('fd00::3')))).toBe('fd00::2');
  });

  test('a range within the subnet is kept to, and its end is told', () => {
    const range = {
      subnet: subnet('fd00::/64'),
      range: subnet('fd00::ff00/127'),
      used: new Set([address('fd00::ff00')]),
    };
    expect(formatAddress6(chooseAddress6(range))).toBe('fd00::ff01');
    const full = { ...range, used: new Set([address('fd00::ff00'), address('fd00::ff01')]) };
    expect(() => chooseAddress6(full)).toThrow('no available IPv6 addresses on subnet fd00::/64');
  });

  test('an address that was asked for is checked', () => {
    const range = { subnet: subnet('fd00::/64'), used: new Set([address('fd00::1')]) };
    expect(claimAddress6(range, address('fd00::77'))).toBe(address('fd00::77'));
    expect(() => claimAddress6(range, address('fd01::77'))).toThrow('does not belong to subnet fd00::/64');
    expect(() => claimAddress6(range, address('fd00::1'))).toThrow('already in use');
    expect(() => claimAddress6(range, address('fd00::'))).toThrow('already in use');
  });

  test('the host’s routes, without the default one, link-local, multicast and single addresses', () => {
    const route = (hex: string, prefix: string): string =>
      `${hex} ${prefix} ${'0'.repeat(32)} 00 ${'0'.repeat(32)} 0 0 0 1 eth0`;
    const table = [
      route('fd000000000000000000000000000000', '40'),
      route('fe800000000000000000000000000000', '40'),
      route('ff000000000000000000000000000000', '08'),
      route('00000000000000000000000000000000', '00'),
      route('fd000000000000000000000000000002', '80'),
    ].join('\n');
    expect(routedSubnets6(`${table}\n`).map(formatSubnet6)).toEqual(['fd00::/64']);
  });
});
