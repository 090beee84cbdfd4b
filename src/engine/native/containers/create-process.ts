// The first process of a container: made by the runtime, which the monitor starts. It waits for `start`.
import { join } from 'node:path';
import type { NativeHost } from '../host.ts';
import type { Command } from '../oci-runtime.ts';
import type { Paths } from '../paths.ts';
import { ApiError } from '../server/api-error.ts';
import { logPlan } from './log-config.ts';
import { logTag } from './log-tag.ts';
import { type JournalName, monitorArguments, parseSyncMessage } from './monitor.ts';
import { runtimeMessage } from './runtime-message.ts';
import type { ContainerRecord } from './types.ts';

/** Starts the monitor, which has the runtime create the container. Returns the pid of its first process. */
export async function createThroughMonitor(
  host: NativeHost,
  paths: Paths,
  maker: Command,
  record: ContainerRecord,
): Promise<number> {
  const { config } = record;
  const [program] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  const container = paths.container(record.id);
  await host.files.rm(join(paths.exits, record.id), { force: true });
  const log = logPlan(record.hostConfig.LogConfig);
  const args = monitorArguments({
    id: record.id,
    maker,
    paths,
    container,
    terminal: config.Tty === true,
    stdin: config.OpenStdin === true,
    // As in Docker a terminal goes on without the client it was made for: somebody may attach to it later.
    leaveStdinOpen: config.StdinOnce !== true || config.Tty === true,
    log,
    journal: log.driver === 'journald' ? journalName(record) : undefined,
  });
  const text = await host.kernel.startReporting({
    program: 'conmon',
    args,
    env: { PATH: process.env.PATH ?? '' },
    reportIn: '_OCI_SYNCPIPE',
  });
  const said = parseSyncMessage(text);
  if ('failure' in said)
    throw new ApiError(
      400,
      `failed to create task for container: failed to create shim task: OCI runtime create failed: ${runtimeMessage(said.failure, program)}: unknown`,
    );
  return said.pid;
}

function journalName({ id, name, imageId, config, hostConfig }: ContainerRecord): JournalName {
  return { name, tag: logTag(hostConfig.LogConfig?.Config?.tag, { id, name, image: config.Image ?? '', imageId }) };
}
