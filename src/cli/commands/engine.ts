// `engine run`: the native engine in the foreground. Interrupting it ends the engine; its containers go on.
import { join, resolve } from 'node:path';
import { NATIVE_SOCKET } from '../../engine/select-engine.ts';
import type { CommandRun } from '../declaration.ts';
import type { engineRunFlags } from '../declarations/engine.ts';

export const run: CommandRun<typeof engineRunFlags> = async (context, flags) => {
  const { serveEngine } = await import('../../engine/native/server/serve.ts');
  const { DEFAULT_FOLDERS } = await import('../../engine/native/engine.ts');
  const root = flags.root === '' ? undefined : resolve(context.cwd, flags.root);
  const place = (given: string, below: string, fallback: string): string =>
    given !== '' ? resolve(context.cwd, given) : root === undefined ? fallback : join(root, below);
  const socket = place(flags.socket, 'engine.sock', NATIVE_SOCKET);
  const serving = await serveEngine({
    folders: { lib: root ?? DEFAULT_FOLDERS.lib, run: place(flags.run, 'run', DEFAULT_FOLDERS.run) },
    socket,
  });
  context.io.stderr.write(`windlass engine: listening on unix://${socket}\n`);
  const { signal } = context;
  if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
  await serving.close();
  return 0;
};
