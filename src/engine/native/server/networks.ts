// `/networks/…`
import { eventAttributes } from '../containers/event-attributes.ts';
import type { ContainerRecord, EndpointSettings } from '../containers/types.ts';
import type { NativeEngine } from '../engine.ts';
import { type NetworkRecord, type NetworkRequest, PREDEFINED } from '../networks/record.ts';
import { badRequest, noSuchNetwork } from './api-error.ts';
import { bodyOf, CONNECT_NETWORK, CREATE_NETWORK, DISCONNECT_NETWORK } from './body.ts';
import type { Exchange } from './exchange.ts';
import { parseFilters } from './filters.ts';
import type { Routes } from './router.ts';

export function networkRoutes(engine: NativeEngine): Routes {
  const { networks, store, events } = engine;
  const emit = (action: string, record: NetworkRecord, more: Record<string, string> = {}): void =>
    events.emit('network', action, record.id, { name: record.name, type: record.driver, ...more });
  return {
    'GET /networks': (exchange) => exchange.reply(200, list(engine, exchange)),
    'GET /networks/{id}': (exchange) => {
      const reference = exchange.params.id ?? '';
      const scope = exchange.query.get('scope') || SCOPE;
      if (scope !== SCOPE) throw noSuchNetwork(reference);
      exchange.reply(200, describe(engine, networks.find(reference), true));
    },
    'POST /networks/create': async (exchange) => {
      const { record, warning } = await networks.create(await bodyOf<NetworkRequest>(exchange, CREATE_NETWORK));
      emit('create', record);
      exchange.reply(201, { Id: record.id, Warning: warning });
    },
    'DELETE /networks/{id}': async (exchange) => {
      emit('destroy', await networks.remove(exchange.params.id ?? ''));
      exchange.reply(204);
    },
    'POST /networks/{id}/connect': async (exchange) => {
      const request = await bodyOf<{ Container?: string; EndpointConfig?: EndpointSettings | null }>(
        exchange,
        CONNECT_NETWORK,
      );
      const network = networks.find(exchange.params.id ?? '');
      const container = store.find(containerOf(request));
      await engine.lifecycle.connect(container.id, network, request.EndpointConfig ?? {});
      emit('connect', network, { container: container.id });
      exchange.reply(200);
    },
    'POST /networks/{id}/disconnect': async (exchange) => {
      const request = await bodyOf<{ Container?: string; Force?: boolean }>(exchange, DISCONNECT_NETWORK);
      const network = networks.find(exchange.params.id ?? '');
      const container = store.find(containerOf(request));
      await engine.lifecycle.disconnect(container.id, network);
      emit('disconnect', network, { container: container.id, ...eventName(container) });
      exchange.reply(200);
    },
    'POST /networks/prune': async (exchange) => {
      const filters = parseFilters(exchange.query.get('filters'), ['label', 'label!', 'until']);
      const until = filters.until(Date.now());
      const deleted: string[] = [];
      for (const record of networks.all()) {
        if (PREDEFINED.includes(record.name) || isUsed(store.all(), record)) continue;
        if (until !== undefined && Date.parse(record.created) > until) continue;
        if (!filters.labels('label', record.labels) || !filters.withoutLabels(record.labels)) continue;
        emit('destroy', await networks.remove(record.id));
        deleted.push(record.name);
      }
      exchange.reply(200, { NetworksDeleted: deleted.length > 0 ? deleted : null });
    },
  };
}

/** Of the networks of one machine, which are all there are. */
const SCOPE = 'local';

function containerOf({ Container: name = '' }: { readonly Container?: string }): string {
  if (name === '') throw badRequest('invalid name or ID supplied: ""');
  return name;
}

const eventName = (record: ContainerRecord): Record<string, string> => ({
  containerName: eventAttributes(record).name ?? '',
});

const isUsed = (containers: readonly ContainerRecord[], network: NetworkRecord): boolean =>
  containers.some((record) => Object.values(record.endpoints).some((endpoint) => endpoint.networkId === network.id));

const FILTERS = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];

function list(engine: NativeEngine, exchange: Exchange): unknown[] {
  const filters = parseFilters(exchange.query.get('filters'), FILTERS);
  const dangling = filters.flag('dangling');
  filters.oneOf('type', ['builtin', 'custom']);
  return engine.networks
    .all()
    .filter(
      (record) =>
        filters.any('id', (value) => record.id.startsWith(value)) &&
        filters.any('name', (value) => record.name.includes(value)) &&
        filters.any('driver', (value) => record.driver === value) &&
        filters.any('scope', (value) => value === SCOPE) &&
        filters.any('type', (value) => (value === 'builtin') === PREDEFINED.includes(record.name)) &&
        filters.labels('label', record.labels) &&
        (dangling === undefined ||
          dangling === (!PREDEFINED.includes(record.name) && !isUsed(engine.store.all(), record))),
    )
    .map((record) => describe(engine, record, false));
}

function describe(engine: NativeEngine, record: NetworkRecord, withContainers: boolean): Record<string, unknown> {
  const members = withContainers ? engine.networks.membersOf(record.id) : [];
  return {
    Name: record.name,
    Id: record.id,
    Created: record.created,
    Scope: SCOPE,
    Driver: record.driver,
    EnableIPv4: true,
    EnableIPv6: record.enableIPv6,
    IPAM: {
      Driver: record.ipamDriver,
      Options: Object.keys(record.ipamOptions).length > 0 ? record.ipamOptions : null,
      Config: record.ipam,
    },
    Internal: record.internal,
    Attachable: record.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(
      members.map(({ member, lease }) => [
        member.record.id,
        {
          Name: member.record.name,
          EndpointID: lease.endpointId,
          MacAddress: lease.mac,
          IPv4Address: `${lease.address}/${lease.prefix}`,
          IPv6Address: lease.address6 === undefined ? '' : `${lease.address6}/${lease.prefix6}`,
        },
      ]),
    ),
    Options: record.options,
    Labels: record.labels,
  };
}
