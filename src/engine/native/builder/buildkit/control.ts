// `moby.buildkit.v1.Control`: what clients of BuildKit ask of its daemon.
import type { Duplex } from 'node:stream';
import type { Methods } from '../../../../grpc-server.ts';
import {
  bytesOf,
  decode,
  encode,
  type Message,
  mapEntries,
  mapOf,
  messagesOf,
  textMapOf,
  textOf,
} from '../../../../protobuf.ts';
import { diskUsage, prune } from './cache-records.ts';
import { grpcFailure } from './failure.ts';
import type { FrontendParts } from './frontend.ts';
import { messageConnection } from './message-connection.ts';
import { isDefinition } from './result.ts';
import { type SolveRequest, solve } from './solve.ts';

const CONTROL = '/moby.buildkit.v1.Control';

export interface ControlParts extends FrontendParts {
  /** Name of this engine and its version. */
  readonly version: string;
  readonly architecture: string;
  /** The host's address as commands of builds see it. */
  hostGateway(): string;
  /** Takes over a session's connection. */
  adoptSession(id: string, connection: Duplex): void;
}

export function controlMethods(parts: ControlParts): Methods {
  return {
    unary: {
      [`${CONTROL}/ListWorkers`]: () => encode({ 1: [workerRecord(parts)] }),
      [`${CONTROL}/DiskUsage`]: () => diskUsage(parts),
      [`${CONTROL}/Info`]: () => encode({ 1: versionRecord(parts) }),
      [`${CONTROL}/Solve`]: (bytes, { signal }) =>
        parts.builder.during(signal, async (ending) => {
          try {
            return encode({ 1: mapEntries(await solve(parts, solveRequest(decode(bytes)), ending)) });
          } catch (error) {
            throw grpcFailure(error, ending);
          }
        }),
    },
    streaming: {
      // A session that several builds share is opened in here, on the same connection as they are.
      [`${CONTROL}/Session`]: async ({ messages, send, headers }) => {
        const connection = messageConnection(messages, send);
        parts.adoptSession(String(headers['x-docker-expose-session-uuid'] ?? ''), connection);
        await new Promise<void>((resolve) => {
          connection.once('close', resolve);
        });
      },
      [`${CONTROL}/Prune`]: async ({ messages, send }) => {
        const { value } = await messages[Symbol.asyncIterator]().next();
        for (const record of await prune(parts, value ?? Buffer.alloc(0))) await send(record);
      },
      [`${CONTROL}/Status`]: async ({ messages, send, signal }) => {
        const { value } = await messages[Symbol.asyncIterator]().next();
        const progress = await parts.jobs.progress(value ? textOf(decode(value), 1) : '', signal);
        for await (const message of progress.follow(signal)) await send(message);
      },
    },
  };
}

/** A `WorkerRecord`: the one that builds here. */
export const workerRecord = (parts: ControlParts): Buffer =>
  encode({
    1: 'windlass',
    2: mapEntries([
      ['org.mobyproject.buildkit.worker.executor', 'windlass'],
      // By this label clients know that several platforms, pushes, archives and caches are served.
      ['org.mobyproject.buildkit.worker.snapshotter', 'windlass'],
      ['org.mobyproject.buildkit.worker.moby.host-gateway-ip', parts.hostGateway()],
    ]),
    3: [encode({ 1: parts.architecture, 2: 'linux' })],
    5: versionRecord(parts),
  });

const versionRecord = ({ version }: ControlParts): Buffer => encode({ 1: 'windlass', 2: `v${version}` });

function solveRequest(message: Message): SolveRequest {
  const exporters = messagesOf(message, 13).map((one) => ({ type: textOf(one, 1), attributes: textMapOf(one, 2) }));
  // As clients before BuildKit 0.13 name their only one.
  const only = { type: textOf(message, 3), attributes: textMapOf(message, 4) };
  return {
    ref: textOf(message, 1),
    session: textOf(message, 5),
    frontend: textOf(message, 6),
    attributes: textMapOf(message, 7),
    inputs: mapOf(message, 10),
    hasDefinition: isDefinition(bytesOf(message, 2)),
    exporters: exporters.length === 0 && only.type !== '' ? [only] : exporters,
    cacheExports: messagesOf(decode(bytesOf(message, 8)), 4).map((one) => ({
      ...{ type: textOf(one, 1), attributes: textMapOf(one, 2) },
    })),
  };
}
