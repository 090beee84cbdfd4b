// Further processes in a running container: the sessions in which clients ask for them. How one is started is told in
// exec-process.ts.
import { dirname, join } from 'node:path';
import { exists, hasCode, type NativeHost } from '../host.ts';
import { newId } from '../names.ts';
import type { Paths } from '../paths.ts';
import { conflict } from '../server/api-error.ts';
import { chooseCapabilities } from './capabilities.ts';
import { CANNOT_RUN, type ExecStreams, startDirect, startWithMonitor } from './exec-process.ts';
import { linksOf, linkVariables } from './links.ts';
import { processEnvironment } from './oci-config.ts';
import type { OciConfig, OciProcess } from './oci-types.ts';
import { processStart, rootOf, signalProcess } from './process.ts';
import type { Runtime } from './runtime.ts';
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

  /** Forgets a session that nobody will ask for. */
  discard(id: string): void {
    this.#sessions.delete(id);
  }

  /** Forgets all sessions of a container. */
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
    const { host, runtime } = this.#parts;
    const { id } = session;
    const folder = this.folder(session);
    // Before the first await: who asks for the same once more is told so.
    this.#change(id, { started: true, running: true });
    try {
      // Not recursive: the bundle of a container that has just ended must not come back.
      await host.files.mkdir(dirname(folder), { mode: 0o700 }).catch((error: unknown) => {
        if (!hasCode(error, 'EEXIST')) throw error;
      });
      await host.files.mkdir(folder, { mode: 0o700 });
      const spec = await this.#process(session, record, options.terminal);
      await host.files.writeFile(join(folder, 'process.json'), JSON.stringify(spec), { mode: 0o600 });
      const launch = {
        ...{ id, containerId: record.id, folder, words: session.config.Cmd ?? [], input: options.input },
        command: await runtime.joiner(record.id, record.hostConfig.OomScoreAdj ?? 0),
        onPid: (pid: number) => this.#change(id, { pid }),
      };
      const streams = options.terminal ? await startWithMonitor(host, launch) : startDirect(host, launch);
      const ended = streams.ended.then((result) => {
        this.#change(id, { running: false, exitCode: result.exitCode });
        return result;
      });
      return { ...streams, ended };
    } catch (error) {
      this.#change(id, { running: false, exitCode: CANNOT_RUN });
      await host.files.rm(folder, { recursive: true, force: true });
      const { bundle } = this.#parts.paths.container(record.id);
      const ended = hasCode(error, 'ENOENT') && !(await exists(host.files, bundle));
      throw ended ? conflict(`Container ${record.id} is not running`) : error;
    }
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
}
