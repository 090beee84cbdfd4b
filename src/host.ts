// The narrow door to the operating system: programs are started here and nowhere else.
// Tests use the recording host in test/support/recording-host.ts.
import type { ChildProcess } from 'node:child_process';
import { HostError } from './errors.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to the program's standard input, which is then closed. */
  readonly input?: string;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Host {
  /** Runs a program to its end. Resolves whatever its exit status; rejects with HostError when it cannot be started. */
  run(program: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

export const realHost: Host = {
  async run(program, args, options = {}) {
    // Loaded on first use: most commands start no program.
    const { execFile } = await import('node:child_process');
    return await new Promise((resolve, reject) => {
      const child = execFile(
        program,
        args,
        {
          ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
          ...(options.env === undefined ? {} : { env: options.env }),
          ...(options.signal === undefined ? {} : { signal: options.signal }),
          maxBuffer: 64 * 1024 * 1024,
        },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : error.code;
          if (typeof code === 'number') resolve({ exitCode: code, stdout, stderr });
          else
            reject(
              new HostError(`cannot run "${program}": ${error?.message ?? 'ended by a signal'}`, { cause: error }),
            );
        },
      );
      child.stdin?.on('error', () => {
        // The program may end without reading its input; its exit status tells.
      });
      child.stdin?.end(options.input ?? '');
    });
  },
};

/** Starts a program whose input or output is a stream. Errors of starting come as the child's `error` event. */
export async function startProgram(
  program: string,
  args: readonly string[],
  stdio: readonly ('pipe' | 'ignore')[],
): Promise<ChildProcess> {
  const { spawn } = await import('node:child_process');
  return spawn(program, args, { stdio: [...stdio], env: { ...process.env, LC_ALL: 'C' } });
}
