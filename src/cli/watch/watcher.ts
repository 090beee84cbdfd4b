// Watching as a command does it: the rules of a project, a session on them, and another one when the Compose files change.
import type { Engine } from '../../engine/engine.ts';
import { messageOf } from '../../errors.ts';
import type { Project } from '../../model.ts';
import type { BuildSettings } from '../../planner/build-request.ts';
import { WatchSession } from '../../watch/session.ts';
import type { CommandContext } from '../context.ts';
import { sharedAbortController } from '../interrupts.ts';
import { watchActions } from './actions.ts';
import { watchRules } from './watch-rules.ts';

export interface WatcherOptions {
  readonly project: Project;
  /** Services named by the user; empty = all. */
  readonly services: readonly string[];
  readonly build: BuildSettings;
  readonly prune: boolean;
  readonly pollMs: number | undefined;
  /** Takes a line; `problem` for what went wrong. */
  readonly log: (text: string, kind?: 'problem') => void;
  readonly output: (stream: 'stdout' | 'stderr', text: string) => void;
}

export class Watcher {
  readonly #context: CommandContext;
  readonly #options: WatcherOptions;
  readonly #engine: Engine;
  readonly #over = sharedAbortController();
  readonly #session: WatchSession;

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
    const running = this.#session.run();
    log('Watch enabled');
    try {
      await running;
      log('Watch disabled');
    } catch (error) {
      log(`Watch disabled with errors: ${messageOf(error)}`, 'problem');
      throw error;
    }
  }

  stop(): void {
    this.#over.abort();
  }

  #makeSession(project: Project): WatchSession {
    const { services, build, prune, pollMs, log, output } = this.#options;
    const { rules } = watchRules(project, services);
    const problem = (text: string): void => log(text, 'problem');
    return new WatchSession({
      engine: this.#engine,
      project: project.name,
      services: project.services,
      rules,
      actions: watchActions({
        context: this.#context,
        engine: this.#engine,
        project,
        build,
        prune,
        log,
        problem,
        output,
      }),
      log,
      problem,
      signal: this.#over.signal,
      ...(pollMs === undefined ? {} : { pollMs }),
    });
  }
}
