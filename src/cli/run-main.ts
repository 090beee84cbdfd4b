// From arguments to exit code: parses, sets up signals, runs the command, and turns an error into text.
import { isAbort, messageOf, WindlassError } from '../errors.ts';
import { createContext } from './context.ts';
import type { FlagValues } from './declaration.ts';
import { type GlobalOptions, type globalFlags, resolveGlobals } from './globals.ts';
import { Interrupts } from './interrupts.ts';
import { type Io, processIo } from './io.ts';
import { parseCommandLine } from './program.ts';

const INTERRUPTED = 130;
/** Exit code of a bug: anything thrown that is not a WindlassError (sysexits' EX_SOFTWARE). */
const BUG = 70;

/** Ends the process at once. */
export type Exit = (code: number) => void;

/** Runs one command line; resolves with the process's exit code. Never rejects. */
export async function runMain(argv: readonly string[], exit: Exit): Promise<number> {
  const io = processIo();
  endQuietlyWhenNobodyReads(exit);
  let json = false;
  try {
    const invocation = parseCommandLine(argv, { program: 'windlass', width: helpWidth(io) });
    if (invocation.kind === 'text') {
      io.stdout.write(invocation.text);
      if (invocation.error !== undefined) io.stderr.write(`${invocation.error}\n`);
      return invocation.exitCode;
    }
    const globals = readGlobals(invocation.globals, io);
    json = globals.progress === 'json';
    const interrupts = watchSignals(exit);
    const context = createContext({ globals, env: environment(), cwd: process.cwd(), io, interrupts });
    try {
      return await invocation.command.start(context, invocation.flags, invocation.args);
    } finally {
      await context.close();
    }
  } catch (error) {
    return report(error, io, json);
  }
}

const helpWidth = (io: Io): number => (io.stdout.isTTY ? Math.min(io.stdout.columns, 120) : 80);

const environment = (): Record<string, string> =>
  Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));

function readGlobals(flags: FlagValues<typeof globalFlags>, io: Io): GlobalOptions {
  return resolveGlobals(flags, environment(), process.cwd(), (text) => io.stderr.write(`${text}\n`));
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
      if (error.code !== 'EPIPE') throw error;
      exit(0);
    });
}

/** Prints an error once, and gives the exit code it stands for. */
export function report(error: unknown, io: Io, json: boolean): number {
  if (isAbort(error)) return INTERRUPTED;
  const known = error instanceof WindlassError;
  const message = messageOf(error);
  if (json) io.stderr.write(`${JSON.stringify({ error: true, message })}\n`);
  else if (known) io.stderr.write(`${message}\n${error.hint === undefined ? '' : `  hint: ${error.hint}\n`}`);
  else
    io.stderr.write(
      `${error instanceof Error ? (error.stack ?? message) : message}\n  hint: this is a bug in windlass; report it with the lines above and the output of "windlass doctor"\n`,
    );
  return known ? error.exitCode : BUG;
}
