// What the life of containers is made of, handed to each of its parts as one value.
import type { EventBus } from '../events.ts';
import type { NativeHost } from '../host.ts';
import type { ImageStore } from '../images/store.ts';
import type { Machine } from '../machine.ts';
import type { NetworkService } from '../networks/service.ts';
import type { Paths } from '../paths.ts';
import type { IdMapping } from '../user-namespaces/id-mapping.ts';
import type { MappedLayers } from '../user-namespaces/mapped-layers.ts';
import type { VolumeStore } from '../volumes/store.ts';
import type { Runtime } from './runtime.ts';
import type { ContainerStore } from './store.ts';

export interface LifecycleParts {
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly machine: Machine;
  /** The ids of new containers on the host; undefined where they are the host's own. */
  readonly remap: IdMapping | undefined;
  readonly images: ImageStore;
  readonly mappedLayers: MappedLayers;
  readonly networks: NetworkService;
  readonly volumes: VolumeStore;
  readonly store: ContainerStore;
  readonly events: EventBus;
}

export interface LifecycleTools extends LifecycleParts {
  readonly runtime: Runtime;
}
