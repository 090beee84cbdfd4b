// Streams and contexts for tests of the command line: what was written is kept, nothing reaches the terminal.
import { Readable, Writable } from 'node:stream';
import { type CommandContext, createContext } from '../../../src/cli/context.ts';
import type { Flags, FlagValues } from '../../../src/cli/declaration.ts';
import { type GlobalOptions, globalFlags, resolveGlobals } from '../../../src/cli/globals.ts';
import { Interrupts } from '../../../src/cli/interrupts.ts';
import type { Io, Output } from '../../../src/cli/io.ts';
import type { Engine } from '../../../src/engine/engine.ts';

export interface FakeOutput extends Output {
  readonly text: () => string;
  resize(columns: number, rows: number): void;
}

export function fakeOutput(size: { columns?: number; rows?: number; isTTY?: boolean } = {}): FakeOutput {
  let [columns, rows] = [size.columns ?? 80, size.rows ?? 24];
  let text = '';
  const listeners = new Set<() => void>();
  const write = (chunk: string | Uint8Array): void => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
  };
  return {
    isTTY: size.isTTY ?? false,
    stream: new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        write(chunk);
        done();
      },
    }),
    get columns() {
      return columns;
    },
    get rows() {
      return rows;
    },
    write,
    onResize(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    resize(newColumns, newRows) {
      [columns, rows] = [newColumns, newRows];
      for (const listener of listeners) listener();
    },
    text: () => text,
  };
}

export interface FakeContext extends CommandContext {
  readonly io: Io & { readonly stdout: FakeOutput; readonly stderr: FakeOutput };
  readonly interrupts: Interrupts;
}

export interface FakeContextOptions {
  readonly globals?: Partial<GlobalOptions>;
  readonly env?: Readonly<Record<string, string>>;
  readonly engine?: Engine;
  readonly input?: string;
}

export function fakeContext(options: FakeContextOptions = {}): FakeContext {
  const stdout = fakeOutput();
  const stderr = fakeOutput();
  const stdin = { isTTY: false, stream: Readable.from(options.input === undefined ? [] : [options.input]) };
  const env = options.env ?? {};
  const globals = { ...defaultGlobals(env), ...options.globals };
  const interrupts = new Interrupts(() => {
    throw new Error('the process was told to end');
  });
  const context = createContext({
    command: 'test',
    globals,
    env,
    cwd: '/nowhere',
    io: { stdout, stderr, stdin },
    interrupts,
  });
  return {
    ...context,
    io: { stdout, stderr, stdin },
    interrupts,
    async engine() {
      if (options.engine === undefined) throw new Error('this test has no engine');
      return options.engine;
    },
  };
}

/** What the global options are when no flag is given. */
export function defaultGlobals(env: Readonly<Record<string, string>> = {}): GlobalOptions {
  return resolveGlobals(noFlags(globalFlags), env, '/nowhere', () => {});
}

/** The values of a command's flags when none is given. */
export const noFlags = <F extends Flags>(flags: F): FlagValues<F> =>
  Object.fromEntries(
    Object.entries(flags).map(([name, { type }]) => [
      name,
      type === 'boolean' ? false : type === 'list' ? [] : undefined,
    ]),
  ) as FlagValues<F>;
