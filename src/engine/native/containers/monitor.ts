// The monitor of a container (conmon): its command line, pure, and what it tells when the container has been created.
import type { Command } from '../oci-runtime.ts';
import type { ContainerPaths, Paths } from '../paths.ts';
import type { LogPlan } from './log-config.ts';

export interface MonitorRequest {
  readonly id: string;
  /** How the runtime makes containers. */
  readonly maker: Command;
  readonly paths: Paths;
  readonly container: ContainerPaths;
  readonly terminal: boolean;
  readonly stdin: boolean;
  /** Keep standard input open when the client that feeds it goes away. */
  readonly leaveStdinOpen: boolean;
  readonly log: LogPlan;
  /** Who it is in the journal, where the log goes there too. */
  readonly journal: JournalName | undefined;
}

export interface JournalName {
  /** CONTAINER_NAME of its entries. */
  readonly name: string;
  /** Their CONTAINER_TAG. */
  readonly tag: string;
}

/** conmon's arguments. It creates the container, holds its streams, writes the log, and at the end the exit file. */
export function monitorArguments(request: MonitorRequest): string[] {
  const { id, paths, container } = request;
  return [
    '--api-version=1',
    ...['-c', id, '-u', id, '-n', request.journal?.name ?? id],
    ...runtimeArguments(request.maker),
    ...['-b', container.bundle, '--persist-dir', container.bundle, '--full-attach'],
    ...['-p', container.pidFile],
    ...['--exit-dir', paths.exits, '-l', `k8s-file:${container.log}`, '--no-sync-log'],
    ...(request.journal ? ['-l', 'journald:', '--log-tag', request.journal.tag] : []),
    ...logBound(request.log),
    ...(request.terminal ? ['-t'] : []),
    ...(request.stdin ? ['-i'] : []),
    ...(request.stdin && request.leaveStdinOpen ? ['--leave-stdin-open'] : []),
  ];
}

/** How conmon is told the runtime: what stands before the verb as arguments, one by one. */
export const runtimeArguments = ({ program, args }: Command): string[] => [
  '-r',
  program,
  ...args.flatMap((argument) => ['--runtime-arg', argument]),
];

/**
 * conmon begins its file anew when it has grown beyond a size. Where one file is kept that is all there is to do; where several
 * are, the engine puts them aside long before (log-rotation.ts), and this bounds what is written while no engine runs: not so
 * narrowly that an engine on a busy machine comes too late.
 */
function logBound({ maxBytes, maxFiles }: LogPlan): string[] {
  if (maxBytes === undefined) return [];
  return ['--log-size-max', String(maxFiles === 1 ? maxBytes : Math.max(maxBytes * maxFiles, LEAST_BOUND))];
}

const LEAST_BOUND = 64 * 1024 ** 2;

/** What conmon writes to its sync pipe: the container's pid, or why there is none. */
export function parseSyncMessage(text: string): { readonly pid: number } | { readonly failure: string } {
  const line = text.trim().split('\n').at(-1) ?? '';
  try {
    const message: unknown = JSON.parse(line);
    if (typeof message === 'object' && message !== null && 'data' in message) {
      const pid = Number(message.data);
      if (pid > 0) return { pid };
      const detail = 'message' in message ? String(message.message) : '';
      return { failure: detail.trim() || `the runtime could not create the container (${pid})` };
    }
  } catch {
    // Not JSON: conmon ended before it could say anything.
  }
  return { failure: line === '' ? 'the monitor ended without a word' : line };
}
