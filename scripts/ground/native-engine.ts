// A native engine of windlass for a run of tests, on a root of its own. A keeper process (native-keeper.ts) owns it: it ends with the process
// that asked for it, however that ends, and nothing of it is left.
import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemPath } from './debian-packages.ts';

const KEEPER = fileURLToPath(new URL('native-keeper.ts', import.meta.url));

export interface OwnNativeEngine {
  /** For DOCKER_HOST. */
  readonly host: string;
  stop(): Promise<void>;
}

/** Starts the engine of a built windlass; needs root. */
export async function startOwnNativeEngine(program: string): Promise<OwnNativeEngine> {
  if (process.getuid?.() !== 0) throw new Error('tests on the native engine need root');
  const folder = await mkdtemp('/var/tmp/windlass-native-');
  const keeper = spawn(process.execPath, [KEEPER, program, folder], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PATH: systemPath(process.env.PATH) },
  });
  const ended = new Promise<void>((resolve) => keeper.once('exit', () => resolve()));
  let complaint = '';
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  await Promise.race([
    new Promise((resolve) => keeper.stdout.once('data', resolve)),
    ended.then(() => Promise.reject(new Error(`the native engine did not start:\n${complaint}`))),
  ]);
  keeper.stdout.destroy();
  return {
    host: `unix://${join(folder, 'engine.sock')}`,
    stop: async () => {
      keeper.stdin.end();
      await ended;
    },
  };
}
