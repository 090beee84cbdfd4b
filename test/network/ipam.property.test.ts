import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contains, lastOf, overlaps, type Subnet, sizeOf } from '../../src/network/cidr.ts';
import { chooseAddress, chooseSubnet, DEFAULT_POOLS } from '../../src/network/ipam.ts';

const subnets: fc.Arbitrary<Subnet> = fc
  .record({ address: fc.integer({ min: 0, max: 2 ** 32 - 1 }), prefix: fc.integer({ min: 12, max: 29 }) })
  .map(({ address, prefix }) => ({ base: address - (address % sizeOf(prefix)), prefix }));

test('no address is handed out twice, and none outside the subnet', () => {
  fc.assert(
    fc.property(subnets, fc.array(fc.boolean(), { maxLength: 60 }), (subnet, steps) => {
      const used = new Set<number>();
      let last = 0;
      for (const take of steps) {
        const [oldest] = used;
        if (!take && oldest !== undefined) {
          used.delete(oldest);
          continue;
        }
        if (used.size >= sizeOf(subnet.prefix) - 2) continue;
        last = chooseAddress({ subnet, used }, last);
        expect(used.has(last)).toBe(false);
        expect(contains(subnet, last) && last !== subnet.base && last !== lastOf(subnet)).toBe(true);
        used.add(last);
      }
    }),
  );
});

test('a chosen subnet overlaps nothing that is taken', () => {
  fc.assert(
    fc.property(fc.array(subnets, { maxLength: 20 }), (taken) => {
      const chosen = chooseSubnet(DEFAULT_POOLS, taken);
      expect(taken.some((other) => overlaps(other, chosen))).toBe(false);
    }),
  );
});
