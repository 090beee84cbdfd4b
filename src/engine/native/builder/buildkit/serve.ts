// BuildKit's protocol on connections, and what is asked of it with plain requests.
import type { Duplex } from 'node:stream';
import { serveGrpc } from '../../../../grpc-server.ts';
import { bridgeMethods } from './bridge.ts';
import { type ControlParts, controlMethods } from './control.ts';
import { HttpBuilds } from './http-builds.ts';
import { Jobs } from './jobs.ts';

export type BuildkitParts = Omit<ControlParts, 'jobs'>;

export interface BuildkitServer {
  /** Speaks the protocol on a connection. */
  serve(connection: Duplex): void;
  /** Builds that are asked for with plain requests. */
  readonly http: HttpBuilds;
}

/** One for an engine: builds are known on all of a client's connections. */
export function buildkitServer(parts: BuildkitParts): BuildkitServer {
  const all: ControlParts = { ...parts, jobs: new Jobs() };
  const [control, bridge] = [controlMethods(all), bridgeMethods(all)];
  const methods = {
    unary: { ...control.unary, ...bridge.unary },
    streaming: { ...control.streaming, ...bridge.streaming },
  };
  return { serve: (connection) => serveGrpc(connection, methods), http: new HttpBuilds(all) };
}
