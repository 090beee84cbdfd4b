// From arguments to exit code: parses, sets up signals, runs the command, and turns an error into text.
import { HostError, isAbort, messageOf, WindlassError } from '../errors.ts';
import { debug, enableDebug } from '../log.ts';
import type { RaisedBundle } from './bundle/raise.ts';
import { createContext } from './context.ts';
import { pluginCall, pluginMetadata, watchCaller } from './docker-plugin.ts';
import { withEnvFileSettings } from './env-settings.ts';
import { type GlobalOptions, namedFiles, resolveGlobals } from './globals.ts';
import { Interrupts } from './interrupts.ts';
import { type Io, processIo } from './io.ts';
import { type Invocation, parseCommandLine } from './program.ts';
import { invokedAs } from './program-name.ts';
import { systemFailure } from './system-failure.ts';

const INTERRUPTED = 130;
/** Exit code of a bug: anything thrown that is not a WindlassError (sysexits' EX_SOFTWARE). */
const BUG = 70;
const BUG_HINT = 'this is a bug in windlass; report it with the lines above and the output of "windlass doctor"';

/** Ends the process at once. */
export type Exit = (code: number) => void;

/** Runs one command line; resolves with the process's exit code. Never rejects. */
export async function runMain(given: readonly string[], exit: Exit): Promise<number> {
  const io = processIo();
  const metadata = pluginMetadata(given);
  if (metadata !== undefined) {
    io.stdout.write(metadata);
    return 0;
  }
  const called = pluginCall(given);
  const argv = withoutForeignFlags(called?.argv ?? given);
  const program = called === undefined ? invokedAs() : 'docker compose';
  Object.assign(process.env, called?.env);
  endQuietlyWhenNobodyReads(exit);
  const interrupts = watchSignals(exit);
  watchCaller(process.env, () => interrupts.notify('SIGTERM'));
  let json = false;
  process.on('uncaughtException', (error) => exit(report(error, io, json)));
  try {
    const invocation = parseCommandLine(argv, { program, width: helpWidth(io) });
    if (invocation.kind === 'text') return showText(invocation, io);
    if (invocation.globals.verbose) enableDebug();
    debug('cli', () => `running ${invocation.command.name}`);
    const cwd = workingDirectory();
    const env = await withEnvFileSettings(environment(), cwd, {
      files: invocation.globals.file,
      envFiles: invocation.globals['env-file'],
      projectDirectory: invocation.globals['project-directory'] ?? invocation.globals.workdir,
    });
    const globals = resolveGlobals(invocation.globals, env, cwd, (text) => io.stderr.write(`${text}\n`));
    json = globals.progress === 'json';
    const bundle = await bundleAmong(globals, env, cwd);
    const facts = { command: invocation.command.name, globals, env, cwd, io, interrupts };
    const context = createContext({ ...facts, ...(bundle && { globals: bundle.globals, env: bundle.env, bundle }) });
    try {
      return await invocation.command.start(context, invocation.flags, invocation.args);
    } finally {
      await context.close();
    }
  } catch (error) {
    // Whatever breaks because the user stopped it is no news.
    return isAbort(error) || interrupts.signal.aborted ? INTERRUPTED : report(error, io, json);
  }
}

/** Nothing is loaded for the sake of Compose files that are called so. */
async function bundleAmong(
  globals: GlobalOptions,
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<RaisedBundle | undefined> {
  if (namedFiles(globals, env).every((file) => file === '-' || /\.ya?ml$/.test(file))) return undefined;
  const { raiseBundle } = await import('./bundle/raise.ts');
  return raiseBundle(globals, env, cwd);
}

/** The words that completion is asked about are no flags of ours. */
const withoutForeignFlags = ([first, ...rest]: readonly string[]): readonly string[] =>
  first === '__complete' ? [first, '--', ...rest] : first === undefined ? [] : [first, ...rest];

const helpWidth = (io: Io): number => (io.stdout.isTTY ? Math.min(io.stdout.columns, 120) : 80);

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new HostError('the current directory does not exist any more', {
      cause: error,
      hint: 'change to a directory that is there',
    });
  }
}

const environment = (): Record<string, string> =>
  Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));

function showText(invocation: Extract<Invocation, { kind: 'text' }>, io: Io): number {
  io.stdout.write(invocation.text);
  if (invocation.error !== undefined) io.stderr.write(`${invocation.error}\n`);
  return invocation.exitCode;
}

function watchSignals(exit: Exit): Interrupts {
  const interrupts = new Interrupts(() => exit(INTERRUPTED));
  process.on('SIGINT', () => interrupts.notify('SIGINT'));
  process.on('SIGTERM', () => interrupts.notify('SIGTERM'));
  return interrupts;
}

/** `windlass ps | head -1` closes the pipe: that is no failure of ours. */
function endQuietlyWhenNobodyReads(exit: Exit): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') exit(0);
      throw new HostError(
        `cannot write to ${stream === process.stdout ? 'standard output' : 'standard error'}: ${error.message}`,
      );
    });
}

/** Prints an error once, and gives the exit code it stands for. */
export function report(thrown: unknown, io: Io, json: boolean): number {
  const error = thrown instanceof WindlassError ? thrown : systemFailure(thrown);
  const message = messageOf(error ?? thrown);
  const hint = error === undefined ? BUG_HINT : error.hint;
  if (json) io.stderr.write(`${JSON.stringify({ error: true, message, ...(hint === undefined ? {} : { hint }) })}\n`);
  else {
    const text = error === undefined && thrown instanceof Error ? (thrown.stack ?? message) : message;
    io.stderr.write(`${text}\n${hint === undefined ? '' : `  hint: ${hint}\n`}`);
  }
  return error === undefined ? BUG : error.exitCode;
}
