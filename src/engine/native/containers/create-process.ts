// The first process of a container: made by the runtime, which the monitor starts. It waits for `start`.
import { once } from 'node:events';
import { join } from 'node:path';
import { messageOf } from '../../../errors.ts';
import type { NativeHost } from '../host.ts';
import type { Paths } from '../paths.ts';
import { ApiError } from '../server/api-error.ts';
import { monitorArguments, parseSyncMessage } from './monitor.ts';
import { runtimeMessage } from './runtime.ts';
import type { ContainerRecord } from './types.ts';

/** Starts the monitor, which has the runtime create the container. Returns the pid of its first process. */
export async function createThroughMonitor(
  host: NativeHost,
  paths: Paths,
  runtime: string,
  record: ContainerRecord,
): Promise<number> {
  const { config } = record;
  const container = paths.container(record.id);
  await host.files.rm(join(paths.exits, record.id), { force: true });
  const args = monitorArguments({
    id: record.id,
    runtime,
    paths,
    container,
    terminal: config.Tty === true,
    stdin: config.OpenStdin === true,
    leaveStdinOpen: config.StdinOnce !== true,
  });
  const monitor = host.start('conmon', args, {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH ?? '', _OCI_SYNCPIPE: '3' },
    detached: true,
    cwd: '/',
  });
  const sync = monitor.stdio[3];
  if (!sync || !('setEncoding' in sync)) throw new Error('the monitor was started without a sync pipe');
  let text = '';
  sync.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.includes('\n')) sync.destroy();
  });
  monitor.on('error', (error) => sync.destroy(error));
  await once(sync, 'close').catch((error: unknown) => {
    text = JSON.stringify({ data: -1, message: messageOf(error) });
  });
  const said = parseSyncMessage(text);
  if ('failure' in said)
    throw new ApiError(
      400,
      `failed to create task for container: failed to create shim task: OCI runtime create failed: ${runtimeMessage(said.failure)}: unknown`,
    );
  return said.pid;
}
