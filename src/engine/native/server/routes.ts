// Every route of the engine, one file per resource.
import type { NativeEngine } from '../engine.ts';
import { buildRoutes } from './build.ts';
import { commitRoutes } from './commit.ts';
import { containerFileRoutes } from './container-files.ts';
import { containerStreamRoutes } from './container-streams.ts';
import { containerRoutes } from './containers.ts';
import { eventRoutes } from './events.ts';
import { execRoutes } from './exec.ts';
import { imageRoutes } from './images.ts';
import { networkRoutes } from './networks.ts';
import { registryRoutes } from './registry.ts';
import type { Routes } from './router.ts';
import { systemRoutes } from './system.ts';
import { volumeRoutes } from './volumes.ts';

export const allRoutes = (engine: NativeEngine): Routes => ({
  ...systemRoutes(engine),
  ...buildRoutes(engine),
  ...commitRoutes(engine),
  ...containerRoutes(engine),
  ...containerStreamRoutes(engine),
  ...containerFileRoutes(engine),
  ...execRoutes(engine),
  ...registryRoutes(engine),
  ...imageRoutes(engine),
  ...networkRoutes(engine),
  ...volumeRoutes(engine),
  ...eventRoutes(engine),
});
