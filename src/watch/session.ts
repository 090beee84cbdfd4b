// Watching a project: changed files → what is due per service → rebuild, sync, restart, run; one thing at a time for each service,
// services beside each other. What comes in while something is done waits, and is done once afterwards.
import type { Engine } from '../engine/engine.ts';
import { isAbort, messageOf } from '../errors.ts';
import { debug } from '../log.ts';
import type { Service } from '../model.ts';
import { eventsBeforeCheck, noWatch, systemWatch } from './folder-watch.ts';
import { HostTree } from './host-tree.ts';
import { MountedFiles } from './mounted-files.ts';
import { Owners } from './owner.ts';
import { QuickWay } from './quick-way.ts';
import { Remover } from './removal.ts';
import { Replicas } from './replicas.ts';
import { Replication } from './replication.ts';
import { type Due, mappingOf, nothingDue, route } from './route.ts';
import { type CompiledRule, interestOf } from './rules.ts';

/** What a session has others do. Each rejects when it fails. */
export interface WatchActions {
  /** Builds the services' images anew and replaces their containers. */
  rebuild(services: readonly string[], signal: AbortSignal): Promise<void>;
  restart(services: readonly string[], signal: AbortSignal): Promise<void>;
  /** Runs the command of a `sync+exec` rule in the service's containers. */
  exec(rule: CompiledRule, containers: readonly string[], signal: AbortSignal): Promise<void>;
  /** Runs the command of a rule that names one of its own, after these paths have changed. */
  run(rule: CompiledRule, paths: readonly string[], signal: AbortSignal): Promise<void>;
}

export interface WatchSessionOptions {
  readonly engine: Engine;
  readonly project: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly rules: readonly CompiledRule[];
  readonly actions: WatchActions;
  /** A line about what is being done. */
  readonly log: (text: string) => void;
  /** A line about what went wrong; the watch goes on. */
  readonly problem: (text: string) => void;
  /** A service's containers have got new files, or are new. */
  readonly onUpdated?: (service: string) => void;
  /** Further files, whose changes are told by `onFiles`. */
  readonly files?: readonly string[];
  readonly onFiles?: (paths: readonly string[]) => void;
  /** The session that this one follows: what its containers have, and what was left to be done, is taken over. */
  readonly successorOf?: WatchSession;
  /** When the command began, in milliseconds since the epoch; undefined for a session that follows another, or begins later. */
  readonly since?: number;
  /** Look at everything this often instead of being told by the system. */
  readonly pollMs?: number;
  readonly signal: AbortSignal;
}

export class WatchSession {
  readonly #options: WatchSessionOptions;
  readonly #tree: HostTree;
  readonly #replicas: Replicas;
  readonly #remover: Remover;
  readonly #owners: Owners;
  readonly #quick: QuickWay;
  readonly #mounted: MountedFiles;
  readonly #replications: Map<string, Replication>;
  readonly #due: Map<string, Due>;
  readonly #busy = new Set<string>();
  readonly #work = new Set<Promise<void>>();
  /** Ends the connections that only this session needs. */
  readonly #over = new AbortController();
  readonly #finished: Promise<void>;
  #finish: () => void = () => {};
  #poll: NodeJS.Timeout | undefined;
  #fail: (error: unknown) => void = () => {};
  #open = false;

  constructor(options: WatchSessionOptions) {
    this.#options = options;
    const { engine, rules, files = [], pollMs, successorOf } = options;
    this.#replications = successorOf === undefined ? new Map() : successorOf.#replications;
    this.#due = successorOf === undefined ? new Map() : successorOf.#due;
    this.#finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#owners = new Owners(engine);
    this.#quick = successorOf === undefined ? new QuickWay(engine, options.signal) : successorOf.#quick;
    this.#remover = new Remover(engine, async () => (await engine.capabilities(options.signal)).architecture);
    this.#mounted = successorOf === undefined ? new MountedFiles() : successorOf.#mounted;
    this.#mounted.add(rules.filter(({ mounted, file }) => mounted && file).map(({ path }) => path));
    this.#tree = new HostTree({
      interest: interestOf(rules, files),
      openWatch: pollMs === undefined ? systemWatch((error) => this.#fail(error)) : noWatch,
      eventsBeforeCheck: eventsBeforeCheck(),
      onChanges: (paths) => this.#onChanges(paths),
      onError: (error) => this.#fail(error),
    });
    this.#replicas = new Replicas({
      engine,
      project: options.project,
      signal: AbortSignal.any([options.signal, this.#over.signal]),
      onStart: (service, container) => this.#onStart(service, container),
    });
  }

  /** How many folders are watched. */
  get folders(): number {
    return this.#tree.size;
  }

  /** Takes the files as they are now for what the images are or will be made of. Changes from here on count, and wait for `run`. */
  async prepare(): Promise<void> {
    await this.#tree.start();
    const { pollMs } = this.#options;
    if (pollMs !== undefined) this.#poll = setInterval(() => this.#tree.lookAtEverything(), pollMs);
  }

  /** Acts on changes until the signal is aborted. Rejects when watching itself is not possible any more. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    try {
      if (signal.aborted) return;
      const following = this.#replicas.follow();
      this.#initialSync();
      // Containers that were made anew before this session listened to events.
      for (const service of this.#replications.keys()) this.#dueOf(service).refresh = true;
      this.#open = true;
      this.#pump();
      await Promise.race([failed, stopped, following, this.#finished]);
    } finally {
      this.close();
      await Promise.all(this.#work);
      if (signal.aborted) this.#mounted.close();
    }
  }

  /** Ends `run` once what has begun is done; what is left to be done is left to a successor. */
  async finish(): Promise<void> {
    await this.#tree.settled();
    this.#open = false;
    await Promise.all(this.#work);
    this.#finish();
  }

  close(): void {
    this.#open = false;
    clearInterval(this.#poll);
    this.#tree.close();
    this.#over.abort();
  }

  #onChanges(paths: readonly string[]): void {
    const { rules, files = [], onFiles } = this.#options;
    debug('watch', () => `${paths.length} paths changed: ${paths.slice(0, 5).join(', ')}`);
    if (paths.some((path) => files.includes(path))) onFiles?.(paths.filter((path) => files.includes(path)));
    route(rules, paths, this.#due);
    this.#pump();
  }

  #onStart(service: string, container: string): void {
    const definition = this.#options.services[service];
    if (definition === undefined) return;
    this.#mounted.hold();
    const inMemory =
      definition.tmpfs !== undefined || definition.volumes?.some(({ type }) => type === 'tmpfs') === true;
    if (inMemory) this.#replications.get(service)?.startOver(container);
    if (!this.#replications.has(service)) return;
    this.#dueOf(service).refresh = true;
    this.#pump();
  }

  /** Without a word, as docker compose does it: the containers are only made to have what is here. */
  #initialSync(): void {
    const { rules, since = Number.POSITIVE_INFINITY } = this.#options;
    for (const [path, { changed }] of this.#tree.entries())
      for (const rule of rules) {
        // What was saved after the command had begun counts as saved under the watch, also when that had not looked yet.
        if (!(rule.initialSync || (changed >= since && !rule.mounted)) || !rule.matches(path)) continue;
        const mapping = mappingOf(rule, path);
        if (mapping === undefined) continue;
        this.#replication(rule.service).add([mapping]);
        this.#dueOf(rule.service).refresh = true;
      }
  }

  #dueOf(service: string): Due {
    const found = this.#due.get(service) ?? nothingDue();
    this.#due.set(service, found);
    return found;
  }

  #replication(service: string): Replication {
    const [remover, owners, quick] = [this.#remover, this.#owners, this.#quick];
    const found = this.#replications.get(service) ?? new Replication(this.#options.engine, remover, owners, quick);
    this.#replications.set(service, found);
    return found;
  }

  /** Begins whatever can be begun: rebuilds of all idle services together, everything else service by service. */
  #pump(): void {
    if (!this.#open) return;
    const idle = [...this.#due].filter(([service]) => !this.#busy.has(service));
    const rebuilds = idle.filter(([, due]) => due.rebuild).map(([service]) => service);
    const others = idle.filter(([, due]) => !due.rebuild);
    if (rebuilds.length > 0) this.#begin(rebuilds, () => this.#rebuild(rebuilds));
    for (const [service, due] of others) {
      this.#due.delete(service);
      this.#begin([service], () => this.#update(service, due));
    }
  }

  #begin(services: readonly string[], act: () => Promise<void>): void {
    const { signal, problem } = this.#options;
    for (const service of services) this.#busy.add(service);
    const work = act()
      .catch((error: unknown) => {
        if (!signal.aborted && !isAbort(error)) problem(messageOf(error));
      })
      .finally(() => {
        for (const service of services) this.#busy.delete(service);
        this.#work.delete(work);
        this.#pump();
      });
    this.#work.add(work);
  }

  /** Whatever else is due for these services stays so, for the containers as they are afterwards. */
  async #rebuild(services: readonly string[]): Promise<void> {
    const { actions, log, signal, onUpdated } = this.#options;
    const begin = performance.now();
    for (const service of services) this.#dueOf(service).rebuild = false;
    log(`Rebuilding service(s) ${goList(services)} after changes were detected...`);
    await actions.rebuild(services, signal);
    this.#replicas.forget();
    for (const service of services) onUpdated?.(service);
    tellDone(services, begin);
  }

  async #update(service: string, due: Due): Promise<void> {
    const { actions, log, signal, onUpdated } = this.#options;
    const begin = performance.now();
    const replication = this.#replication(service);
    replication.add(due.targets.values());
    const changes = due.targets.size + due.mounted.size;
    if (changes > 0) log(`Syncing service "${service}" after ${changes} changes were detected`);
    for (const path of due.mounted) this.#mounted.update(path);
    if (due.targets.size > 0 || due.refresh) await replication.catchUp(await this.#replicas.running(service), signal);
    if (due.restart) {
      await actions.restart([service], signal);
      this.#replicas.forget();
      log(`service(s) ${goList([service])} restarted`);
    }
    if (due.execs.size > 0) {
      const containers = (await this.#replicas.running(service)).map(({ id }) => id);
      for (const rule of due.execs) await actions.exec(rule, containers, signal);
    }
    for (const [rule, paths] of due.runs) {
      log(`Running ${rule.label} after ${paths.size} changes were detected`);
      await actions.run(rule, [...paths].sort(), signal);
    }
    if (changes > 0 || due.restart) onUpdated?.(service);
    if (changes > 0) tellDone([service], begin);
  }
}

const tellDone = (services: readonly string[], begin: number): void =>
  debug('watch', () => `batch complete: ${goList(services)} in ${Math.round(performance.now() - begin)} ms`);

/** As Go prints a list of names: `["web" "db"]`. */
const goList = (names: readonly string[]): string => `[${names.map((name) => JSON.stringify(name)).join(' ')}]`;
