// Every route of the engine, one file per resource.
import type { NativeEngine } from '../engine.ts';
import { containerRoutes } from './containers.ts';
import { imageRoutes } from './images.ts';
import type { Routes } from './router.ts';
import { systemRoutes } from './system.ts';

export const allRoutes = (engine: NativeEngine): Routes => ({
  ...systemRoutes(engine),
  ...containerRoutes(engine),
  ...imageRoutes(engine),
});
