// What has to be done on the host and inside a namespace to attach it to its networks, as text for `ip -batch`. Pure.
import { configurePort, type InsidePlan, type PortPlan, plugPort, routePort } from '../../../network/bridge.ts';
import { parseAddress } from '../../../network/cidr.ts';
import { addSubInterface } from '../../../network/sub-interface.ts';
import type { Attachment } from './members.ts';
import { addressFacts, DEFAULT_NETWORK, type NetworkRecord, optionsOf } from './record.ts';

export interface Attached extends Attachment {
  readonly record: NetworkRecord;
}

/**
 * The attachment through which everything else is reached, as Docker chooses it: the highest gateway priority, then the
 * first name. Internal networks lead nowhere.
 */
export function gatewayOf<T extends Attachment>(attachments: readonly T[]): T | undefined {
  const priority = (attachment: Attachment): number => attachment.endpoint.settings.GwPriority ?? 0;
  return attachments
    .filter(({ lease }) => lease.gateway !== '')
    .sort((a, b) => priority(b) - priority(a) || (a.endpoint.networkName < b.endpoint.networkName ? -1 : 1))[0];
}

/** The attachment whose bridge answers at 127.0.0.11. */
const resolverOf = (attached: readonly Attached[]): Attached | undefined =>
  attached.find(({ record }) => record.bridge !== undefined && record.name !== DEFAULT_NETWORK);

/**
 * The attachment by which the resolver knows who asks from inside the namespace itself: where no bridge leads to it and there are
 * networks with names.
 */
export const innerAsker = (attached: readonly Attached[]): Attached | undefined =>
  resolverOf(attached) ? undefined : attached.find(({ record }) => record.bridge === undefined);

/** On the host: pairs and sub-interfaces, one end in the namespace already. */
export const hostLines = (attached: readonly Attached[], netns: string): string =>
  attached.map((one) => (one.record.bridge === undefined ? addOn(one, netns) : plugPort(portOf(one), netns))).join('');

/** Inside: addresses of these attachments, and the routes that follow from `all`, those that were there before included. */
export function insideLines(attached: readonly Attached[], all: readonly Attached[]): string {
  const routes = routesOf(all);
  return attached.map((one) => configurePort({ ...insideOf(one), ...routes(one) })).join('');
}

/** Inside, after a network has come or gone: where everything else and the resolver are now. */
export function routeLines(all: readonly Attached[]): string {
  const routes = routesOf(all);
  return all.map((one) => routePort({ interfaceName: one.lease.interfaceName, ...routes(one) })).join('');
}

function routesOf(all: readonly Attached[]): (one: Attached) => Partial<InsidePlan> {
  const gateway = gatewayOf(all);
  const gateway6 = gatewayOf(all.filter(({ lease }) => lease.gateway6));
  const resolver = resolverOf(all);
  return (one) => {
    const { lease, record } = one;
    const address = parseAddress(lease.gateway);
    const layer3 = record.driver === 'ipvlan' && optionsOf(record).mode !== 'l2';
    const dnsGateway = one === resolver ? addressFacts(record)?.gateway : undefined;
    if (layer3) return one === gateway ? { defaultDevice: true } : {};
    return {
      ...(one === gateway && address !== undefined ? { defaultGateway: address } : {}),
      ...(one === gateway6 && lease.gateway6 ? { defaultGateway6: lease.gateway6 } : {}),
      ...(dnsGateway === undefined ? {} : { dnsGateway }),
    };
  };
}

const insideOf = ({ lease }: Attached): InsidePlan => ({
  interfaceName: lease.interfaceName,
  address: parseAddress(lease.address) ?? 0,
  prefix: lease.prefix,
  ...(lease.address6 === undefined ? {} : { address6: `${lease.address6}/${lease.prefix6 ?? 64}` }),
});

function portOf(one: Attached): PortPlan {
  const { record, lease } = one;
  const { mtu, interContainer } = optionsOf(record);
  return {
    ...insideOf(one),
    bridge: record.bridge ?? '',
    hostInterface: lease.hostInterface,
    mac: lease.mac,
    ...(mtu === undefined ? {} : { mtu }),
    ...(interContainer ? {} : { isolated: true }),
  };
}

function addOn({ record, lease }: Attached, netns: string): string {
  const { mode, mtu } = optionsOf(record);
  const driver = record.driver === 'ipvlan' ? 'ipvlan' : 'macvlan';
  const { parent = '' } = record;
  return addSubInterface({ driver, mode, parent, interfaceName: lease.interfaceName, mac: lease.mac, mtu }, netns);
}
