// What a command gets: the global options, the environment, the streams, the project, the engine and the signal to stop.
// The loader and the engine are imported on first use, so that a command pays only for what it needs.
import type { Engine } from '../engine/engine.ts';
import { realHost } from '../host.ts';
import { debug } from '../log.ts';
import type { Project } from '../model.ts';
import { RemoteSource } from '../remote/index.ts';
import type { LoadOptions } from '../spec/load.ts';
import type { RaisedBundle } from './bundle/raise.ts';
import { type GlobalOptions, isTrue } from './globals.ts';
import type { Interrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import type { Hold } from './lock/hold.ts';

export interface CommandContext {
  /** The command's name: `up`. */
  readonly command: string;
  readonly globals: GlobalOptions;
  /** The shell's variables and the COMPOSE_* settings of `.env`. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly io: Io;
  /** Aborted when the user asks to stop. */
  readonly signal: AbortSignal;
  readonly interrupts: Interrupts;
  /** Loads the project and shows the loader's warnings on standard error. Throws SpecError. */
  loadProject(options?: Partial<LoadOptions>): Promise<Project>;
  /** Options for the loader as the global flags give them. */
  loadOptions(overrides?: Partial<LoadOptions>): LoadOptions;
  /** Compose files of other machines: those that the loader has asked for so far. */
  readonly remote: RemoteSource;
  /**
   * The engine, chosen and connected once. `project` helps to find the engine that already runs it. In a dry run it is one that
   * cannot change anything.
   */
  engine(project?: string): Promise<Engine>;
  /** Holds projects to their lock from now on, or no longer. COMPOSE_LOCKED=1 holds them from the start. */
  hold(locked: boolean): void;
  /** Before containers of the project are made: brings what its bundle holds, when it comes from one. */
  prepare(project: Project): Promise<void>;
  /** A line for the user on standard error that is no progress: `warning: …`. */
  warn(message: string): void;
  /** A line for the user on standard error that is neither progress nor a warning; not for machines. */
  note(text: string): void;
  /** Closes the engine's connections. Called once, by main.ts. */
  close(): Promise<void>;
}

export interface ContextFacts {
  readonly command: string;
  readonly globals: GlobalOptions;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly io: Io;
  readonly interrupts: Interrupts;
  /** The bundle that stands in for Compose files. */
  readonly bundle?: RaisedBundle | undefined;
}

export function createContext(facts: ContextFacts): CommandContext {
  const { bundle, ...plain } = facts;
  const { globals, env, cwd, io, interrupts } = plain;
  let connected: Promise<Engine> | undefined;
  let locked = isTrue(env.COMPOSE_LOCKED);
  const remote = new RemoteSource({
    host: realHost,
    env,
    insecure: globals.insecureRegistries,
    signal: interrupts.signal,
  });

  const warn = (message: string): void => {
    if (globals.progress === 'json') io.stderr.write(`${JSON.stringify({ warning: true, message })}\n`);
    else if (globals.progress !== 'quiet') io.stderr.write(`warning: ${message}\n`);
  };

  const note = (text: string): void => noteTo(globals, io, text);

  const loadOptions = (overrides: Partial<LoadOptions> = {}): LoadOptions => ({
    cwd,
    env,
    files: globals.files,
    ...(globals.projectDirectory === undefined ? {} : { projectDirectory: globals.projectDirectory }),
    ...(globals.projectName === undefined ? {} : { projectName: globals.projectName }),
    envFiles: globals.envFiles,
    profiles: globals.profiles,
    allResources: globals.allResources,
    compatibility: globals.compatibility,
    strict: globals.strict,
    readStdin: () => readAll(io),
    remote,
    ...overrides,
  });

  const holdOf = async (): Promise<Hold> => {
    if (bundle === undefined) return (await import('./lock/hold.ts')).holdToLock(context);
    return (await import('./bundle/hold-bundle.ts')).holdBundleToLock(context, bundle);
  };

  const context: CommandContext = {
    ...plain,
    signal: interrupts.signal,
    remote,
    warn,
    note,
    loadOptions,
    async loadProject(overrides) {
      const [{ loadProject }, { formatDiagnostic }] = await Promise.all([
        import('../spec/load.ts'),
        import('../diagnostics.ts'),
      ]);
      const hold = locked ? await holdOf() : undefined;
      const loading = loadProject({
        ...loadOptions(overrides),
        ...(hold === undefined ? {} : { remote: hold.remote }),
      });
      const { project, warnings } = await (bundle === undefined
        ? loading
        : loading.catch(async (error: unknown) => {
            const { explainMissing } = await import('./bundle/raise.ts');
            throw explainMissing(error, bundle);
          }));
      debug('cli', () => `loaded project "${project.name}"`);
      for (const warning of warnings) warn(formatDiagnostic(warning));
      const raised = bundle === undefined ? project : (await import('./bundle/raise.ts')).withBundle(project, bundle);
      return hold === undefined ? raised : hold.apply(raised);
    },
    hold(wanted) {
      locked = wanted;
    },
    async prepare(project) {
      if (bundle === undefined) return;
      const { prepareBundle } = await import('./bundle/raise.ts');
      await prepareBundle(context, bundle, project);
    },
    engine(project) {
      connected ??= connect(facts, project);
      return connected;
    },
    async close() {
      // A connection that failed has been reported by whoever asked for it.
      const engine = await connected?.catch(() => undefined);
      await engine?.close();
    },
  };
  return context;
}

/** What looks at engines in passing, while the user types: that starts none. */
const NEVER_STARTS = ['__complete'];

/** What looks for containers or ends them: where there are none, there is nothing to be started for it. */
const LOOKS = ['down', 'kill', 'logs', 'ls', 'ps', 'rm', 'stop'];

function noteTo({ progress }: GlobalOptions, io: Io, text: string): void {
  if (progress !== 'quiet' && progress !== 'json') io.stderr.write(`${text}\n`);
}

async function connect(facts: ContextFacts, project?: string): Promise<Engine> {
  const { command, globals, env, interrupts, io } = facts;
  const { selectEngine } = await import('../engine/select-engine.ts');
  const { nativeStarter } = await import('./native/on-demand.ts');
  const note = (text: string): void => noteTo(globals, io, text);
  const { engine } = await selectEngine({
    env,
    ...(globals.engine === undefined ? {} : { explicit: globals.engine }),
    ...(project === undefined ? {} : { project }),
    ...(NEVER_STARTS.includes(command)
      ? {}
      : { native: nativeStarter({ env, note, signal: interrupts.signal, looks: LOOKS.includes(command) }) }),
  });
  debug('cli', () => `connected to ${engine.endpoint}`);
  if (!globals.dryRun) return engine;
  const { readOnlyEngine } = await import('./read-only-engine.ts');
  return readOnlyEngine(engine);
}

/** More than this of standard input is no Compose file; the loader, which reads as much at most, says so. */
const MAX_INPUT_BYTES = 17 * 1024 * 1024;

async function readAll(io: Io): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of io.stdin.stream) {
    chunks.push(Buffer.from(chunk));
    total += chunk.length;
    if (total > MAX_INPUT_BYTES) break;
  }
  return Buffer.concat(chunks);
}
