// Further processes in a running container. Without a terminal the runtime is our own child and its pipes are the streams;
// with one, a monitor holds the terminal, as for the container itself.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../../errors.ts';
import { hasCode, type NativeHost, readIfExists } from '../host.ts';
import { newId } from '../names.ts';
import type { Command } from '../oci-runtime.ts';
import type { Paths } from '../paths.ts';
import { openStdin } from './attach-bridge.ts';
import { chooseCapabilities } from './capabilities.ts';
import { ownWords } from './exec-stderr.ts';
import { linksOf, linkVariables } from './links.ts';
import { parseSyncMessage, runtimeArguments } from './monitor.ts';
import { processEnvironment } from './oci-config.ts';
import type { OciConfig, OciProcess } from './oci-types.ts';
import { processStart, rootOf, signalProcess } from './process.ts';
import type { Runtime } from './runtime.ts';
import { loggedFailure, runtimeMessage } from './runtime-message.ts';
import type { ContainerStore } from './store.ts';
import type { ContainerRecord } from './types.ts';
import { userFacts } from './user-facts.ts';

export interface ExecConfig {
  readonly AttachStdin?: boolean;
  readonly AttachStdout?: boolean;
  readonly AttachStderr?: boolean;
  readonly DetachKeys?: string;
  readonly Tty?: boolean;
  readonly Env?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Privileged?: boolean;
  readonly User?: string;
  readonly WorkingDir?: string;
}

export interface ExecSession {
  readonly id: string;
  readonly containerId: string;
  readonly config: ExecConfig;
  readonly started: boolean;
  readonly running: boolean;
  readonly pid: number;
  /** Null until it has ended. */
  readonly exitCode: number | null;
}

/** The streams of a process that was started. */
export interface ExecStreams {
  /** Absent where no input was asked for. */
  readonly input: Writable | undefined;
  /** Pipes of the process; absent with a terminal. */
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  /** The monitor's log, where there is a terminal. */
  readonly log: string | undefined;
  /** Exit code; what the runtime said where it could not start the process. */
  readonly ended: Promise<{ readonly exitCode: number; readonly failure: string | undefined }>;
}

export interface ExecParts {
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly runtime: Runtime;
  readonly availableCapabilities: readonly string[];
  readonly store: ContainerStore;
}

/** Sessions are kept for `inspect` after their end until their container goes, at most so many per container. */
const KEPT_PER_CONTAINER = 100;

export class ExecSessions {
  readonly #parts: ExecParts;
  readonly #sessions = new Map<string, ExecSession>();

  constructor(parts: ExecParts) {
    this.#parts = parts;
  }

  get(id: string): ExecSession | undefined {
    return this.#sessions.get(id);
  }

  create(containerId: string, config: ExecConfig): ExecSession {
    const session: ExecSession = {
      id: newId(),
      containerId,
      config,
      started: false,
      running: false,
      pid: 0,
      exitCode: null,
    };
    this.#sessions.set(session.id, session);
    const ended = [...this.#sessions.values()].filter((s) => s.containerId === containerId && s.exitCode !== null);
    for (const old of ended.slice(0, Math.max(ended.length - KEPT_PER_CONTAINER, 0))) this.#sessions.delete(old.id);
    return session;
  }

  /** Kills a session's process; done when there is none. */
  async kill(id: string): Promise<void> {
    const { host } = this.#parts;
    const pid = this.#sessions.get(id)?.pid ?? 0;
    const start = pid > 0 ? await processStart(host, pid) : undefined;
    if (start !== undefined) await signalProcess(host, pid, start, 9);
  }

  /** Ids of a container's sessions that run. */
  unended(containerId: string): string[] {
    return [...this.#sessions.values()].flatMap((session) =>
      session.containerId === containerId && session.running ? [session.id] : [],
    );
  }

  forget(containerId: string): void {
    for (const session of this.#sessions.values())
      if (session.containerId === containerId) this.#sessions.delete(session.id);
  }

  folder(session: ExecSession): string {
    return join(this.#parts.paths.container(session.containerId).bundle, 'exec', session.id.slice(0, 16));
  }

  #change(id: string, change: Partial<ExecSession>): void {
    const session = this.#sessions.get(id);
    if (session) this.#sessions.set(id, { ...session, ...change });
  }

  /** Starts the process. `input` false: nobody is going to write. */
  async start(
    session: ExecSession,
    record: ContainerRecord,
    options: { readonly input: boolean; readonly terminal: boolean },
  ): Promise<ExecStreams> {
    const { host } = this.#parts;
    const folder = this.folder(session);
    // Not recursive: the bundle of a container that has just ended must not come back.
    await host.files.mkdir(dirname(folder), { mode: 0o700 }).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
    await host.files.mkdir(folder, { mode: 0o700 });
    const spec = await this.#process(session, record, options.terminal);
    await host.files.writeFile(join(folder, 'process.json'), JSON.stringify(spec), { mode: 0o600 });
    this.#change(session.id, { started: true, running: true });
    const command = await this.#parts.runtime.joiner(record.id, record.hostConfig.OomScoreAdj ?? 0);
    const streams = options.terminal
      ? await this.#withMonitor(session, folder, command, options.input)
      : this.#direct(session, folder, command, options.input);
    const ended = streams.ended.then(async (result) => {
      this.#change(session.id, { running: false, exitCode: result.exitCode });
      return result;
    });
    return { ...streams, ended };
  }

  /** The process as the container's own was told, with what this one changes. */
  async #process(session: ExecSession, record: ContainerRecord, terminal: boolean): Promise<OciProcess> {
    const { host, paths, availableCapabilities } = this.#parts;
    const { bundle } = paths.container(record.id);
    const { process: base } = JSON.parse(await host.files.readFile(join(bundle, 'config.json'), 'utf8')) as OciConfig;
    const { config } = session;
    const user = await userFacts(
      host,
      rootOf(record),
      config.User || record.config.User || '',
      record.hostConfig.GroupAdd ?? [],
    );
    const bounding = config.Privileged
      ? chooseCapabilities({ add: [], drop: [], privileged: true, available: availableCapabilities }).granted
      : base.capabilities.bounding;
    const held = user.uid === 0 ? bounding : [];
    const environment = { hostname: record.config.Hostname ?? '', home: user.home, terminal };
    const { apparmorProfile, ...rest } = base;
    const confined = config.Privileged || apparmorProfile === undefined ? {} : { apparmorProfile };
    return {
      ...rest,
      ...confined,
      terminal,
      user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
      args: config.Cmd ?? [],
      env: processEnvironment(
        [
          ...linkVariables(record, linksOf(record, this.#parts.store.all())),
          ...(record.config.Env ?? []),
          ...(config.Env ?? []),
        ],
        environment,
      ),
      cwd: config.WorkingDir || record.config.WorkingDir || '/',
      capabilities: { bounding, effective: held, permitted: held },
    };
  }

  #direct(session: ExecSession, folder: string, command: Command, input: boolean): ExecStreams {
    const { host } = this.#parts;
    const log = join(folder, 'runtime.log');
    const pidFile = join(folder, 'pid');
    const args = [
      ...command.args,
      ...['--log', log, '--log-format', 'json', 'exec', '--pid-file', pidFile],
      ...['--process', join(folder, 'process.json'), session.containerId],
    ];
    // A pipe in any case: crun gives what stands there to the process's user, even the host's /dev/null.
    const child = host.start(command.program, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' });
    child.stdin?.on('error', () => {
      // The process does not read on.
    });
    if (!input) child.stdin?.end();
    void this.#notePid(session.id, pidFile, child);
    const ended = new Promise<{ exitCode: number; failure: string | undefined }>((resolve) => {
      child.once('error', (error) => resolve({ exitCode: 126, failure: error.message }));
      child.once(
        'close',
        (code, signal) => void this.#result(session, log, code ?? (signal === 'SIGKILL' ? 137 : 143)).then(resolve),
      );
    }).finally(() => host.files.rm(folder, { recursive: true, force: true }));
    const failed = ended.then(({ failure }) => failure !== undefined);
    return {
      input: input ? (child.stdin ?? undefined) : undefined,
      stdout: child.stdout ?? undefined,
      stderr: child.stderr ? ownWords(child.stderr, failed) : undefined,
      log: undefined,
      ended,
    };
  }

  /** Where the runtime could not start the process, there is a line in its log. */
  async #result(
    { config }: ExecSession,
    logFile: string,
    code: number,
  ): Promise<{ exitCode: number; failure: string | undefined }> {
    const log = failing.has(code) ? ((await readIfExists(this.#parts.host.files, logFile)) ?? '') : '';
    const said = loggedFailure(log, config.Cmd?.[0]);
    return said === undefined ? { exitCode: code, failure: undefined } : execFailure(said);
  }

  async #notePid(id: string, pidFile: string, child: ChildProcess): Promise<void> {
    while (child.exitCode === null && child.signalCode === null) {
      const pid = Number((await readIfExists(this.#parts.host.files, pidFile)) ?? 0);
      if (pid > 0) return this.#change(id, { pid });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async #withMonitor(session: ExecSession, folder: string, command: Command, input: boolean): Promise<ExecStreams> {
    const { host } = this.#parts;
    const exits = join(folder, 'exits');
    await host.files.mkdir(exits, { recursive: true });
    const log = join(folder, 'log');
    const args = [
      '--api-version=1',
      ...['-c', session.containerId, '-u', session.id, '-n', session.id],
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
      const ended = Promise.resolve(execFailure(runtimeMessage(said.failure, session.config.Cmd?.[0])));
      return { input: undefined, stdout: undefined, stderr: undefined, log: undefined, ended };
    }
    this.#change(session.id, { pid: said.pid });
    const bridge = input ? openStdin(host, folder) : undefined;
    const ended = this.#monitorEnd(join(exits, session.containerId)).then((exitCode) => {
      bridge?.close();
      return { exitCode, failure: undefined };
    });
    return { input: bridge?.input, stdout: undefined, stderr: undefined, log, ended };
  }

  async #monitorEnd(exitFile: string): Promise<number> {
    for (;;) {
      const text = await readIfExists(this.#parts.host.files, exitFile);
      if (text !== undefined && /^\d+/.test(text)) return Number(text.trim());
      // The folder goes with its container, which takes the process with it.
      const there = await this.#parts.host.files.stat(join(exitFile, '..')).catch(() => undefined);
      if (!there) return 137;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Statuses with which a runtime ends where it could not start the process. */
const failing = new Set([1, 126, 127, 255]);

/** Docker's words and exit code for a process that could not be started. */
function execFailure(said: string): { exitCode: number; failure: string } {
  const failure = `OCI runtime exec failed: ${said}: unknown`;
  return { exitCode: /not found|no such file/i.test(failure) ? 127 : 126, failure };
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
