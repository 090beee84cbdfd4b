// An attached `up` once the containers are there: shows their output until all have ended, the user stops or detaches, or an
// abort flag says that it is over.
import type { Engine, ObservedContainer } from '../../engine/engine.ts';
import { byName, isUp, serviceOf } from '../../engine/project-container.ts';
import { InterruptedError, isAbort, messageOf } from '../../errors.ts';
import type { Project } from '../../model.ts';
import type { CommandContext } from '../context.ts';
import { sharedAbortController } from '../interrupts.ts';
import type { LogLines } from '../output/log-lines.ts';
import { linesProgress } from '../output/progress.ts';
import { perform } from '../perform.ts';
import { selectContainers, shortName } from '../select-containers.ts';
import { watchKeys } from '../terminal/keys.ts';
import { type ContainerNews, Monitor } from './monitor.ts';
import { AttachedStreams } from './streams.ts';
import { AttachedWatch, type Watching } from './watching.ts';

export interface AttachedOptions {
  readonly project: Project;
  /** Services named on the command line; empty = all. */
  readonly services: readonly string[];
  /** Services whose output is shown. */
  readonly attachTo: readonly string[];
  readonly lines: LogLines;
  readonly onExit: 'ignore' | 'stop' | 'stop-on-failure';
  readonly exitCodeFrom: string | undefined;
  /** For stopping; undefined = each container's own. */
  readonly timeoutSeconds: number | undefined;
  /** Whether single keys are listened to. */
  readonly menu: boolean;
  /** Undefined when no rule says what to watch. */
  readonly watching: Watching | undefined;
  /** Starts the containers; called once their output is attached. */
  readonly start: (signal: AbortSignal, onOutput: (source: string, text: string) => void) => Promise<void>;
}

/** How long the line about a container's end waits for the container's last lines. */
const DRAIN_MS = 2000;
/** How long the session waits, after stopping everything, to hear that it has stopped. */
const LAST_EVENTS_MS = 3000;

/** Runs the session; resolves with the exit code. */
export async function runAttached(context: CommandContext, options: AttachedOptions): Promise<number> {
  const engine = await context.engine(options.project.name);
  return new Session(context, engine, options).run();
}

class Session {
  readonly #context: CommandContext;
  readonly #engine: Engine;
  readonly #options: AttachedOptions;
  /** Ends the streams and the monitor. */
  readonly #over = sharedAbortController();
  /** Ends the starting of containers. */
  readonly #starting = sharedAbortController();
  readonly #streams: AttachedStreams;
  readonly #watch: AttachedWatch | undefined;
  readonly #failures: unknown[] = [];
  /** Attached before they were started: all of their first run is heard, though it may be over before its start is told. */
  readonly #covered = new Set<string>();
  /** When each container ended last, as the engine takes times. */
  readonly #ends = new Map<string, string>();
  #monitor: Monitor | undefined;
  #stopping: Promise<void> | undefined;
  #interrupted = false;
  #killed = false;
  #detached = false;
  #lastEvents: NodeJS.Timeout | undefined;
  #exitCode: number | undefined;
  #exitCodeOfService: number | undefined;

  constructor(context: CommandContext, engine: Engine, options: AttachedOptions) {
    this.#context = context;
    this.#engine = engine;
    this.#options = options;
    this.#watch = options.watching === undefined ? undefined : new AttachedWatch(options.watching);
    this.#streams = new AttachedStreams(engine, context.io, options.lines, this.#over.signal);
  }

  async run(): Promise<number> {
    const { project } = this.#options;
    const watched = this.#watchedServices();
    const release = this.#context.interrupts.takeOver((_, count) => this.#onInterrupt(count));
    const forgetKeys = this.#options.menu ? this.#listenToKeys() : () => {};
    const monitor = new Monitor({
      engine: this.#engine,
      project: project.name,
      services: watched,
      signal: this.#over.signal,
      tell: (news) => this.#onNews(news),
    });
    if (this.#options.watching !== undefined)
      this.#options.watching.replacing.around = (work) => this.#replacing(monitor, watched, work);
    try {
      this.#monitor = monitor;
      monitor.expect(await this.#attachAll(watched));
      const following = monitor.follow();
      following.catch(() => this.#starting.abort());
      await this.#start(monitor);
      if (this.#stopping === undefined) this.#watch?.start();
      await following;
      await this.#stopping;
    } finally {
      clearTimeout(this.#lastEvents);
      release();
      forgetKeys();
      await this.#watch?.stop();
      this.#over.abort();
    }
    return this.#result();
  }

  /** Between the end of the last container and the start of another, the session goes on. */
  async #replacing<T>(monitor: Monitor, watched: readonly string[], work: () => Promise<T>): Promise<T> {
    const release = monitor.hold();
    try {
      return await work();
    } finally {
      const found = await this.#engine.listContainers(this.#options.project.name).catch(() => []);
      release(selectContainers(found, { services: watched, oneOffs: false, stopped: false }).map(({ id }) => id));
    }
  }

  /** The named services, else those whose output is shown, else all: the command ends when their containers have ended. */
  #watchedServices(): readonly string[] {
    const { project, services, attachTo } = this.#options;
    return [services, attachTo, Object.keys(project.services)].find((names) => names.length > 0) ?? [];
  }

  /** Attaches to the containers of `attachTo`, and returns the ids of those of `watched`. */
  async #attachAll(watched: readonly string[]): Promise<string[]> {
    const { project, attachTo, lines } = this.#options;
    const observed = await this.#engine.observe(project.name, this.#context.signal);
    const replicas = selectContainers(observed.containers, { services: [], oneOffs: false, stopped: true });
    const of = (services: readonly string[]) => replicas.filter((container) => services.includes(serviceOf(container)));
    const attached: ObservedContainer[] = of(attachTo).sort(byName);
    if (attached.length > 0) this.#context.io.stdout.write(`Attaching to ${attached.map(shortName).join(', ')}\n`);
    // All names first: the padding depends on the longest, the colours on the order.
    for (const container of attached) lines.register(shortName(container));
    for (const container of attached) if (!isUp(container)) this.#covered.add(container.id);
    await Promise.all(attached.map((container) => this.#streams.attach(container.id, shortName(container))));
    return of(watched).map((container) => container.id);
  }

  async #start(monitor: Monitor): Promise<void> {
    const { project, lines, start } = this.#options;
    try {
      await start(this.#starting.signal, (source, text) => lines.line(this.#context.io.stdout, source, text));
    } catch (error) {
      // Stopped on purpose while things were still being started: how that ends is told elsewhere.
      if (!(isAbort(error) && this.#starting.signal.aborted)) throw error;
    }
    // Whatever was not started after all will not end either.
    const { containers } = await this.#engine.observe(project.name);
    for (const container of containers) if (container.state === 'created') monitor.forget(container.id);
  }

  async #onNews(news: ContainerNews): Promise<void> {
    const { lines, attachTo } = this.#options;
    const { stdout } = this.#context.io;
    const shown = attachTo.includes(news.service);
    if (news.kind === 'recreated') lines.status(stdout, news.replaced, 'has been recreated');
    else if (news.kind === 'started') {
      // A container's start time is a little later than its first output (Docker Engine 20.10): its last end is a better mark.
      if (!this.#covered.delete(news.id) && shown && !this.#streams.has(news.id))
        this.#streams.followLogs(news.id, news.source, this.#ends.get(news.id));
    } else {
      this.#ends.set(news.id, unixTime(news.timeNano));
      this.#onExit(news.service, news.exitCode);
      await this.#streams.drained(news.id, DRAIN_MS);
      lines.status(stdout, news.source, `exited with code ${news.exitCode}${news.restarting ? ' (restarting)' : ''}`);
    }
  }

  #onExit(service: string, exitCode: number): void {
    const { onExit, exitCodeFrom } = this.#options;
    if (service === exitCodeFrom) this.#exitCodeOfService ??= exitCode;
    if (onExit === 'ignore' || (onExit === 'stop-on-failure' && exitCode === 0) || this.#exitCode !== undefined) return;
    this.#exitCode = exitCode;
    if (this.#stopping === undefined) this.#context.io.stderr.write('Aborting on container exit...\n');
    this.#stop();
  }

  #onInterrupt(count: number): void {
    this.#interrupted = true;
    if (count === 1) {
      this.#context.io.stdout.write('Gracefully Stopping... press Ctrl+C again to force\n');
      this.#stop();
    } else this.#kill();
  }

  /** Stops everything once, in reverse order of dependency. The monitor ends when all is down. */
  #stop(): void {
    this.#starting.abort();
    this.#monitor?.expectNoRestarts();
    this.#stopping ??= this.#stopAll();
  }

  /** Nothing is to be brought into containers, or started again, that are being stopped. */
  async #stopAll(): Promise<void> {
    await this.#watch?.stop();
    await this.#perform('stop');
  }

  #kill(): void {
    this.#killed = true;
    this.#monitor?.expectNoRestarts();
    const gentle = this.#stopping;
    this.#stopping = Promise.all([gentle, this.#perform('kill')]).then(() => {});
  }

  async #perform(what: 'stop' | 'kill'): Promise<void> {
    const { project, services, timeoutSeconds, lines } = this.#options;
    try {
      const { planStop, planKill } = await import('../../planner/reconcile.ts');
      await perform(this.#context, {
        project,
        signal: sharedAbortController().signal,
        progress: linesProgress(this.#context),
        // Force does not wait for the gentle stop to let go.
        ...(what === 'kill' ? { exclusive: false } : {}),
        onOutput: (source, text) => lines.line(this.#context.io.stdout, source, text),
        plan: (observation) =>
          what === 'stop'
            ? planStop(project, observation, { services, timeoutSeconds })
            : planKill(project, observation, { services, signal: 'SIGKILL' }),
      });
    } catch (error) {
      // A gentle stop fails on containers that the kill was faster with.
      if (!(what === 'stop' && this.#killed)) this.#failures.push(error);
    } finally {
      // The last events tell of containers' ends; when they do not come, nobody waits for them.
      this.#lastEvents ??= setTimeout(() => this.#over.abort(), LAST_EVENTS_MS);
    }
  }

  #listenToKeys(): () => void {
    const { watching, lines } = this.#options;
    const { stderr } = this.#context.io;
    stderr.write(
      `Press ${watching === undefined ? '' : 'w to switch watching on and off, '}d to detach, Ctrl+C to stop\n`,
    );
    return watchKeys(this.#context, {
      w: () => {
        if (this.#watch === undefined)
          lines.line(stderr, 'watch', 'no service says what to watch: add a "develop" section');
        else this.#watch.toggle((error) => lines.line(stderr, 'watch', messageOf(error)));
      },
      d: () => {
        this.#detached = true;
        this.#starting.abort();
        this.#over.abort();
      },
    });
  }

  #result(): number {
    if (this.#detached) return 0;
    const [failure] = this.#failures;
    if (failure !== undefined) throw failure;
    if (this.#interrupted) throw new InterruptedError();
    return (
      (this.#options.exitCodeFrom === undefined ? this.#exitCode : (this.#exitCodeOfService ?? this.#exitCode)) ?? 0
    );
  }
}

/** Seconds with nine decimals. */
const unixTime = (nanoseconds: bigint): string =>
  `${nanoseconds / 1_000_000_000n}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}`;
