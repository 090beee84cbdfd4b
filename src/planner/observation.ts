// Everything reconciling looks at besides the project and the options: one snapshot, gathered by observe.ts.
import type { ObservedImage, ObservedNetwork, ObservedProject, ObservedVolume } from '../engine/engine.ts';

export interface Observation {
  readonly observed: ObservedProject;
  /** By reference as the services name it; a reference that is not there is missing. */
  readonly images: Readonly<Record<string, ObservedImage>>;
  /** Networks by the real name the project gives them, whoever made them; missing where there is none. */
  readonly networks: Readonly<Record<string, ObservedNetwork>>;
  /** Volumes by real name, likewise. */
  readonly volumes: Readonly<Record<string, ObservedVolume>>;
  /** Digest of what a service's configs and secrets contain, by service; missing where it uses none. */
  readonly contentHashes: Readonly<Record<string, string>>;
}
