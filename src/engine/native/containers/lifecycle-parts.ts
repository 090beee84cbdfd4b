// What the life of containers is made of, handed to each of its parts as one value.
import type { EventBus } from '../events.ts';
import type { NativeHost } from '../host.ts';
import type { ImageStore } from '../images/store.ts';
import type { Machine } from '../machine.ts';
import type { NetworkService } from '../networks/service.ts';
import type { Paths } from '../paths.ts';
import type { VolumeStore } from '../volumes/store.ts';
import type { Runtime } from './runtime.ts';
import type { ContainerStore } from './store.ts';

export interface LifecycleParts {
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly machine: Machine;
  readonly images: ImageStore;
  readonly networks: NetworkService;
  readonly volumes: VolumeStore;
  readonly store: ContainerStore;
  readonly events: EventBus;
}

export interface LifecycleTools extends LifecycleParts {
  readonly runtime: Runtime;
}
