// Folders of a client, as its sessions serve them.
import type { NativeHost } from '../../host.ts';
import { CONTEXT_LIMITS, type ContextLimits, ContextTree } from '../files/context-tree.ts';
import type { SessionConnection } from '../session-connection.ts';
import { receiveFolder } from './folder-receiver.ts';
import type { Vertex } from './progress.ts';

const DIFF_COPY = '/moby.filesync.v1.FileSync/DiffCopy';

/** Which part of a folder is wanted. */
export interface FolderPart {
  /** These paths alone, and where they lead to; everything, when there are none. */
  readonly only?: readonly string[];
  /** Lines of an ignore file. */
  readonly without?: readonly string[];
  readonly limits?: ContextLimits;
}

export interface FolderRequest extends FolderPart {
  readonly name: string;
  readonly session: SessionConnection;
  /** The file that its contents are kept in. */
  readonly spool: string;
  readonly vertex: Vertex;
  readonly signal: AbortSignal;
}

/** Receives a folder that the client has given a name. */
export async function receiveClientFolder(host: NativeHost, request: FolderRequest): Promise<ContextTree> {
  const { name, session, spool, vertex, signal, only = [], without = [], limits = CONTEXT_LIMITS } = request;
  signal.throwIfAborted();
  const call = session.call(DIFF_COPY, {
    ...header('dir-name', [name]),
    ...(only.length > 0 ? header('followpaths', only) : {}),
    ...(without.length > 0 ? header('exclude-patterns', without) : {}),
  });
  signal.addEventListener('abort', call.cancel, { once: true });
  let received = 0;
  const count = (bytes: number): void => {
    received += bytes;
    vertex.part('transferring', { current: received });
  };
  try {
    return await ContextTree.filled(host, spool, (sink) => receiveFolder(call, sink, count), limits);
  } finally {
    vertex.part('transferring', { current: received, done: true });
    signal.removeEventListener('abort', call.cancel);
  }
}

/** Values of a header; what is not ASCII is escaped, which a header beside tells. */
function header(name: string, values: readonly string[]): Record<string, readonly string[]> {
  if (values.every((value) => /^[\x20-\x7e]*$/.test(value))) return { [name]: values };
  // As a query is written: a plus is a space.
  const escaped = values.map((value) => encodeURIComponent(value).replaceAll('%20', '+'));
  return { [name]: escaped, [`${name}-encoded`]: ['1'] };
}
