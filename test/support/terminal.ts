// A real terminal for programs under test: `script` (util-linux) runs a shell in a pseudo-terminal, and what it is sent is typed.
import { spawn } from 'node:child_process';
import { inject } from 'vitest';
import { eventually } from './eventually.ts';
import type { Scenario } from './scenario.ts';

export interface Terminal {
  /** Everything that appeared, so far. */
  screen(): string;
  type(keys: string): void;
  /** Waits until what appeared matches. */
  shows(pattern: RegExp | string, deadlineMs?: number): Promise<void>;
  /** Resolves with the status of the command when it ends. */
  readonly ended: Promise<number>;
  kill(): void;
}

/** The words of a shell command that runs the windlass under test. */
export const windlassWords = (): string => `'${process.execPath}' -- '${inject('ground').program}'`;

/** Runs a shell command line in a pseudo-terminal of 100 columns and 40 rows, in the scenario's folder. */
export function terminal(scenario: Scenario, command: string): Terminal {
  const child = spawn('script', ['-qfec', `stty cols 100 rows 40; ${command}`, '/dev/null'], {
    cwd: scenario.folder,
    env: { ...scenario.env, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  child.stdin.on('error', () => {
    // The command may have ended: its screen tells.
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
  return {
    screen: () => text,
    type: (keys) => void child.stdin.write(keys),
    shows: (pattern, deadlineMs) =>
      eventually(
        `the terminal shows ${pattern}; it shows: ${JSON.stringify(text)}`,
        () => (typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text)),
        deadlineMs,
      ).then(
        () => undefined,
        (error: Error) => {
          throw new Error(`${error.message}\n${text}`, { cause: error });
        },
      ),
    ended,
    kill: () => void child.kill('SIGKILL'),
  };
}
