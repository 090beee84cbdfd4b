// One further process in a running container. Without a terminal the runtime is our own child and its pipes are the streams; with
// one, a monitor holds the terminal, as for the container itself.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { type NativeHost, readIfExists } from '../host.ts';
import type { Command } from '../oci-runtime.ts';
import { openStdin } from './attach-bridge.ts';
import { ownWords } from './exec-stderr.ts';
import { FileChange } from './file-change.ts';
import { parseSyncMessage, runtimeArguments } from './monitor.ts';
import { loggedFailure, runtimeMessage } from './runtime-message.ts';

/** The streams of a process that was started. */
export interface ExecStreams {
  /** Absent where no input was asked for. */
  readonly input: Writable | undefined;
  /** Pipes of the process; absent with a terminal. */
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  /** The monitor's log, where there is a terminal. It stays until `release`. */
  readonly log: string | undefined;
  /** Exit code; what the runtime said where it could not start the process. Never rejects. */
  readonly ended: Promise<ExecResult>;
  /** Nobody reads the log any more: what the process needs of files goes with its end, which is not waited for. */
  release(): void;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly failure: string | undefined;
}

export interface ExecLaunch {
  readonly id: string;
  readonly containerId: string;
  /** The process's own, with `process.json` in it. */
  readonly folder: string;
  /** What is to be run. */
  readonly words: readonly string[];
  /** The runtime. */
  readonly command: Command;
  /** Somebody is going to write. */
  readonly input: boolean;
  readonly onPid: (pid: number) => void;
}

/** How often the runtime's file with the pid is looked for. */
const PID_POLL_MS = 5;

export function startDirect(host: NativeHost, launch: ExecLaunch): ExecStreams {
  const { folder, command, containerId, input } = launch;
  const log = join(folder, 'runtime.log');
  const pidFile = join(folder, 'pid');
  const args = [
    ...command.args,
    ...['--log', log, '--log-format', 'json', 'exec', '--pid-file', pidFile],
    ...['--process', join(folder, 'process.json'), containerId],
  ];
  // A pipe in any case: crun gives what stands there to the process's user, even the host's /dev/null.
  const child = host.start(command.program, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' });
  child.stdin?.on('error', () => {
    // The process does not read on.
  });
  if (!input) child.stdin?.end();
  void notePid(host, pidFile, child, launch.onPid).catch((error: unknown) => debug('exec', () => messageOf(error)));
  const ended = new Promise<ExecResult>((resolve) => {
    child.once('error', (error) => resolve({ exitCode: CANNOT_RUN, failure: error.message }));
    child.once('close', (code, signal) => {
      const exitCode = code ?? (signal === 'SIGKILL' ? 137 : 143);
      resultOf(host, launch, log, exitCode).then(resolve, () => resolve({ exitCode, failure: undefined }));
    });
  }).finally(() => removeFolder(host, folder));
  const failed = ended.then(({ failure }) => failure !== undefined);
  return {
    input: input ? (child.stdin ?? undefined) : undefined,
    stdout: child.stdout ?? undefined,
    stderr: child.stderr ? ownWords(child.stderr, failed) : undefined,
    log: undefined,
    ended,
    release: () => undefined,
  };
}

/** Statuses with which a runtime ends where it could not start the process. */
const FAILING = new Set([1, 126, 127, 255]);

/** Where the runtime could not start the process, there is a line in its log. */
async function resultOf(
  host: NativeHost,
  { words }: ExecLaunch,
  logFile: string,
  exitCode: number,
): Promise<ExecResult> {
  const log = FAILING.has(exitCode) ? ((await readIfExists(host.files, logFile)) ?? '') : '';
  const said = loggedFailure(log, words[0]);
  return said === undefined ? { exitCode, failure: undefined } : execFailure(said);
}

async function notePid(
  host: NativeHost,
  pidFile: string,
  child: ChildProcess,
  onPid: (pid: number) => void,
): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const pid = Number((await readIfExists(host.files, pidFile)) ?? 0);
    if (pid > 0) return onPid(pid);
    await new Promise((resolve) => setTimeout(resolve, PID_POLL_MS));
  }
}

export async function startWithMonitor(host: NativeHost, launch: ExecLaunch): Promise<ExecStreams> {
  const { id, containerId, folder, command, words } = launch;
  const exits = join(folder, 'exits');
  await host.files.mkdir(exits, { recursive: true });
  const log = join(folder, 'log');
  const args = [
    '--api-version=1',
    ...['-c', containerId, '-u', id, '-n', id],
    ...runtimeArguments(command),
    ...['-b', folder, '--full-attach', '-p', join(folder, 'pid'), '-P', join(folder, 'monitor.pid')],
    ...['--exit-dir', exits, '-l', `k8s-file:${log}`, '--no-sync-log'],
    ...['-e', '--exec-attach', '--exec-process-spec', join(folder, 'process.json'), '-t', '-i'],
  ];
  const monitor = host.start('conmon', args, {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', _OCI_SYNCPIPE: '3', _OCI_ATTACHPIPE: '4' },
    detached: true,
    cwd: '/',
  });
  const said = parseSyncMessage(pidLine(await readSync(monitor)));
  if ('failure' in said) {
    await removeFolder(host, folder);
    const ended = Promise.resolve(execFailure(runtimeMessage(said.failure, words[0])));
    return { input: undefined, stdout: undefined, stderr: undefined, log: undefined, ended, release: () => undefined };
  }
  launch.onPid(said.pid);
  const bridge = launch.input ? openStdin(host, folder) : undefined;
  const ended = monitorEnd(host, join(exits, containerId)).then((exitCode) => {
    bridge?.close();
    return { exitCode, failure: undefined };
  });
  const release = (): void => {
    // The monitor needs its folder as long as the process runs, whether or not its client stays.
    void ended.then(() => removeFolder(host, folder));
  };
  return { input: bridge?.input, stdout: undefined, stderr: undefined, log, ended, release };
}

/** The exit code, from the file that the monitor writes at the end. */
async function monitorEnd(host: NativeHost, exitFile: string): Promise<number> {
  const change = new FileChange(dirname(exitFile));
  try {
    for (;;) {
      const text = await readIfExists(host.files, exitFile).catch(() => undefined);
      if (text !== undefined && /^\d+/.test(text)) return Number(text.trim());
      // The folder goes with its container, which takes the process with it.
      if (!(await host.files.stat(dirname(exitFile)).catch(() => undefined))) return 137;
      await change.next();
    }
  } finally {
    change.close();
  }
}

/** What cannot be removed goes with the container's bundle. */
const removeFolder = (host: NativeHost, folder: string): Promise<void> =>
  host.files
    .rm(folder, { recursive: true, force: true })
    .catch((error: unknown) => debug('exec', () => messageOf(error)));

/** Docker's exit codes of a process that could not be started: there is no such program, or it cannot be run. */
const NO_PROGRAM = 127;
export const CANNOT_RUN = 126;

function execFailure(said: string): { exitCode: number; failure: string } {
  const failure = `OCI runtime exec failed: ${said}: unknown`;
  return { exitCode: /not found|no such file/i.test(failure) ? NO_PROGRAM : CANNOT_RUN, failure };
}

/**
 * Of conmon's lines the one with the pid: before it stands that the attached session's socket is there (`"data": 0`), behind it, of a
 * process that ended at once, its exit code.
 */
const pidLine = (words: string): string =>
  words.split('\n').find((line) => line !== '' && !/"data"\s*:\s*0\b/.test(line)) ?? words;

async function readSync(monitor: ChildProcess): Promise<string> {
  const sync = monitor.stdio[3];
  if (!sync || !('setEncoding' in sync)) throw new Error('the monitor was started without a sync pipe');
  const attach = monitor.stdio[4];
  if (attach && 'resume' in attach) attach.resume();
  let text = '';
  // With an attached session the monitor first says that its socket is there (`"data": 0`), then the pid.
  sync.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const lines = text
      .trim()
      .split('\n')
      .filter((line) => !/"data"\s*:\s*0\b/.test(line));
    if (lines.length > 0 && text.endsWith('\n')) sync.destroy();
  });
  monitor.on('error', (error) => sync.destroy(error));
  await once(sync, 'close').catch((error: unknown) => {
    text = JSON.stringify({ data: -1, message: messageOf(error) });
  });
  return text;
}
