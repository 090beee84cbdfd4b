// Watching as a command does it: a session on the rules of a project, and a further one whenever the Compose files have changed.
import { join } from 'node:path';
import type { Engine } from '../../engine/engine.ts';
import { messageOf, WindlassError } from '../../errors.ts';
import type { Project } from '../../model.ts';
import type { BuildSettings } from '../../planner/build-request.ts';
import { type WatchActions, WatchSession } from '../../watch/session.ts';
import type { Replacing } from '../attached/watching.ts';
import type { CommandContext } from '../context.ts';
import { sharedAbortController } from '../interrupts.ts';
import { watchActions } from './actions.ts';
import { applyChanges } from './apply-changes.ts';
import { watchRules } from './watch-rules.ts';

export interface WatcherOptions {
  readonly project: Project;
  /** Services named by the user; empty = all. */
  readonly services: readonly string[];
  readonly build: BuildSettings;
  readonly prune: boolean;
  readonly pollMs: number | undefined;
  /** Set where watching is what the command is for: what was saved since then is brought into the containers. */
  readonly since?: number;
  /** Works that end containers in order to start them again go through this. */
  readonly replacing?: Replacing;
  /** Reads the Compose files again. */
  readonly load: () => Promise<Project>;
  /** Takes a line; `problem` for what went wrong. */
  readonly log: (text: string, kind?: 'problem') => void;
  /** Takes a line that a command wrote. */
  readonly output: (stream: 'stdout' | 'stderr', text: string) => void;
  /** A service's containers have got new files, or are new. */
  readonly onUpdated?: (service: string) => void;
}

/** docker takes a moment to start its plugin, and the system to start a program. */
const HEAD_START_MS = 2000;

/** When the user has given the command to watch, at the latest. */
export const commandBegan = (): number => performance.timeOrigin - HEAD_START_MS;

export class Watcher {
  readonly #context: CommandContext;
  readonly #options: WatcherOptions;
  readonly #engine: Engine;
  readonly #over = sharedAbortController();
  #session: WatchSession;
  /** Set while changed Compose files are looked at and followed. */
  #change: Promise<void> | undefined;
  #changedAgain = false;

  /** Throws WindlassError for rules that cannot be followed. */
  constructor(context: CommandContext, engine: Engine, options: WatcherOptions) {
    this.#context = context;
    this.#engine = engine;
    this.#options = options;
    this.#session = this.#makeSession(options.project);
  }

  /** Takes the files as they are now for what containers have or will have; what changes from here on is not missed. */
  prepare(): Promise<void> {
    return this.#session.prepare();
  }

  /** Watches until `stop` is called. Rejects when watching is not possible any more. */
  async run(): Promise<void> {
    const { log } = this.#options;
    log('Watch enabled');
    try {
      while (!this.#over.signal.aborted) {
        await this.#session.run();
        await this.#change;
      }
    } catch (error) {
      this.stop();
      log(`Watch disabled with errors: ${messageOf(error)}`, 'problem');
      throw error;
    }
    log('Watch disabled');
  }

  /** Ends `run`; what has begun is broken off. */
  stop(): void {
    this.#over.abort();
    this.#session.close();
  }

  #makeSession(project: Project, successorOf?: WatchSession): WatchSession {
    const { services, build, prune, pollMs, since, log, output, onUpdated } = this.#options;
    const { rules, warnings } = watchRules(project, services);
    for (const warning of warnings) this.#context.warn(warning);
    const problem = (text: string): void => log(text, 'problem');
    const [context, engine] = [this.#context, this.#engine];
    return new WatchSession({
      engine,
      project: project.name,
      services: project.services,
      rules,
      actions: this.#replacing(watchActions({ context, engine, project, build, prune, log, problem, output })),
      log,
      problem,
      files: filesOf(project),
      onFiles: (paths) => this.#onFiles(paths),
      signal: this.#over.signal,
      ...(pollMs === undefined ? {} : { pollMs }),
      ...(onUpdated === undefined ? {} : { onUpdated }),
      ...(successorOf === undefined ? (since === undefined ? {} : { since }) : { successorOf }),
    });
  }

  #around<T>(work: () => Promise<T>): Promise<T> {
    return this.#options.replacing === undefined ? work() : this.#options.replacing(work);
  }

  #replacing(actions: WatchActions): WatchActions {
    return {
      ...actions,
      rebuild: (services, signal) => this.#around(() => actions.rebuild(services, signal)),
      restart: (services, signal) => this.#around(() => actions.restart(services, signal)),
    };
  }

  #onFiles(paths: readonly string[]): void {
    if (this.#change !== undefined) {
      this.#changedAgain = true;
      return;
    }
    this.#change = this.#follow(paths)
      .catch((error: unknown) => {
        if (!this.#over.signal.aborted) this.#options.log(messageOf(error), 'problem');
      })
      .finally(() => {
        this.#change = undefined;
        if (this.#changedAgain) this.#onFiles(paths);
        this.#changedAgain = false;
      });
  }

  /** From the files as they are now to a project that runs like that, and a session that watches it. */
  async #follow(paths: readonly string[]): Promise<void> {
    const { log, services, build, project: before } = this.#options;
    const file = paths.map((path) => path.slice(before.workingDir.length + 1)).join(', ');
    log(`${file} has changed`);
    const project = await this.#options.load();
    if (project.name !== before.name)
      throw new WindlassError('WATCH_NAME', `the project is called "${project.name}" now, and not "${before.name}"`, {
        hint: 'end watching, take the old project down, and begin anew',
      });
    const next = this.#makeSession(project, this.#session);
    // Both look at the files for a moment, so that nothing that is saved meanwhile is missed.
    await next.prepare().catch((error: unknown) => {
      next.close();
      throw error;
    });
    await this.#session.finish();
    this.#session = next;
    try {
      const changes = { project, services, build, log, signal: this.#over.signal };
      await this.#around(() => applyChanges(this.#context, changes));
    } catch (error) {
      if (!this.#over.signal.aborted) log(messageOf(error), 'problem');
    }
  }
}

/** The files that say what the project is. */
const filesOf = (project: Project): string[] => [
  ...project.composeFiles.filter((path) => path.startsWith('/')),
  ...project.envFiles,
  join(project.workingDir, '.env'),
];
