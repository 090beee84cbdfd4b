// The life of containers: start, signal, stop, end, remove. One thing at a time per container; containers side by side.
//
//   created ──start──▶ running ◀──unpause── paused
//      ▲                 │  ▲────pause──────▶
//      │                 ▼ exit file
//   (made)            exited ──restart policy──▶ restarting ──start──▶ running
//
// How each step is done is told elsewhere: launch.ts, signals.ts, take-down.ts, take-over.ts, attachments.ts.
import { join } from 'node:path';
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { timestamp } from '../names.ts';
import type { NetworkRecord } from '../networks/record.ts';
import { Serial } from '../serial.ts';
import { conflict } from '../server/api-error.ts';
import { attach, detach } from './attachments.ts';
import { EndWatch } from './end-watch.ts';
import { memberOf } from './endpoints.ts';
import { eventAttributes } from './event-attributes.ts';
import { ExitWatch } from './exit-watch.ts';
import { launch, startFailure } from './launch.ts';
import type { LifecycleParts, LifecycleTools } from './lifecycle-parts.ts';
import { outOfMemory } from './oom-watch.ts';
import { type FilesOfContainer, withRootfs } from './rootfs.ts';
import { Runtime } from './runtime.ts';
import { killContainer, type StopRequest, stopContainer } from './signals.ts';
import { takeDown } from './take-down.ts';
import { makeFolders, takeOver, UNKNOWN_EXIT } from './take-over.ts';
import { type ContainerRecord, type EndpointSettings, isLive } from './types.ts';
import { removeAnonymousVolumes } from './volume-mounts.ts';
import { tell, type Waiters, wait } from './waiting.ts';

/** Told about every start and end, after the record has changed. */
export interface LifecycleListener {
  started?(record: ContainerRecord): void;
  ended?(record: ContainerRecord): void;
  removed?(record: ContainerRecord): void;
}

export class Lifecycle {
  readonly runtime: Runtime;
  readonly #tools: LifecycleTools;
  readonly #serial = new Serial();
  readonly #exits: ExitWatch;
  readonly #lost: EndWatch;
  readonly #listeners: LifecycleListener[] = [];
  readonly #exitWaiters: Waiters = new Map();
  readonly #removeWaiters: Waiters = new Map();
  readonly #creationWaiters: Waiters = new Map();
  #closing = false;

  constructor(parts: LifecycleParts) {
    this.runtime = new Runtime(parts.host, parts.machine, parts.paths);
    this.#tools = { ...parts, runtime: this.runtime };
    this.#exits = new ExitWatch(parts.host, parts.paths.exits, (id, code) => {
      if (!this.#closing) void this.#serial.run(id, () => this.#ended(id, code)).catch(() => undefined);
    });
    const { host, store } = parts;
    this.#lost = new EndWatch({ host, containers: () => store.all(), onLost: (record) => void this.#endLost(record) });
  }

  listen(listener: LifecycleListener): void {
    this.#listeners.push(listener);
  }

  /** Takes over what runs, settles what ended meanwhile, and clears away what an interrupted start left. */
  async open(): Promise<void> {
    await makeFolders(this.#tools);
    const exited = await this.#exits.start();
    const gone = await takeOver(this.#tools, exited);
    await Promise.all(gone.map(({ record: { id }, code }) => this.#serial.run(id, () => this.#ended(id, code))));
    this.#lost.start();
  }

  /** Stops looking; what runs goes on. */
  close(): void {
    this.#closing = true;
    this.#exits.close();
    this.#lost.close();
  }

  /** Resolves to false when it runs already. */
  start(id: string): Promise<boolean> {
    return this.#serial.run(id, () => this.#start(id));
  }

  /** The exit of a running container; at once where it does not run. Here and below: nothing more once `gone` is aborted. */
  async exited(id: string, gone?: AbortSignal): Promise<ContainerRecord> {
    const record = this.#tools.store.find(id);
    const goesOn = isLive(record.state.status) || record.state.status === 'restarting';
    return goesOn ? this.nextExit(record.id, gone) : record;
  }

  nextExit(id: string, gone?: AbortSignal): Promise<ContainerRecord> {
    return wait(this.#exitWaiters, id, gone);
  }

  /** The moment at which the monitor of the next run takes input; the first process does not run yet. */
  nextCreation(id: string, gone?: AbortSignal): Promise<ContainerRecord> {
    return wait(this.#creationWaiters, id, gone);
  }

  removal(id: string, gone?: AbortSignal): Promise<ContainerRecord> {
    return wait(this.#removeWaiters, id, gone);
  }

  /** Sends a signal; a container that does not run is a conflict. */
  kill(id: string, signal: string): Promise<void> {
    return killContainer(this.#tools, id, signal, (full) => this.nextExit(full));
  }

  /** Resolves to false when it did not run. The container's own signal, then, after the time-out, SIGKILL. */
  async stop(id: string, request: StopRequest = {}): Promise<boolean> {
    const { store } = this.#tools;
    const { id: full } = store.find(id);
    // Its next start may be under way: then that is waited for, and what runs then is stopped.
    const gaveUp =
      store.find(full).state.status === 'restarting' && (await this.#serial.run(full, async () => this.#giveUp(full)));
    if (gaveUp) return true;
    const record = store.find(full);
    if (!isLive(record.state.status)) return false;
    await stopContainer(this.#tools, record, this.nextExit(record.id), request);
    return true;
  }

  async restart(id: string, seconds?: number, signal?: string): Promise<void> {
    const { store, events } = this.#tools;
    const { id: full } = store.find(id);
    // AutoRemove is put off by starting again in the same turn of the container's queue.
    await this.stop(full, { seconds, signal });
    await this.start(full);
    events.emit('container', 'restart', full, eventAttributes(store.find(full)));
  }

  pause(id: string): Promise<void> {
    const { store, events } = this.#tools;
    const { id: full } = store.find(id);
    return this.#serial.run(full, async () => {
      const record = store.find(full);
      if (record.state.status === 'paused') throw conflict(`Container ${id} is already paused`);
      if (record.state.status !== 'running') throw conflict(`Container ${id} is not running`);
      await this.runtime.call(full, ['pause']);
      events.emit('container', 'pause', full, eventAttributes(store.updateState(full, { status: 'paused' })));
    });
  }

  unpause(id: string): Promise<void> {
    const { store, events } = this.#tools;
    const { id: full } = store.find(id);
    return this.#serial.run(full, async () => {
      const record = store.find(full);
      if (record.state.status !== 'paused') throw conflict(`Container ${id} is not paused`);
      await this.runtime.call(full, ['resume']);
      events.emit('container', 'unpause', full, eventAttributes(store.updateState(full, { status: 'running' })));
    });
  }

  /** Joins a network: at once when it runs, with its next start otherwise. */
  connect(id: string, network: NetworkRecord, settings: EndpointSettings): Promise<void> {
    return this.#serial.run(id, () => attach(this.#tools, id, network, settings));
  }

  disconnect(id: string, network: NetworkRecord): Promise<void> {
    return this.#serial.run(id, () => detach(this.#tools, id, network));
  }

  /** Calls `use` with the container's files: as it sees them when it runs, mounted for the while otherwise. */
  async withFiles<T>(id: string, use: (files: FilesOfContainer) => Promise<T>): Promise<T> {
    const work = (): Promise<T> => withRootfs(this.#tools, id, use);
    return isLive(this.#tools.store.find(id).state.status) ? work() : this.#serial.run(id, work);
  }

  /** A running container answers to its new name from now on. */
  renamed(record: ContainerRecord): void {
    if (!isLive(record.state.status)) return;
    const joined = this.#tools.networks.join(memberOf(record));
    joined.catch((error: unknown) => debug('lifecycle', () => messageOf(error)));
  }

  /** Removes the container, its log, its writable layer and, with `volumes`, those of its volumes that have no name. */
  async remove(id: string, options: { readonly force: boolean; readonly volumes: boolean }): Promise<ContainerRecord> {
    for (;;) {
      const record = this.#tools.store.find(id);
      if (isLive(record.state.status) || record.state.status === 'restarting') {
        if (!options.force) throw stillInUse(record);
        await this.stop(record.id, { seconds: 0, signal: 'SIGKILL' });
      }
      // Somebody may have started it meanwhile.
      const removed = await this.#serial.run(record.id, async () => {
        const now = this.#tools.store.get(record.id);
        // Stopped, it may have vanished by itself.
        if (!now) return record;
        return isLive(now.state.status) ? undefined : this.#remove(record.id, options.volumes);
      });
      if (removed) return removed;
    }
  }

  /** A container that waits for its next start will not be started; false when it does not wait any more. */
  #giveUp(id: string): boolean {
    const { store } = this.#tools;
    if (store.get(id)?.state.status !== 'restarting') return false;
    this.#settle(store.updateState(id, { status: 'exited', stoppedByUser: true }));
    return true;
  }

  async #remove(id: string, volumes: boolean): Promise<ContainerRecord> {
    const { store, events } = this.#tools;
    const record = store.find(id);
    await store.remove(id);
    if (volumes) await removeAnonymousVolumes(this.#tools.volumes, store.all(), record);
    events.emit('container', 'destroy', id, eventAttributes(record));
    for (const listener of this.#listeners) listener.removed?.(record);
    for (const waiters of [this.#removeWaiters, this.#exitWaiters]) tell(waiters, record);
    this.#creationWaiters.delete(id);
    return record;
  }

  async #start(id: string): Promise<boolean> {
    const { store, events } = this.#tools;
    const record = store.find(id);
    if (record.state.status === 'running') return false;
    if (record.state.status === 'paused') throw conflict('cannot start a paused container, try unpause instead');
    try {
      await launch(this.#tools, record, (created) => tell(this.#creationWaiters, created));
    } catch (error) {
      await takeDown(this.#tools, record);
      const failure = startFailure(error);
      const after = store.updateState(id, {
        status: record.state.status === 'restarting' ? 'exited' : record.state.status,
        exitCode: failure.exitCode,
        error: failure.message,
      });
      events.emit('container', 'die', id, { ...eventAttributes(after), exitCode: String(failure.exitCode) });
      this.#settle(after);
      throw failure.error;
    }
    const after = store.find(id);
    events.emit('container', 'start', id, eventAttributes(after));
    for (const listener of this.#listeners) listener.started?.(after);
    return true;
  }

  /** The first process has ended: takes down what stood around it, then decides what comes next. */
  async #ended(id: string, code: number): Promise<void> {
    const { host, store, events, paths } = this.#tools;
    const record = store.get(id);
    if (!record || !isLive(record.state.status)) {
      await host.files.rm(join(paths.exits, id), { force: true });
      return;
    }
    const memory = await outOfMemory(this.#tools, record);
    await takeDown(this.#tools, record);
    const after = store.note(id, (current) => ({
      ...current,
      state: {
        ...current.state,
        status: 'exited',
        pid: 0,
        pidStart: '',
        exitCode: code,
        oomKilled: memory.killed,
        finishedAt: timestamp(),
      },
    }));
    if (memory.killed && !memory.told) events.emit('container', 'oom', id, eventAttributes(after));
    events.emit('container', 'die', id, { ...eventAttributes(after), exitCode: String(code) });
    for (const listener of this.#listeners) listener.ended?.(after);
    const settled = store.get(id) ?? after;
    this.#settle(settled);
    void this.#forgetExit(settled).catch((error: unknown) => debug('lifecycle', () => messageOf(error)));
  }

  /** Without its monitor's word, as when the engine itself finds it ended (take-over.ts). */
  async #endLost({ id, state }: ContainerRecord): Promise<void> {
    await this.#serial
      .run(id, async () => {
        const now = this.#tools.store.get(id)?.state;
        if (now?.pid === state.pid && now.pidStart === state.pidStart)
          await this.#ended(id, (await this.#exits.statusOf(id)) ?? UNKNOWN_EXIT);
      })
      .catch((error: unknown) => debug('lifecycle', () => messageOf(error)));
  }

  /** Nobody waits for the disk: until the record there tells of the end, the exit file does, to the next engine too. */
  async #forgetExit(record: ContainerRecord): Promise<void> {
    const { host, store, paths } = this.#tools;
    if (!vanishes(record)) await store.save(record.id);
    await this.#serial.run(record.id, async () => {
      const now = store.get(record.id);
      // Running again, it has begun with removing the file; what is there now tells of another end.
      if (!now || !isLive(now.state.status)) await host.files.rm(join(paths.exits, record.id), { force: true });
    });
  }

  /** Tells those who wait for the end; a container that is to vanish then does, unless its restart policy has taken over. */
  #settle(record: ContainerRecord): void {
    tell(this.#exitWaiters, record);
    if (vanishes(record)) void this.#serial.run(record.id, () => this.#remove(record.id, true)).catch(() => undefined);
  }
}

/** Whether it is to be removed now that it has ended. */
const vanishes = (record: ContainerRecord): boolean =>
  record.hostConfig.AutoRemove === true && record.state.status !== 'restarting';

function stillInUse(record: ContainerRecord): Error {
  const [what, advice] =
    record.state.status === 'paused'
      ? ['paused', 'Unpause and then stop the container before attempting removal or force remove']
      : ['running', 'Stop the container before attempting removal or force remove'];
  return conflict(`You cannot remove a ${what} container ${record.id}. ${advice}`);
}
