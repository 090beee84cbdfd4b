// BuildKit's protocol on a connection.
import type { Duplex } from 'node:stream';
import { serveGrpc } from '../../../../grpc-server.ts';
import { bridgeMethods } from './bridge.ts';
import { type ControlParts, controlMethods } from './control.ts';
import { Jobs } from './jobs.ts';

export type BuildkitParts = Omit<ControlParts, 'jobs'>;

/** One for an engine: builds are known on all of a client's connections. */
export function buildkitServer(parts: BuildkitParts): (connection: Duplex) => void {
  const all: ControlParts = { ...parts, jobs: new Jobs() };
  const [control, bridge] = [controlMethods(all), bridgeMethods(all)];
  const methods = {
    unary: { ...control.unary, ...bridge.unary },
    streaming: { ...control.streaming, ...bridge.streaming },
  };
  return (connection) => serveGrpc(connection, methods);
}
