// `/windlass/…`: what windlass itself asks its engine, beside Docker's API.
import { isLive } from '../containers/types.ts';
import type { NativeEngine } from '../engine.ts';
import { ENGINE_VERSION } from './identity.ts';
import type { Routes } from './router.ts';

/** The answer to `GET /windlass/engine`. */
export interface EngineStatus {
  readonly pid: number;
  readonly version: string;
  readonly root: string;
  readonly run: string;
  /** Where it listens: `unix:///run/windlass/engine.sock`, `tcp://127.0.0.1:2376`. */
  readonly addresses: readonly string[];
  readonly startedAt: string;
  readonly containers: number;
  readonly running: number;
  /** Whether a keeper starts it again when it crashes. */
  readonly kept: boolean;
  /** It ends after so many seconds without work; 0 = never. */
  readonly idleTimeout: number;
}

export interface OwnFacts {
  readonly addresses: readonly string[];
  readonly kept: boolean;
  readonly idleTimeout: number;
  /** Ends the engine after the answer has gone out. */
  readonly stop: () => void;
}

export const ownRoutes = (engine: NativeEngine, facts: OwnFacts): Routes => ({
  'GET /windlass/engine': (exchange) => {
    const records = engine.store.all();
    const status: EngineStatus = {
      pid: process.pid,
      version: ENGINE_VERSION,
      root: engine.paths.lib,
      run: engine.paths.run,
      addresses: facts.addresses,
      startedAt: new Date(engine.startedAt).toISOString(),
      containers: records.length,
      running: records.filter(({ state }) => isLive(state.status)).length,
      kept: facts.kept,
      idleTimeout: facts.idleTimeout,
    };
    exchange.reply(200, status);
  },
  // `containers=1`: they are stopped first, and those with a restart policy come back with the next engine.
  'POST /windlass/engine/stop': async (exchange) => {
    if (exchange.query.get('containers') === '1') {
      const seconds = exchange.query.get('t');
      await engine.stopContainers(seconds === null ? undefined : Number(seconds));
    }
    exchange.reply(204);
    facts.stop();
  },
});
