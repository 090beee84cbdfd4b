// What one container is plugged into: its ports on all its networks, as plans. Pure.
import type { PortPlan } from '../../../network/bridge.ts';
import { parseAddress } from '../../../network/cidr.ts';
import type { Lease } from '../containers/types.ts';
import { bridgeFacts, DEFAULT_NETWORK, type NetworkRecord } from './record.ts';

export interface Plug {
  readonly record: NetworkRecord;
  readonly lease: Lease;
}

/** With `first`, these are all networks of a namespace that has none yet: one is the way out, one leads to the resolver. */
export function portPlans(plugs: readonly Plug[], first: boolean): PortPlan[] {
  const primary = first ? plugs.find(({ record }) => !record.internal) : undefined;
  const resolving = first ? plugs.find(({ record }) => record.name !== DEFAULT_NETWORK) : undefined;
  return plugs.flatMap((plug): PortPlan[] => {
    const { record, lease } = plug;
    const facts = bridgeFacts(record);
    if (!facts) return [];
    return [
      {
        bridge: facts.bridge,
        hostInterface: lease.hostInterface,
        interfaceName: lease.interfaceName,
        mac: lease.mac,
        address: parseAddress(lease.address) ?? 0,
        prefix: lease.prefix,
        ...(facts.mtu === undefined ? {} : { mtu: facts.mtu }),
        ...(plug === primary ? { defaultGateway: facts.gateway } : {}),
        ...(plug === resolving ? { dnsGateway: facts.gateway } : {}),
      },
    ];
  });
}
