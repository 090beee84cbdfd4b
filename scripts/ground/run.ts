// Starts programs for scripts and tests: captured or shown, with a deadline, and with their whole output in the error.
import { type ChildProcess, spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
  /** Milliseconds after which the program is killed; ten minutes unless given. */
  readonly deadline?: number;
  /** Output goes to this process's own streams as well. */
  readonly show?: boolean;
}

export interface Ran {
  readonly command: string;
  /** Exit status; 128 + the signal's number where a signal ended it; 124 where the deadline did. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams in the order in which they arrived. */
  readonly output: string;
  readonly milliseconds: number;
}

/** A program that was started and still runs. */
export interface Started {
  readonly process: ChildProcess;
  /** Both streams, so far. */
  output(): string;
  readonly ended: Promise<Ran>;
}

/** Starts a program; `ended` resolves whatever its exit status and rejects only when it cannot be started. */
export function start(program: string, args: readonly string[], options: RunOptions = {}): Started {
  const command = [program, ...args].join(' ');
  const started = performance.now();
  const child = spawn(program, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...(options.env ?? process.env) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '', output: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8');
    child[name].on('data', (text: string) => {
      texts[name] += text;
      texts.output += text;
      if (options.show) process[name].write(text);
    });
  }
  child.stdin.on('error', () => {
    // The program may end without reading its input; its exit status tells.
  });
  if (options.input !== undefined) child.stdin.end(options.input);
  else child.stdin.end();

  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, options.deadline ?? 600_000);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`cannot start "${program}": ${error.message}`, { cause: error }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const exitCode = late ? 124 : (code ?? 128 + (signal === 'SIGINT' ? 2 : signal === 'SIGKILL' ? 9 : 15));
      resolve({ command, exitCode, ...texts, milliseconds: performance.now() - started });
    });
  });
  return { process: child, output: () => texts.output, ended };
}

/** Runs a program to its end, whatever its exit status. */
export const run = (program: string, args: readonly string[], options?: RunOptions): Promise<Ran> =>
  start(program, args, options).ended;

/** Runs a program that has to succeed; returns its standard output. */
export async function must(program: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const ran = await run(program, args, options);
  if (ran.exitCode !== 0) throw new Error(failure(ran));
  return ran.stdout;
}

/** What a person needs to know of a program that failed: command, status, the end of its output. */
export function failure(ran: Ran): string {
  const tail = ran.output.trimEnd().split('\n').slice(-40).join('\n');
  const why = ran.exitCode === 124 ? 'did not end before its deadline' : `exited ${ran.exitCode}`;
  return `"${ran.command}" ${why} after ${(ran.milliseconds / 1000).toFixed(1)} s:\n${tail}`;
}

/** As root: the program itself; otherwise through sudo. */
export const asRoot = (program: string, args: readonly string[]): [string, string[]] =>
  process.getuid?.() === 0 ? [program, [...args]] : ['sudo', [program, ...args]];
