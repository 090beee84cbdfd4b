// What a container's start and end mean for its networks and volumes, told as Docker tells it.
import type { EventBus } from '../events.ts';
import type { NetworkService } from '../networks/service.ts';
import type { LifecycleListener } from './lifecycle.ts';
import type { ContainerRecord } from './types.ts';

export interface UseEventParts {
  readonly events: EventBus;
  readonly networks: Pick<NetworkService, 'all'>;
}

/** A listener that tells of networks joined and left, and of volumes mounted and unmounted. */
export function useEvents({ events, networks }: UseEventParts): LifecycleListener {
  const ofNetworks = (action: string, record: ContainerRecord): void => {
    for (const { networkId, networkName } of Object.values(record.endpoints)) {
      const type = networks.all().find(({ id }) => id === networkId)?.driver ?? 'bridge';
      events.emit('network', action, networkId, { container: record.id, name: networkName, type });
    }
  };
  const volumesOf = (record: ContainerRecord) => record.mounts.filter((point) => point.Type === 'volume');
  return {
    started: (record) => {
      for (const point of volumesOf(record))
        events.emit('volume', 'mount', point.Name ?? '', {
          container: record.id,
          destination: point.Destination,
          driver: 'local',
          propagation: point.Propagation,
          'read/write': String(point.RW),
        });
      ofNetworks('connect', record);
    },
    ended: (record) => {
      ofNetworks('disconnect', record);
      for (const point of volumesOf(record))
        events.emit('volume', 'unmount', point.Name ?? '', { container: record.id, driver: 'local' });
    },
  };
}
